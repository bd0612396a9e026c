"""The inside of signing up: lock, count, change one state, hand a freed place on.

Everything here runs while the session row is locked (`locked`), so counts hold.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from portal.audit import service as audit
from portal.center import settings
from portal.consent.rules import Scope
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound, TooLate
from portal.disclosure import gate
from portal.people.models import Client, Relationship
from portal.sessions import apart, notices, rules
from portal.sessions.models import FamilySession, SignUp, SignUpEvent
from portal.sessions.rules import LIVE_SIGN_UP, TAKES_A_PLACE, Event, SignUpState, Waiting

NO_PERMISSION = "no_permission"


def locked(session_id: int) -> FamilySession:
    """The session, locked until the transaction ends and read anew. Raises NotFound."""
    session = db.session.scalar(
        select(FamilySession)
        .where(FamilySession.id == session_id)
        .with_for_update(of=FamilySession)
        .execution_options(populate_existing=True)
    )
    if session is None:
        raise NotFound
    return session


def again(sign_up_id: int) -> SignUp:
    """The sign-up as it stands now, after the lock is held. Raises NotFound."""
    query = select(SignUp).where(SignUp.id == sign_up_id).execution_options(populate_existing=True)
    sign_up = db.session.scalar(query)
    if sign_up is None:
        raise NotFound
    return sign_up


def live_sign_up(session_id: int, family_member_id: int) -> SignUp | None:
    """The person's one live sign-up in this session."""
    return db.session.scalar(
        select(SignUp)
        .where(
            SignUp.session_id == session_id,
            SignUp.family_member_id == family_member_id,
            SignUp.state.in_(LIVE_SIGN_UP),
        )
        .execution_options(populate_existing=True)
    )


@dataclass(frozen=True)
class Tally:
    """How a session stands, counted while its row is locked."""

    taken: int
    """Places held, offered ones included."""
    waiting: int
    overdue: int
    """Offers that ran out and are not yet ended."""
    last_number: int
    """The highest number in line so far."""


def tally(session_id: int, now: datetime) -> Tally:
    """Count once; one statement."""
    overdue = and_(SignUp.state == SignUpState.OFFERED, SignUp.offer_ends_at <= now)
    query = select(
        func.count().filter(SignUp.state.in_(TAKES_A_PLACE)),
        func.count().filter(SignUp.state == SignUpState.WAITLISTED),
        func.count().filter(overdue),
        func.coalesce(func.max(SignUp.queue_number), 0),
    ).where(SignUp.session_id == session_id)
    return Tally(*db.session.execute(query).one())


def free(session: FamilySession, now: datetime) -> int:
    """How many places are free."""
    return rules.places_left(session.capacity, tally(session.id, now).taken)


def note(sign_up: SignUp, event: str, *, actor: Actor, now: datetime, reason: str | None = None) -> None:
    """Add one step to the history of a sign-up."""
    db.session.add(
        SignUpEvent(
            sign_up_id=sign_up.id,
            event=event,
            at=now,
            actor_kind=actor.kind,
            actor_id=actor.id,
            reason=reason,
        )
    )


def audit_change(
    sign_up: SignUp, from_state: SignUpState | None, event: str, *, actor: Actor, now: datetime
) -> None:
    """One audit entry for a step from `from_state` to where the sign-up stands now."""
    audit.record(
        "sign_up.changed_state",
        actor=actor,
        now=now,
        client_id=client_of(sign_up),
        sign_up_id=sign_up.id,
        session_id=sign_up.session_id,
        family_member_id=sign_up.family_member_id,
        from_state=from_state.value if from_state else None,
        to_state=sign_up.state.value,
        event=event,
    )


def change(
    sign_up: SignUp,
    event: Event,
    *,
    actor: Actor,
    now: datetime,
    reason: str | None = None,
    offer_ends_at: datetime | None = None,
) -> SignUp:
    """One step of one sign-up: guarded update, history, audit.

    Raises TooLate when the step is not possible or somebody was faster.
    """
    before = sign_up.state
    after = rules.next_state(before, event)
    if after is None:
        raise TooLate
    done = db.session.execute(
        update(SignUp)
        .where(SignUp.id == sign_up.id, SignUp.state == before)
        .values(
            state=after,
            offer_ends_at=offer_ends_at,
            ended_at=None if after in LIVE_SIGN_UP else now,
        )
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise TooLate
    db.session.refresh(sign_up, ["state", "offer_ends_at", "ended_at"])
    note(sign_up, event.value, actor=actor, now=now, reason=reason)
    audit_change(sign_up, before, event.value, actor=actor, now=now)
    return sign_up


def settle(session: FamilySession, *, actor: Actor, now: datetime) -> list[SignUp]:
    """End the offers that ran out, then offer each free place to the next in line.

    Returns the new offers. After the cut-off nothing is offered by itself any more.
    """
    count = tally(session.id, now)
    if count.overdue:
        for sign_up in _overdue_offers(session.id, now):
            change(sign_up, Event.EXPIRE, actor=actor, now=now, reason="not_answered_in_time")
    places = rules.places_left(session.capacity, count.taken - count.overdue)
    if not count.waiting or not places or not rules.is_open(session.state, session.closes_at, now):
        return []
    waiting_people = line(session.id, now)
    turn = rules.next_in_line([waiting for _, waiting in waiting_people], places, apart.present(session.id))
    by_id = {sign_up.id: sign_up for sign_up, _ in waiting_people}
    for sign_up_id, reason in turn.skipped:
        note(by_id[sign_up_id], "skipped", actor=actor, now=now, reason=reason)
    return [_offer(by_id[sign_up_id], session, actor=actor, now=now) for sign_up_id in turn.chosen]


def note_passed_over(session: FamilySession, *, actor: Actor, now: datetime) -> None:
    """Somebody was given a free place that nobody in line can be offered now: write down why."""
    there = apart.present(session.id)
    for sign_up, waiting in line(session.id, now):
        reason = waiting.skip_reason or (rules.KEPT_APART if waiting.apart_from & there else None)
        if reason:
            note(sign_up, "skipped", actor=actor, now=now, reason=reason)


def pass_on(session: FamilySession, *, actor: Actor, now: datetime) -> int:
    """Settle, and tell whoever is offered a place; returns how many are."""
    offers = settle(session, actor=actor, now=now)
    for offered in offers:
        notices.offered(offered, now=now)
    return len(offers)


def _offer(sign_up: SignUp, session: FamilySession, *, actor: Actor, now: datetime) -> SignUp:
    ends_at = _offer_ends_at(sign_up, session, now)
    return change(sign_up, Event.OFFER, actor=actor, now=now, offer_ends_at=ends_at)


def count_from_sending(sign_up: SignUp, *, now: datetime) -> None:
    """The mail about an offer goes out only now: its time runs from here. Locks the session.

    A mail that was held up takes nothing from the time to decide; the cut-off stays.
    """
    session = locked(sign_up.session_id)
    db.session.refresh(sign_up)
    if sign_up.state is SignUpState.OFFERED and sign_up.offer_ends_at is not None:
        sign_up.offer_ends_at = max(sign_up.offer_ends_at, _offer_ends_at(sign_up, session, now))
        db.session.flush()


def _offer_ends_at(sign_up: SignUp, session: FamilySession, now: datetime) -> datetime:
    center = settings.current()
    return rules.offer_ends_at(
        now,
        session.closes_at,
        zone=sign_up.family_member.timezone or session.timezone,
        quiet_from=center.quiet_from,
        quiet_until=center.quiet_until,
    )


def _overdue_offers(session_id: int, now: datetime) -> list[SignUp]:
    query = (
        select(SignUp)
        .where(
            SignUp.session_id == session_id,
            SignUp.state == SignUpState.OFFERED,
            SignUp.offer_ends_at <= now,
        )
        .order_by(SignUp.queue_number)
        .execution_options(populate_existing=True)
    )
    return list(db.session.scalars(query))


def line(session_id: int, now: datetime) -> list[tuple[SignUp, Waiting]]:
    """Everybody who waits, each with the gate's answer of this moment (42 CFR 2.13)."""
    query = (
        select(SignUp, rests_on_permission(now))
        .join(FamilySession, FamilySession.id == SignUp.session_id)
        .where(SignUp.session_id == session_id, SignUp.state == SignUpState.WAITLISTED)
        .order_by(SignUp.queue_number)
        .execution_options(populate_existing=True)
    )
    rows = [(sign_up, bool(allowed)) for sign_up, allowed in db.session.execute(query)]
    people = [sign_up.family_member_id for sign_up, _ in rows]
    others, away = apart.others_of(people), apart.away_from_clients(session_id, people)
    return [
        (
            sign_up,
            Waiting(
                sign_up.id,
                sign_up.queue_number,
                _skip_reason(allowed, sign_up.family_member_id in away),
                sign_up.family_member_id,
                others[sign_up.family_member_id],
            ),
        )
        for sign_up, allowed in rows
    ]


def _skip_reason(is_allowed: bool, is_away: bool) -> str | None:
    if not is_allowed:
        return NO_PERMISSION
    return rules.KEPT_APART if is_away else None


def rests_on_permission(now: datetime) -> ColumnElement[bool]:
    """SQL: the sign-up is for an open session, or the gate covers it at `now`."""
    covered = (
        select(Relationship.id)
        .join(Client, Client.id == Relationship.client_id)
        .where(
            Relationship.id == SignUp.relationship_id,
            gate.permitted(Relationship.client_id, Relationship.family_member_id, Scope.SESSIONS, now),
        )
        .exists()
    )
    return or_(SignUp.relationship_id.is_(None), and_(SignUp.relationship_id.is_not(None), covered))


def client_of(sign_up: SignUp) -> int | None:
    """Whose permission a sign-up rests on; None for an open session."""
    return sign_up.relationship.client_id if sign_up.relationship else None
