"""What staff may set for the whole center: one row per change, the newest in force.

A setting that is not in the row has its default, so a new setting needs no migration.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.audit import service as audit
from portal.center.models import SettingsVersion
from portal.core.actor import Actor
from portal.core.db import connection, db, forget, once
from portal.core.errors import TooLate


@dataclass(frozen=True)
class CenterSettings:
    """All settings as they stand. Times of day are the reader's own wall time."""

    product_name: str = "Harbor Room"
    """On every page. Neutral: no treatment word."""
    discreet_name: str = "Maple Street Office"
    """The sender and signature of every mail."""
    phone: str = "(555) 010-0142"
    leave_url: str = "https://www.weather.gov/"
    """Where "Leave this site" goes."""
    consent_months: int = 6
    """How long a new consent lasts unless the client chooses another day; at most 12."""
    lead_hours: tuple[int, ...] = (72, 24)
    """How long before a session its reminders go, longest first."""
    lead_hours_by_kind: dict[str, list[int]] = field(default_factory=dict)
    """Kind of session → its own leads, longest first; a kind that is missing has `lead_hours`."""
    quiet_from: time = time(21, 0)
    quiet_until: time = time(8, 0)
    emergency_phone: str = "911"
    crisis_phone: str = "988"
    """To call and to text."""
    crisis_reviewed_on: date | None = None
    """When somebody last dialed the crisis lines."""
    version: int = 0
    """The number of the row in force; 0: nothing was ever changed."""


NAMES: frozenset[str] = frozenset(each.name for each in fields(CenterSettings)) - {"version"}


def current() -> CenterSettings:
    """The settings in force; read once a transaction."""
    return once(CenterSettings, _read)


def change(*, seen_version: int, values: Mapping[str, Any], actor: Actor, now: datetime) -> CenterSettings:
    """Put `values` in force from now on, by somebody who saw `seen_version`.

    Nothing is written when nothing differs. Raises TooLate when somebody saved meanwhile,
    ValueError for a name that is no setting.
    """
    if not set(values) <= NAMES:
        raise ValueError(f"no such setting: {sorted(set(values) - NAMES)}")
    before = current()
    if before.version != seen_version:
        raise TooLate
    after = replace(before, **values)
    changed = [name for name in sorted(NAMES) if getattr(before, name) != getattr(after, name)]
    if not changed:
        return before
    _insert(after, version=seen_version + 1, actor=actor, now=now)
    forget(CenterSettings)
    audit.record("settings.changed", actor=actor, now=now, version=seen_version + 1, names=changed)
    return replace(after, version=seen_version + 1)


def versions(limit: int = 20) -> list[tuple[SettingsVersion, list[str]]]:
    """The last changes, newest first, each with the names of what it changed."""
    query = select(SettingsVersion).order_by(SettingsVersion.id.desc()).limit(limit + 1)
    rows = list(db.session.scalars(query))
    before = [_settings(row.values, row.id) for row in rows[1:]] + [CenterSettings()]
    pairs = zip(rows, before, strict=False)
    return [(row, _differences(_settings(row.values, row.id), older)) for row, older in pairs][:limit]


_NEWEST = select(SettingsVersion.id, SettingsVersion.values).order_by(SettingsVersion.id.desc()).limit(1)


def _read() -> CenterSettings:
    newest = connection().execute(_NEWEST).one_or_none()
    return _settings(newest[1], newest[0]) if newest else CenterSettings()


def _insert(settings: CenterSettings, *, version: int, actor: Actor, now: datetime) -> None:
    """The version number is the key: of two who save at once, one gets the row."""
    changed_by_id = actor.id if actor.kind == "staff" else None
    row = SettingsVersion(id=version, values=_plain(settings), changed_at=now, changed_by_id=changed_by_id)
    db.session.add(row)
    try:
        db.session.flush()
    except IntegrityError as error:
        raise TooLate from error


def _differences(settings: CenterSettings, older: CenterSettings) -> list[str]:
    return [name for name in sorted(NAMES) if getattr(settings, name) != getattr(older, name)]


def _plain(settings: CenterSettings) -> dict[str, Any]:
    """As JSON has it: dates and times in their ISO form."""
    values = asdict(settings)
    del values["version"]
    return {
        name: value.isoformat() if isinstance(value, date | time) else value for name, value in values.items()
    }


def _settings(values: Mapping[str, Any], version: int) -> CenterSettings:
    known = {name: value for name, value in values.items() if name in NAMES}
    for name in ("quiet_from", "quiet_until"):
        if name in known:
            known[name] = time.fromisoformat(known[name])
    if known.get("crisis_reviewed_on"):
        known["crisis_reviewed_on"] = date.fromisoformat(known["crisis_reviewed_on"])
    if "lead_hours" in known:
        known["lead_hours"] = tuple(known["lead_hours"])
    return CenterSettings(**known, version=version)
