"""The promise of everybody in a multi-family group: what others say there stays there (row 118).

Once a person and series, before the place is used. The wording stands on the session's
page, for counsel to confirm; a change of it needs a new `TEXT_VERSION`.
"""

from datetime import datetime

from sqlalchemy import select

from portal.audit import service as audit
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound
from portal.sessions.models import FamilySession, GroupPromise, SessionKind, SignUp
from portal.sessions.rules import LIVE_SIGN_UP

TEXT_VERSION = 1
FOR_COUNSEL = True


def series(session: FamilySession) -> str:
    """What makes evenings one series: the same place and the same title."""
    return f"{session.location_id}:{session.title_en.casefold().strip()}"


def is_asked(session: FamilySession) -> bool:
    """Whether other families hear what is said there."""
    return session.kind is SessionKind.MULTI_FAMILY


def is_open(*, session: FamilySession, family_member_id: int) -> bool:
    """Whether this person still has to promise."""
    return is_asked(session) and family_member_id not in given_for(session)


def given_for(session: FamilySession) -> set[int]:
    """The ids of the family members who promised for this series; one statement."""
    query = select(GroupPromise.family_member_id).where(
        GroupPromise.series == series(session), GroupPromise.text_version == TEXT_VERSION
    )
    return set(db.session.scalars(query))


def give(*, session_id: int, family_member_id: int, actor: Actor, now: datetime) -> None:
    """Record the promise, once. Raises NotFound without a place, or where none is asked."""
    mine = db.session.scalars(
        select(SignUp).where(
            SignUp.session_id == session_id,
            SignUp.family_member_id == family_member_id,
            SignUp.state.in_(LIVE_SIGN_UP),
        )
    ).one_or_none()
    if mine is None or not is_asked(mine.session):
        raise NotFound
    if not is_open(session=mine.session, family_member_id=family_member_id):
        return
    db.session.add(
        GroupPromise(
            family_member_id=family_member_id,
            series=series(mine.session),
            text_version=TEXT_VERSION,
            at=now,
        )
    )
    audit.record(
        "session.promise_given",
        actor=actor,
        now=now,
        session_id=session_id,
        family_member_id=family_member_id,
        text_version=TEXT_VERSION,
    )
