"""The notice to clients (42 CFR 2.22): its wordings, the one in force, and who got which.

A wording is written as a draft, published once every content group stands in it, and then
frozen. The seed in `content/` is the portal's own text, for counsel to confirm.
"""

from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from portal.audit import service as audit
from portal.center.models import NoticeVersion
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound, Refused, TooLate
from portal.disclosure.models import GivenBy, GivenOutcome, NoticeGiven

KIND = "patient"

GROUPS = ("header", "uses", "single_consent", "withdrawal", "courts", "rights", "duties", "complaints")
"""The content that 2.22(b)(1) asks for, in its order; contact and effective date have fields of their own."""

SEED = Path(__file__).parent / "content"
FOR_COUNSEL = True
"""Nobody has confirmed the seed yet; the privacy office's page says so."""


def seed(language: str) -> str:
    """The text to start from."""
    return (SEED / f"patient-notice.{language}.md").read_text(encoding="utf-8")


def versions() -> list[NoticeVersion]:
    """Every wording, the newest first, drafts included."""
    return list(
        db.session.scalars(
            select(NoticeVersion).where(NoticeVersion.kind == KIND).order_by(NoticeVersion.number.desc())
        )
    )


def version(version_id: int) -> NoticeVersion:
    """One wording. Raises NotFound."""
    found = db.session.get(NoticeVersion, version_id)
    if found is None or found.kind != KIND:
        raise NotFound
    return found


def in_force(now: datetime) -> NoticeVersion | None:
    """The published wording with the latest effective date that has come (UTC); None before the first."""
    return db.session.scalars(
        select(NoticeVersion)
        .where(
            NoticeVersion.kind == KIND,
            NoticeVersion.published_at.is_not(None),
            NoticeVersion.effective_on <= _today(now),
        )
        .order_by(NoticeVersion.effective_on.desc(), NoticeVersion.number.desc())
        .limit(1)
    ).first()


def write(
    *,
    draft: NoticeVersion | None,
    body_en: str,
    body_es: str,
    contact_en: str,
    contact_es: str,
    effective_on: date,
    groups: list[str],
    actor: Actor,
    now: datetime,
) -> NoticeVersion:
    """Keep a new draft, or change one. Raises TooLate for what is published already."""
    if draft is not None and draft.published_at is not None:
        raise TooLate
    made = draft or NoticeVersion(kind=KIND, number=_next_number(), written_by_id=actor.id, created_at=now)
    made.body_en, made.body_es = _plain(body_en), _plain(body_es)
    made.contact_en, made.contact_es = contact_en.strip(), contact_es.strip()
    made.effective_on = effective_on
    made.groups = [group for group in GROUPS if group in groups]
    db.session.add(made)
    db.session.flush()
    audit.record("notice.written", actor=actor, now=now, notice_version_id=made.id, number=made.number)
    return made


def missing_groups(notice: NoticeVersion) -> list[str]:
    """The content groups that nobody has ticked yet, in order."""
    return [group for group in GROUPS if group not in notice.groups]


def publish(*, notice: NoticeVersion, actor: Actor, now: datetime) -> None:
    """Freeze a draft; it is in force from its effective date on.

    Raises Refused by the name of the first group that is missing, of a text or contact
    that is empty, or of a date that has passed.
    """
    if notice.published_at is not None:
        raise TooLate
    for group in missing_groups(notice):
        raise Refused(f"notice_misses_{group}")
    if not all((notice.body_en, notice.body_es, notice.contact_en, notice.contact_es)):
        raise Refused("notice_text_missing")
    if notice.effective_on < _today(now):
        raise Refused("notice_date_past")
    notice.published_at = now
    audit.record("notice.published", actor=actor, now=now, notice_version_id=notice.id, number=notice.number)


def give(
    *,
    client_id: int,
    notice: NoticeVersion,
    method: GivenBy,
    outcome: GivenOutcome,
    staff_id: int | None,
    actor: Actor,
    now: datetime,
) -> NoticeGiven:
    """Record that a client got this wording; the same again on a second click."""
    for known in given_to(client_id):
        if (known.version_id, known.method, known.outcome) == (notice.id, method, outcome):
            return known
    made = NoticeGiven(
        client_id=client_id, version=notice, method=method, outcome=outcome, at=now, staff_id=staff_id
    )
    db.session.add(made)
    audit.record(
        "notice.given",
        actor=actor,
        now=now,
        client_id=client_id,
        notice_version_id=notice.id,
        method=method.value,
        outcome=outcome.value,
    )
    return made


def given_to(client_id: int) -> list[NoticeGiven]:
    """What this client got, the newest first."""
    return list(
        db.session.scalars(
            select(NoticeGiven)
            .where(NoticeGiven.client_id == client_id)
            .options(joinedload(NoticeGiven.version))
            .order_by(NoticeGiven.at.desc(), NoticeGiven.id)
        )
    )


def _next_number() -> int:
    newest = db.session.scalar(select(func.max(NoticeVersion.number)).where(NoticeVersion.kind == KIND))
    return (newest or 0) + 1


def _plain(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _today(now: datetime) -> date:
    return now.astimezone(UTC).date()
