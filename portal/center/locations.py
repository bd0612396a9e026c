"""The places of care: their address, their clock, and how a client under 18 signs there (42 CFR 2.14)."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import available_timezones

from sqlalchemy import select

from portal.audit import service as audit
from portal.center.models import Location
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound, Refused

NAMES = ("name", "address", "phone", "timezone", "minor_rule", "minor_basis")
"""What can be set."""


def every() -> list[Location]:
    """All places, by name."""
    return list(db.session.scalars(select(Location).order_by(Location.name, Location.id)))


def one(location_id: int) -> Location:
    """A place. Raises NotFound."""
    location = db.session.get(Location, location_id)
    if location is None:
        raise NotFound
    return location


def add(*, values: Mapping[str, str | None], actor: Actor, now: datetime) -> Location:
    """A new place; refuses as `change` does."""
    location = Location(name="", timezone="UTC")
    _check(values)
    db.session.add(location)
    _set(location, values)
    db.session.flush()
    audit.record("location.changed", actor=actor, now=now, location_id=location.id, names=list(NAMES))
    return location


def change(*, location: Location, values: Mapping[str, str | None], actor: Actor, now: datetime) -> Location:
    """Put `values` (all of NAMES) in force. Consents that are signed keep their own clock and end.

    Raises Refused place_name_missing (field name), zone_unknown (field timezone) and
    minor_basis_missing (field minor_basis): a rule rests on a law that somebody looked up.
    """
    _check(values)
    changed = _set(location, values)
    if changed:
        audit.record("location.changed", actor=actor, now=now, location_id=location.id, names=changed)
    return location


def _check(values: Mapping[str, str | None]) -> None:
    if not (values["name"] or "").strip():
        raise Refused("place_name_missing", field="name")
    if values["timezone"] not in available_timezones():
        raise Refused("zone_unknown", field="timezone")
    if values["minor_rule"] and not (values["minor_basis"] or "").strip():
        raise Refused("minor_basis_missing", field="minor_basis")


def _set(location: Location, values: Mapping[str, str | None]) -> list[str]:
    wanted = {name: (values[name] or "").strip() for name in NAMES}
    plain = {**wanted, "minor_rule": wanted["minor_rule"] or None}
    changed = [name for name in NAMES if getattr(location, name) != plain[name]]
    for name in changed:
        setattr(location, name, plain[name])
    return changed
