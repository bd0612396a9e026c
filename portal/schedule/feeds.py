"""The private calendar address of a family member: one per person, on or off.

Whoever has the address can read the calendar, so it is shown once, stored as a digest,
and made anew at each switching on. What it contains is decided at every fetch.
"""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import joinedload

from portal.accounts.models import User
from portal.audit import service as audit
from portal.core import tokens
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound
from portal.people.models import FamilyMember
from portal.schedule.models import CalendarFeed


def switch_on(*, family_member_id: int, actor: Actor, now: datetime) -> str:
    """A new address; an older one stops working. Returns its token, which is shown once."""
    token = tokens.new_token()
    _remove(family_member_id)
    db.session.add(
        CalendarFeed(family_member_id=family_member_id, token_digest=tokens.digest(token), created_at=now)
    )
    _audit(family_member_id, True, actor=actor, now=now)
    return token


def switch_off(*, family_member_id: int, actor: Actor, now: datetime) -> None:
    """The address stops working at once. Switching off twice changes nothing more."""
    if _remove(family_member_id):
        _audit(family_member_id, False, actor=actor, now=now)


def is_on(family_member_id: int) -> bool:
    """Whether the person has a calendar address."""
    query = select(CalendarFeed.id).where(CalendarFeed.family_member_id == family_member_id)
    return db.session.scalar(query) is not None


def reader_of(token: str) -> FamilyMember:
    """Whose calendar an address is. NotFound for an unknown one and a disabled account."""
    person = db.session.scalars(
        select(FamilyMember)
        .join(CalendarFeed, CalendarFeed.family_member_id == FamilyMember.id)
        .join(User, User.id == FamilyMember.user_id)
        .where(CalendarFeed.token_digest == tokens.digest(token), User.disabled_at.is_(None))
        .options(joinedload(FamilyMember.user))
    ).one_or_none()
    if person is None:
        raise NotFound
    return person


def _remove(family_member_id: int) -> bool:
    if not is_on(family_member_id):
        return False
    db.session.execute(delete(CalendarFeed).where(CalendarFeed.family_member_id == family_member_id))
    return True


def _audit(family_member_id: int, is_on: bool, *, actor: Actor, now: datetime) -> None:
    audit.record(
        "calendar_feed.switched", actor=actor, now=now, family_member_id=family_member_id, is_on=is_on
    )
