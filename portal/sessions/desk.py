"""What staff see of sessions: those of their locations, and of the people only their own.

A coordinator has the locations they look after; a therapist the locations of their care
teams' clients and what they lead. On a roster stand the people of one's own clients; the
open sessions' people stand there for the coordinator of the place and for who leads it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import joinedload

from portal.center.models import Location
from portal.consent.rules import Scope
from portal.core.db import db
from portal.core.errors import NotFound
from portal.disclosure import gate
from portal.people import queries as people
from portal.people.models import Client, FamilyMember, Relationship, Role, StaffMember
from portal.sessions import queries
from portal.sessions.models import FamilySession, SignUp, SignUpState
from portal.sessions.queries import RosterRow
from portal.sessions.rules import LIVE_SIGN_UP, TAKES_A_PLACE

RECENT = timedelta(days=14)
"""Sessions stay on the list this long after they are over, for the roster."""


@dataclass(frozen=True)
class Listed:
    """One line of the staff's list."""

    session: FamilySession
    taken: int
    waiting: int

    @property
    def is_over_capacity(self) -> bool:
        """More places are taken than there are: somebody lowered the number."""
        return self.taken > self.session.capacity


@dataclass(frozen=True)
class Roster:
    """Who comes, who waits, and how many people of others are not shown."""

    placed: list[RosterRow]
    offered: list[RosterRow]
    waiting: list[RosterRow]
    hidden: int
    taken: int
    requested: list[RosterRow] = field(default_factory=list)
    """Who asks for a place that staff decide on."""

    @property
    def seen(self) -> list[RosterRow]:
        """Everybody who is shown."""
        return self.placed + self.offered + self.waiting + self.requested

    @property
    def count(self) -> int:
        """Everybody, those of other teams included."""
        return len(self.seen) + self.hidden


@dataclass(frozen=True)
class Sight:
    """Which people of a session one staff member sees."""

    staff_id: int
    client_ids: frozenset[int]
    location_ids: frozenset[int]
    """Where they look after whoever comes to an open session."""

    @classmethod
    def of(cls, staff: StaffMember, now: datetime) -> "Sight":
        """One statement."""
        mine = db.session.scalars(select(Client.id).where(people.caseload(staff, now)))
        return cls(staff.id, frozenset(mine), frozenset(people.locations_of(staff)))

    def sees(self, sign_up: SignUp, session: FamilySession) -> bool:
        """Own clients' people; those of an open session where one leads it or is its coordinator."""
        if sign_up.relationship is not None:
            return sign_up.relationship.client_id in self.client_ids
        return session.facilitator_id == self.staff_id or session.location_id in self.location_ids


def locations_for(staff: StaffMember, now: datetime) -> list[Location]:
    """The locations at which this staff member plans sessions."""
    query = select(Location).where(_is_theirs(staff, now)).order_by(Location.name)
    return list(db.session.scalars(query))


def sessions_for(staff: StaffMember, now: datetime) -> list[Listed]:
    """Sessions to come and of the last two weeks, by date; one statement."""
    query = _listed(staff, now).where(FamilySession.starts_at >= now - RECENT)
    return [Listed(*row) for row in db.session.execute(query)]


def sessions_between(staff: StaffMember, from_at: datetime, to_at: datetime, now: datetime) -> list[Listed]:
    """Sessions that start in the window, by date; one statement."""
    query = _listed(staff, now).where(FamilySession.starts_at >= from_at, FamilySession.starts_at < to_at)
    return [Listed(*row) for row in db.session.execute(query)]


def series_for(*, staff: StaffMember, series_id: int, now: datetime) -> list[Listed]:
    """The evenings of a series of one's locations, by date; one statement. Raises NotFound."""
    query = _listed(staff, now).where(FamilySession.series_id == series_id)
    found = [Listed(*row) for row in db.session.execute(query)]
    if not found:
        raise NotFound
    return found


def session_for(*, staff: StaffMember, session_id: int, now: datetime) -> FamilySession:
    """A session of one's own locations. Raises NotFound."""
    query = (
        select(FamilySession)
        .where(FamilySession.id == session_id, may_see(staff, now))
        .options(joinedload(FamilySession.location), joinedload(FamilySession.facilitator))
    )
    session = db.session.scalar(query)
    if session is None:
        raise NotFound
    return session


def roster_for(*, staff: StaffMember, session: FamilySession, now: datetime) -> Roster:
    """The roster as this staff member may see it; two statements."""
    rows = queries.roster(session_id=session.id, now=now)
    sight = Sight.of(staff, now)
    seen = [row for row in rows if sight.sees(row.sign_up, session)]
    return Roster(
        placed=[row for row in seen if row.sign_up.state is SignUpState.PLACED],
        offered=[row for row in seen if row.sign_up.state is SignUpState.OFFERED],
        waiting=[row for row in seen if row.sign_up.state is SignUpState.WAITLISTED],
        hidden=len(rows) - len(seen),
        requested=[row for row in seen if row.sign_up.state is SignUpState.REQUESTED],
        taken=sum(1 for row in rows if row.sign_up.state in TAKES_A_PLACE),
    )


def sign_up_for(*, staff: StaffMember, session_id: int, sign_up_id: int, now: datetime) -> SignUp:
    """A live sign-up on the part of the roster that this staff member sees. Raises NotFound."""
    session = session_for(staff=staff, session_id=session_id, now=now)
    roster = roster_for(staff=staff, session=session, now=now)
    for row in roster.seen:
        if row.sign_up.id == sign_up_id:
            return row.sign_up
    raise NotFound


def people_to_enter(*, staff: StaffMember, session: FamilySession, now: datetime) -> Sequence[FamilyMember]:
    """Whom this staff member may enter: relatives of own clients whom the gate lets in here.

    For an open session the consent does not matter; it is still only one's own people.
    """
    signed_up = select(SignUp.family_member_id).where(
        SignUp.session_id == session.id, SignUp.state.in_(LIVE_SIGN_UP)
    )
    query = (
        select(FamilyMember)
        .join(Relationship, Relationship.family_member_id == FamilyMember.id)
        .join(Client, Client.id == Relationship.client_id)
        .where(people.caseload(staff, now), FamilyMember.id.not_in(signed_up))
        .distinct()
        .order_by(FamilyMember.family_name, FamilyMember.given_name, FamilyMember.id)
    )
    if not session.is_open_kind:
        query = query.where(
            gate.permitted(Relationship.client_id, Relationship.family_member_id, Scope.SESSIONS, now),
            Client.location_id == session.location_id,
        )
        if session.client_id is not None:
            query = query.where(Client.id == session.client_id)
    return db.session.scalars(query).all()


def clients_of(staff: StaffMember, now: datetime) -> Sequence[Client]:
    """Whose evening a single family session may be."""
    query = select(Client).where(people.caseload(staff, now)).order_by(Client.family_name, Client.given_name)
    return db.session.scalars(query).all()


def _listed(staff: StaffMember, now: datetime) -> Select[FamilySession, int, int]:
    return (
        select(FamilySession, _count(TAKES_A_PLACE), _count({SignUpState.WAITLISTED}))
        .where(may_see(staff, now))
        .options(joinedload(FamilySession.location), joinedload(FamilySession.facilitator))
        .order_by(FamilySession.starts_at, FamilySession.id)
    )


def may_see(staff: StaffMember, now: datetime) -> ColumnElement[bool]:
    """SQL: a session of one's locations, or one that one leads."""
    theirs = select(Location.id).where(_is_theirs(staff, now))
    return or_(FamilySession.location_id.in_(theirs), FamilySession.facilitator_id == staff.id)


def _is_theirs(staff: StaffMember, now: datetime) -> ColumnElement[bool]:
    own = select(Client.location_id).where(people.caseload(staff, now))
    assigned = [role.location_id for role in staff.roles if role.role in (Role.COORDINATOR, Role.THERAPIST)]
    return or_(Location.id.in_([each for each in assigned if each is not None]), Location.id.in_(own))


def _count(states: frozenset[SignUpState] | set[SignUpState]) -> ColumnElement[int]:
    return (
        select(func.count())
        .where(SignUp.session_id == FamilySession.id, SignUp.state.in_(states))
        .correlate(FamilySession)
        .scalar_subquery()
    )
