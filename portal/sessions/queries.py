"""Reads of sessions. Each answers one page in a fixed number of statements.

What a family member gets is either open to everybody or covered by a permit; the permit
comes with it, so the page can enter the disclosure in the ledger.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    false,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased, contains_eager, joinedload

from portal.consent.rules import Scope
from portal.core.db import UtcDateTime, db, minutes_before
from portal.core.errors import NotFound
from portal.disclosure import gate
from portal.disclosure.gate import Permit
from portal.people.models import Client, Relationship
from portal.sessions import rules
from portal.sessions.basis import covers, visible
from portal.sessions.invited import is_invited
from portal.sessions.models import OPEN_KINDS, FamilySession, Meeting, SessionState, SignUp
from portal.sessions.places import rests_on_permission
from portal.sessions.rules import LIVE_SIGN_UP, TAKES_A_PLACE, SignUpState


@dataclass(frozen=True)
class Seen:
    """A session as one family member may see it. No other participant is in it."""

    session: FamilySession
    taken: int
    own: SignUp | None
    """The person's live sign-up."""
    permit: Permit | None
    """What shows it to them; None for an open session."""
    now: datetime

    @property
    def places_left(self) -> int:
        """How many places are free."""
        return rules.places_left(self.session.capacity, self.taken)

    @property
    def own_state(self) -> str:
        """`placed`, `offered`, `waitlisted` or empty: what the page shows."""
        if self.own and self.own.state is SignUpState.OFFERED and not self.has_open_offer:
            return ""
        return self.own.state.value if self.own else ""

    @property
    def has_open_offer(self) -> bool:
        """Whether an offer may still be taken."""
        ends_at = self.own.offer_ends_at if self.own else None
        return ends_at is not None and self.now < ends_at

    @property
    def is_open(self) -> bool:
        """Whether the person may still change their own place."""
        return rules.is_open(self.session.state, self.session.closes_at, self.now)

    @property
    def opens_later(self) -> bool:
        """Whether own sign-up has not begun yet."""
        return self.session.opens_at is not None and self.now < self.session.opens_at

    @property
    def may_sign_up(self) -> bool:
        """Whether the person may sign up themselves now."""
        until = self.session.sign_up_until
        return self.is_open and not self.opens_later and (until is None or self.now < until)

    @property
    def may_join(self) -> bool:
        """Whether the video link and the dial-in may be shown: a place, and near the start."""
        return self.own_state == "placed" and rules.may_join(
            self.session.starts_at, self.session.ends_at, self.now
        )

    @property
    def asks_again(self) -> bool:
        """Whether the time changed since the person said yes: "Can you still come?"."""
        return self.own is not None and self.own.confirmed_for_revision != self.session.time_revision


def session_permits(family_member_id: int, now: datetime) -> list[Permit]:
    """The permits under which sessions are shown; one statement."""
    return gate.permits(family_member_id=family_member_id, at=now, scope=Scope.SESSIONS)


@dataclass(frozen=True)
class Wish:
    """What a person looks for in the list of sessions; by itself everything."""

    this_month: bool = False
    online: bool = False
    in_spanish: bool = False


def own_upcoming(
    *, family_member_id: int | None, now: datetime, permits: Sequence[Permit] | None = None
) -> list[Seen]:
    """Published sessions, not over, in which the person has, waits for or is offered a place, by date."""
    return _seen(_OWN_UPCOMING, family_member_id, now, permits)


def open_to(
    *,
    family_member_id: int | None,
    now: datetime,
    wish: Wish,
    limit: int,
    skip: int = 0,
    permits: Sequence[Permit] | None = None,
) -> list[Seen]:
    """Published sessions, still open for sign-up, in which the person has no place, by date.

    Without a person: what `permits` and the open kinds show.
    """
    wished = _wished(wish, now)
    query = _OPEN_TO.where(*wished) if wished else _OPEN_TO
    return _seen(query, family_member_id, now, permits, limit=limit, skip=skip)


def at_a_glance(
    *, family_member_id: int | None, now: datetime, evenings: int, permits: Sequence[Permit] | None = None
) -> tuple[list[Seen], list[Seen]]:
    """What `own_upcoming` gives, and the next `evenings` open to everybody, in one statement."""
    found = _seen(_AT_A_GLANCE, family_member_id, now, permits, limit=evenings)
    own = [seen for seen in found if seen.own_state]
    return own, [seen for seen in found if not seen.own_state]


def own_between(
    *,
    family_member_id: int,
    from_at: datetime,
    to_at: datetime,
    now: datetime,
    permits: Sequence[Permit] | None = None,
) -> list[Seen]:
    """The person's places in sessions that start in the window, as the gate stands now."""
    return _seen(_PLACES, family_member_id, now, permits, from_at=from_at, to_at=to_at)


def session_for(
    *, family_member_id: int | None, session_id: int, now: datetime, permits: Sequence[Permit] | None = None
) -> Seen:
    """One session, published or cancelled, as this person may see it. Raises NotFound."""
    found = _seen(_ONE.where(FamilySession.id == session_id), family_member_id, now, permits)
    if not found:
        raise NotFound
    return found[0]


def own_place(*, family_member_id: int, session_id: int, now: datetime) -> Seen:
    """The session with the person's own live sign-up. Raises NotFound without one."""
    seen = session_for(family_member_id=family_member_id, session_id=session_id, now=now)
    if seen.own is None:
        raise NotFound
    return seen


_IS_OWN = and_(
    SignUp.session_id == FamilySession.id,
    SignUp.family_member_id == bindparam("family_member_id"),
    SignUp.state.in_(LIVE_SIGN_UP),
)
_INVITED_TO = or_(
    FamilySession.is_private.is_(False), SignUp.id.is_not(None), is_invited(bindparam("family_member_id"))
)


def _visible(*, only_own: bool = False) -> Select[Any]:
    """Every session that `client_ids`, those of permits, or its kind show to `family_member_id`.

    With how many places are taken, the person's live sign-up, and the client whose permit
    shows it. `only_own`: found by the person's sign-ups. Built once: the parts of a page that
    differ are added to it.
    """
    client_ids: BindParameter[int] = bindparam("client_ids", expanding=True)
    other = aliased(SignUp)
    taken = (
        select(func.count())
        .where(other.session_id == FamilySession.id, other.state.in_(TAKES_A_PLACE))
        .correlate(FamilySession)
        .scalar_subquery()
    )
    covering = (
        select(func.min(Client.id))
        .where(Client.id.in_(client_ids), covers())
        .correlate(FamilySession)
        .scalar_subquery()
    )
    return (
        select(FamilySession, taken, SignUp, covering)
        .join(SignUp, _IS_OWN, isouter=not only_own)
        .where(visible(client_ids), _INVITED_TO)
        .options(joinedload(FamilySession.location))
        .order_by(FamilySession.starts_at, FamilySession.id)
    )


_NOW = bindparam("now", type_=UtcDateTime())
# As `Seen.own_state` says it: an offer that has ended is no place.
_HAS_PLACE = or_(SignUp.state != SignUpState.OFFERED, SignUp.offer_ends_at > _NOW)
_HAS_NONE = or_(SignUp.id.is_(None), and_(SignUp.state == SignUpState.OFFERED, SignUp.offer_ends_at <= _NOW))
_IS_PUBLISHED = FamilySession.state == SessionState.PUBLISHED
_IS_NOT_OVER = FamilySession.ends_at > _NOW
_ONE = (
    _visible().where(FamilySession.state != SessionState.DRAFT).options(joinedload(FamilySession.facilitator))
)
_PLACES = _visible(only_own=True).where(
    _IS_PUBLISHED,
    SignUp.state == SignUpState.PLACED,
    FamilySession.starts_at >= bindparam("from_at", type_=UtcDateTime()),
    FamilySession.starts_at < bindparam("to_at", type_=UtcDateTime()),
)
_OWN_UPCOMING = _visible(only_own=True).where(_IS_PUBLISHED, _IS_NOT_OVER, _HAS_PLACE)
_OWN_IDS = (
    select(SignUp.session_id).join(FamilySession, _IS_OWN).where(_IS_PUBLISHED, _IS_NOT_OVER, _HAS_PLACE)
)
# Kind, state and start are indexed together: nothing is looked at that is over.
_EVENING_IDS = (
    select(FamilySession.id)
    .outerjoin(SignUp, _IS_OWN)
    .where(
        FamilySession.kind.in_(OPEN_KINDS),
        _INVITED_TO,
        FamilySession.starts_at > bindparam("day_before", type_=UtcDateTime()),
        _IS_PUBLISHED,
        _IS_NOT_OVER,
        _HAS_NONE,
    )
    .order_by(FamilySession.starts_at, FamilySession.id)
    .limit(bindparam("limit", type_=Integer))
)
_AT_A_GLANCE = _visible().where(
    FamilySession.id.in_(union_all(_OWN_IDS, select(_EVENING_IDS.subquery().c.id)))
)
_OPEN_TO = (
    _visible()
    .where(
        FamilySession.starts_at > _NOW,
        _IS_PUBLISHED,
        _HAS_NONE,
        minutes_before(FamilySession.starts_at, FamilySession.cutoff_minutes) > _NOW,
    )
    .limit(bindparam("limit", type_=Integer))
    .offset(bindparam("skip", type_=Integer))
)
_ZONES = select(FamilySession.timezone).where(_IS_PUBLISHED, FamilySession.starts_at > _NOW).distinct()


def _wished(wish: Wish, now: datetime) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wish.this_month:
        conditions.append(_starts_this_month(now))
    if wish.online:
        conditions.append(FamilySession.meeting != Meeting.IN_PERSON)
    if wish.in_spanish:
        conditions.append(FamilySession.held_in == "es")
    return conditions


def _starts_this_month(now: datetime) -> ColumnElement[bool]:
    """In the month that it is now where the session takes place; reads which zones there are."""
    return or_(
        false(),
        *(
            and_(FamilySession.timezone == zone, FamilySession.starts_at < rules.month_ends_at(now, zone))
            for zone in db.session.scalars(_ZONES, {"now": now})
        ),
    )


def _seen(
    query: Select[Any],
    family_member_id: int | None,
    now: datetime,
    permits: Sequence[Permit] | None,
    **more: Any,
) -> list[Seen]:
    """One statement, and one more for the permits where none are given."""
    if permits is None:
        assert family_member_id is not None
        permits = session_permits(family_member_id, now)
    by_client = {permit.client_id: permit for permit in permits if permit.scope is Scope.SESSIONS}
    rows = db.session.execute(
        query,
        {
            "client_ids": list(by_client),
            "family_member_id": family_member_id,
            "now": now,
            "day_before": now - rules.LONGEST,
            **more,
        },
    )
    return [
        Seen(
            session=session,
            taken=count,
            own=own,
            permit=None if session.is_open_kind else by_client[client_id],
            now=now,
        )
        for session, count, own, client_id in rows
    ]


@dataclass(frozen=True)
class RosterRow:
    """One person on a roster, for staff."""

    sign_up: SignUp
    is_consent_usable: bool
    """What the gate says now; True for an open session."""


def roster(*, session_id: int, now: datetime) -> list[RosterRow]:
    """Everybody with a live sign-up, in order, each with the gate's answer; one statement."""
    query = (
        select(SignUp, rests_on_permission(now))
        .join(SignUp.family_member)
        .where(SignUp.session_id == session_id, SignUp.state.in_(LIVE_SIGN_UP))
        .options(
            contains_eager(SignUp.family_member),
            joinedload(SignUp.relationship).joinedload(Relationship.client),
        )
        .order_by(SignUp.queue_number)
    )
    return [RosterRow(sign_up, bool(usable)) for sign_up, usable in db.session.execute(query)]


def of_client(*, client_id: int, from_at: datetime, to_at: datetime) -> list[FamilySession]:
    """The published sessions held for this client's own family that start in the window."""
    query = (
        select(FamilySession)
        .where(
            FamilySession.client_id == client_id,
            FamilySession.state == SessionState.PUBLISHED,
            FamilySession.starts_at >= from_at,
            FamilySession.starts_at < to_at,
        )
        .order_by(FamilySession.starts_at, FamilySession.id)
    )
    return list(db.session.scalars(query))
