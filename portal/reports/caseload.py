"""The caseload: one row a client, with family, consents, next session, lessons, next step.

Nine statements, however many clients.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import contains_eager, joinedload

from portal.core import clock
from portal.core.db import db
from portal.education.models import Assignment, Progress
from portal.people import queries as people
from portal.people.models import Client, Episode, EpisodeStatus, Invitation, Relationship, StaffMember
from portal.people.rules import InvitationState
from portal.reports.consents import Badge, Standing, standings
from portal.schedule.models import Enrolment
from portal.schedule.queries import program_week
from portal.sessions.models import FamilySession, SessionState, SignUp, SignUpState


class Step(StrEnum):
    """What comes next for a client, the most pressing first."""

    SIGN = "sign"
    INVITE = "invite"
    RENEW = "renew"
    REVIEW_HOLD = "review_hold"
    PREPARE = "prepare"
    TALK = "talk"
    ASSIGN = "assign"
    NOTHING = "nothing"


URGENT = frozenset({Step.SIGN, Step.INVITE, Step.RENEW, Step.REVIEW_HOLD})
"""What "needs you this week" counts."""


@dataclass(frozen=True)
class Person:
    """One relative of a client, as staff see it."""

    relationship: Relationship
    standing: Standing
    invitation: Invitation | None

    @property
    def may_be_invited(self) -> bool:
        """Whether the page offers to send; `workflows.invite` asks the gate again."""
        return (
            self.standing.badge in (Badge.ACTIVE, Badge.ENDS_SOON)
            and self.invitation is not None
            and self.invitation.state in (InvitationState.READY, InvitationState.SENT)
        )


@dataclass(frozen=True)
class NextSession:
    """The soonest session in which somebody of the client's has a place."""

    session: FamilySession
    names: tuple[str, ...]


@dataclass
class Row:
    """One client's line."""

    client: Client
    people: list[Person] = field(default_factory=list)
    week: int | None = None
    weeks: int | None = None
    next_session: NextSession | None = None
    lessons: int = 0
    lessons_finished: int = 0

    @property
    def step(self) -> Step:
        """The most pressing step; none for a client who prefers no family contact."""
        if self.client.no_family_contact:
            return Step.NOTHING
        if not self.people:
            return Step.TALK
        return min((self._step_of(person) for person in self.people), key=list(Step).index)

    def _step_of(self, person: Person) -> Step:
        standing, invitation = person.standing, person.invitation
        if standing.is_waiting:
            return Step.SIGN
        if standing.badge is Badge.ON_HOLD:
            return Step.REVIEW_HOLD
        if standing.badge is Badge.NONE:
            return Step.PREPARE
        if invitation and invitation.state is InvitationState.READY:
            return Step.INVITE
        if standing.badge is Badge.ENDS_SOON:
            return Step.RENEW
        return Step.NOTHING if self.lessons else Step.ASSIGN


def caseload(*, staff: StaffMember, now: datetime) -> list[Row]:
    """Every client of the staff member with an open episode, by family name."""
    clients = db.session.scalars(
        select(Client)
        .where(people.caseload(staff, now), Client.deceased_on.is_(None))
        .options(joinedload(Client.location))
        .order_by(Client.family_name, Client.given_name, Client.id)
    )
    return rows(list(clients), now)


def rows(clients: Sequence[Client], now: datetime) -> list[Row]:
    """The lines of these clients, in their order."""
    lines = {client.id: Row(client) for client in clients}
    relationships = people.relationships_of(list(lines))
    ids = [relationship.id for relationship in relationships]
    standing, invitation = standings(ids, now), people.latest_invitations(ids)
    for one in relationships:
        lines[one.client_id].people.append(Person(one, standing[one.id], invitation.get(one.id)))
    _add_weeks(lines, now)
    _add_sessions(lines, now)
    _add_lessons(lines)
    return list(lines.values())


def _add_weeks(lines: dict[int, Row], now: datetime) -> None:
    enrolments = db.session.scalars(
        select(Enrolment)
        .join(Enrolment.episode)
        .where(Episode.client_id.in_(lines), Episode.status == EpisodeStatus.ACTIVE)
        .options(contains_eager(Enrolment.episode), joinedload(Enrolment.track))
        .order_by(Enrolment.from_on)
    )
    for enrolment in enrolments:
        line = lines[enrolment.episode.client_id]
        today = clock.local_date(now, line.client.location.timezone)
        if enrolment.from_on <= today and (enrolment.to_on is None or enrolment.to_on >= today):
            line.week, line.weeks = program_week(enrolment.episode, today), enrolment.track.weeks


def _add_sessions(lines: dict[int, Row], now: datetime) -> None:
    sign_ups = db.session.scalars(
        select(SignUp)
        .join(SignUp.session)
        .join(SignUp.relationship)
        .where(
            Relationship.client_id.in_(lines),
            SignUp.state == SignUpState.PLACED,
            FamilySession.state == SessionState.PUBLISHED,
            FamilySession.starts_at > now,
        )
        .options(
            contains_eager(SignUp.session),
            contains_eager(SignUp.relationship),
            joinedload(SignUp.family_member),
        )
        .order_by(FamilySession.starts_at, FamilySession.id, SignUp.id)
    )
    by_client: dict[int, list[SignUp]] = defaultdict(list)
    for sign_up in sign_ups:
        assert sign_up.relationship is not None
        by_client[sign_up.relationship.client_id].append(sign_up)
    for client_id, found in by_client.items():
        soonest = found[0].session
        names = tuple(one.family_member.given_name for one in found if one.session_id == soonest.id)
        lines[client_id].next_session = NextSession(soonest, names)


def _add_lessons(lines: dict[int, Row]) -> None:
    counts = db.session.execute(
        select(Relationship.client_id, func.count(Assignment.id), func.count(Progress.finished_at))
        .join(Relationship, Assignment.relationship_id == Relationship.id)
        .outerjoin(
            Progress,
            (Progress.family_member_id == Relationship.family_member_id)
            & (Progress.module_id == Assignment.module_id),
        )
        .where(Relationship.client_id.in_(lines), Assignment.closed_at.is_(None))
        .group_by(Relationship.client_id)
    )
    for client_id, assigned, finished in counts:
        lines[client_id].lessons, lines[client_id].lessons_finished = assigned, finished
