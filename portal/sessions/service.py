"""Places in family sessions: what people, and staff on their behalf, do with them.

Order of locks: consent, session, sign-up, outbox. `sign_up` and `take_offer` hold the
consent first, so a permission that ends at the same moment finds the place and frees it.
Families are never told why something is not there: no permission is NotFound.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from portal.core.actor import Actor, job
from portal.core.db import db
from portal.core.errors import NotFound, Refused, TooLate
from portal.sessions import (
    apart,
    approvals,
    companions,
    entering,
    evenings,
    invited,
    notices,
    places,
    rules,
    standing,
)
from portal.sessions.basis import permit_for
from portal.sessions.entering import Wish
from portal.sessions.models import FamilySession, SignUp
from portal.sessions.planning import cancel, move
from portal.sessions.rules import LIVE_SIGN_UP, AccessNeed, Event, Interpreter, SessionState, SignUpState

__all__ = [
    "cancel",
    "confirm_time",
    "expire_offers",
    "give_place",
    "give_up",
    "let_go",
    "move",
    "release",
    "sign_up",
    "take_offer",
]

SWEEP = job("offers")


def sign_up(
    *,
    session_id: int,
    family_member_id: int,
    actor: Actor,
    now: datetime,
    staff_id: int | None = None,
    way_of_contact: str | None = None,
    or_wait: bool = True,
    interpreter: Interpreter | None = None,
    access_need: AccessNeed | None = None,
    responsible_adult_id: int | None = None,
) -> SignUp:
    """Give the person a place, or the next number on the waitlist when there is none.

    Asking twice gives the same sign-up. Staff may enter somebody until the end, people
    themselves from the opening until the cut-off; where staff approve, a person's own wish
    is a request. With `or_wait` off a full session refuses (`just_filled`) instead of
    waitlisting. Raises NotFound where no permission or invitation covers it, Refused
    sign_up_closed, sign_up_not_open, not_open_for_you, kept_apart, adult_missing.
    """
    known = _published(session_id)
    _refuse_uninvited(known, family_member_id, actor)
    relationship_id = _hold_basis(known, family_member_id, now)
    session = places.locked(session_id)
    places.pass_on(session, actor=actor, now=now)  # first of all, whoever waits has their turn
    before = places.live_sign_up(session.id, family_member_id)
    if before:
        return before
    _refuse_if_closed(session, actor, now, "sign_up_closed")
    _refuse_outside_sign_up(session, actor, now)
    if actor.kind == "family" and approvals.was_declined(session, family_member_id):
        raise Refused("not_open_for_you")
    companions.check_adult(session, responsible_adult_id)
    wish = Wish(
        family_member_id=family_member_id,
        relationship_id=relationship_id,
        staff_id=staff_id,
        way_of_contact=way_of_contact,
        interpreter=interpreter,
        access_need=access_need,
        responsible_adult_id=responsible_adult_id,
        standing_place_id=evenings.standing_in(session, family_member_id),
    )
    return entering.enter(session, wish, actor=actor, now=now, or_wait=or_wait)


def give_up(*, sign_up_id: int, actor: Actor, now: datetime) -> SignUp:
    """Give up a place, an offer or a turn in line; the next in line is offered the place.

    Twice is the same as once. Raises Refused give_up_closed after the cut-off (staff may
    until the end: that is a late cancel).
    """
    session, mine = _locked_pair(sign_up_id)
    if mine.state not in LIVE_SIGN_UP:
        return mine
    if mine.state is SignUpState.PLACED:
        _refuse_if_closed(session, actor, now, "give_up_closed")
    places.change(mine, Event.GIVE_UP, actor=actor, now=now)
    companions.end_minors_of(session, mine.family_member_id, actor=actor, now=now)
    entering.no_longer_asked(mine, actor=actor, now=now)
    places.pass_on(session, actor=actor, now=now)
    return mine


def take_offer(*, sign_up_id: int, actor: Actor, now: datetime) -> SignUp:
    """Turn an open offer into a place. Twice is the same as once.

    Raises Refused offer_over once the offer has run out, whether or not the sweep has
    been by, and NotFound when the permission has ended.
    """
    asked = places.again(sign_up_id)
    _hold_basis(asked.session, asked.family_member_id, now)
    session, mine = _locked_pair(sign_up_id)
    if mine.state is SignUpState.PLACED:
        return mine
    if mine.state is not SignUpState.OFFERED or mine.offer_ends_at is None or mine.offer_ends_at <= now:
        raise Refused("offer_over")
    apart.refuse(session.id, mine.family_member_id, actor)
    places.change(mine, Event.TAKE, actor=actor, now=now)
    mine.confirmed_for_revision = session.time_revision
    notices.placed(mine, now=now)
    return mine


def let_go(*, sign_up_id: int, actor: Actor, now: datetime) -> SignUp:
    """Say no to an open offer; it goes to the next in line. Twice is the same as once."""
    session, mine = _locked_pair(sign_up_id)
    if mine.state not in LIVE_SIGN_UP:
        return mine
    if mine.state is not SignUpState.OFFERED:
        raise TooLate
    places.change(mine, Event.LET_GO, actor=actor, now=now)
    places.pass_on(session, actor=actor, now=now)
    return mine


def give_place(*, sign_up_id: int, reason: str, actor: Actor, now: datetime) -> SignUp:
    """Staff give somebody on the waitlist a free place out of turn, with a reason.

    Whoever waits before them is noted as passed over. Raises Refused no_place_free.
    """
    asked = places.again(sign_up_id)
    _hold_basis(asked.session, asked.family_member_id, now)
    session, chosen = _locked_pair(sign_up_id)
    if chosen.state is SignUpState.PLACED:
        return chosen
    if chosen.state is not SignUpState.WAITLISTED:
        raise TooLate
    apart.refuse(session.id, chosen.family_member_id, actor)
    if places.free(session, now) == 0:
        raise Refused("no_place_free")
    for other in _ahead_of(chosen):
        places.note(other, "skipped", actor=actor, now=now, reason=reason)
    places.change(chosen, Event.PLACE, actor=actor, now=now, reason=reason)
    notices.placed(chosen, now=now)
    return chosen


def confirm_time(*, sign_up_id: int, actor: Actor, now: datetime) -> SignUp:
    """The person can still come at the time as it stands now."""
    session, mine = _locked_pair(sign_up_id)
    if mine.state not in LIVE_SIGN_UP:
        raise TooLate
    if mine.confirmed_for_revision != session.time_revision:
        mine.confirmed_for_revision = session.time_revision
        places.note(mine, "time_confirmed", actor=actor, now=now)
    return mine


def release(*, relationship_id: int, actor: Actor, now: datetime) -> int:
    """A permission has ended: free what rests on it in sessions that have not begun.

    A place moves to another live permission of the same person if that covers the
    session. Returns how many sign-ups ended. Nothing is mailed to the person.
    """
    standing.release(relationship_id=relationship_id, actor=actor, now=now)
    ended = 0
    for session_id in _sessions_resting_on(relationship_id, now):
        session = places.locked(session_id)
        for sign_up in _resting_on(relationship_id, session_id):
            ended += _end_or_move(sign_up, session, actor, now)
        places.pass_on(session, actor=actor, now=now)
    return ended


def expire_offers(now: datetime, actor: Actor = SWEEP) -> int:
    """End offers that ran out and offer what is free, wherever somebody waits.

    Repeatable; returns how many new offers were made.
    """
    made = standing.expire_offers(now, actor)
    for session_id in _sessions_with_a_line(now):
        made += places.pass_on(places.locked(session_id), actor=actor, now=now)
    return made


def _published(session_id: int) -> FamilySession:
    session = db.session.get(FamilySession, session_id)
    if session is None or session.state is SessionState.DRAFT:
        raise NotFound
    return session


def _refuse_uninvited(session: FamilySession, family_member_id: int, actor: Actor) -> None:
    """A private session does not exist for others; whom staff enter is invited by that."""
    if session.is_private and actor.kind != "staff":
        query = select(FamilySession.id).where(
            FamilySession.id == session.id, invited.is_invited(family_member_id)
        )
        if db.session.scalar(query) is None:
            raise NotFound


def _refuse_outside_sign_up(session: FamilySession, actor: Actor, now: datetime) -> None:
    """People sign themselves up from the opening to the close; staff need not wait."""
    if actor.kind == "staff":
        return
    if session.opens_at is not None and now < session.opens_at:
        raise Refused("sign_up_not_open")
    if session.sign_up_until is not None and now >= session.sign_up_until:
        raise Refused("sign_up_closed")


def is_covered(sign_up: SignUp, now: datetime) -> bool:
    """Whether the gate covers the sign-up at this moment, or it needs no permission."""
    if sign_up.session.is_open_kind:
        return True
    return permit_for(sign_up.session, family_member_id=sign_up.family_member_id, at=now) is not None


def _hold_basis(session: FamilySession, family_member_id: int, now: datetime) -> int | None:
    """The relationship a place will rest on, its consent locked; None for an open session."""
    if session.is_open_kind:
        return None
    permit = permit_for(session, family_member_id=family_member_id, at=now, lock=True)
    if permit is None:
        raise NotFound
    return permit.relationship_id


def _locked_pair(sign_up_id: int) -> tuple[FamilySession, SignUp]:
    session = places.locked(places.again(sign_up_id).session_id)
    return session, places.again(sign_up_id)


def _refuse_if_closed(session: FamilySession, actor: Actor, now: datetime, code: str) -> None:
    if session.state is SessionState.CANCELLED:
        raise Refused("session_is_cancelled")
    by_staff = actor.kind == "staff" and rules.is_staff_open(session.state, session.ends_at, now)
    if not by_staff and not rules.is_open(session.state, session.closes_at, now):
        raise Refused(code)


def _ahead_of(chosen: SignUp) -> Sequence[SignUp]:
    return db.session.scalars(
        select(SignUp).where(
            SignUp.session_id == chosen.session_id,
            SignUp.state == SignUpState.WAITLISTED,
            SignUp.queue_number < chosen.queue_number,
        )
    ).all()


def _sessions_resting_on(relationship_id: int, now: datetime) -> Sequence[int]:
    return db.session.scalars(
        select(SignUp.session_id)
        .join(SignUp.session)
        .where(
            SignUp.relationship_id == relationship_id,
            SignUp.state.in_(LIVE_SIGN_UP),
            FamilySession.starts_at > now,
        )
        .distinct()
        .order_by(SignUp.session_id)
    ).all()


def _resting_on(relationship_id: int, session_id: int) -> Sequence[SignUp]:
    return db.session.scalars(
        select(SignUp)
        .where(
            SignUp.session_id == session_id,
            SignUp.relationship_id == relationship_id,
            SignUp.state.in_(LIVE_SIGN_UP),
        )
        .execution_options(populate_existing=True)
    ).all()


def _end_or_move(sign_up: SignUp, session: FamilySession, actor: Actor, now: datetime) -> int:
    other = permit_for(
        session,
        family_member_id=sign_up.family_member_id,
        at=now,
        without_relationship=sign_up.relationship_id,
    )
    if other is None:
        places.change(sign_up, Event.END_ACCESS, actor=actor, now=now)
        companions.end_minors_of(session, sign_up.family_member_id, actor=actor, now=now)
        entering.no_longer_asked(sign_up, actor=actor, now=now)
        return 1
    sign_up.relationship_id = other.relationship_id
    places.note(sign_up, "basis_moved", actor=actor, now=now)
    return 0


def _sessions_with_a_line(now: datetime) -> Sequence[int]:
    return db.session.scalars(
        select(SignUp.session_id)
        .join(SignUp.session)
        .where(
            SignUp.state.in_([SignUpState.OFFERED, SignUpState.WAITLISTED]),
            FamilySession.state == SessionState.PUBLISHED,
            FamilySession.starts_at > now,
        )
        .distinct()
        .order_by(SignUp.session_id)
    ).all()
