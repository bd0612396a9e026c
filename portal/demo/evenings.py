"""A month of family sessions: past ones with attendance, one that is full, one with a last place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from portal.core.actor import Actor
from portal.demo.families import Family, is_usable
from portal.demo.office import ZONE, Office
from portal.people.models import FamilyMember
from portal.schedule.rules import instant
from portal.sessions import planning, service
from portal.sessions.models import Attendance, FamilySession, Meeting, SessionKind, SignUp
from portal.sessions.planning import Plan

PAST_WEEKS = (2, 1)
COMING_WEEKS = 4
FULL_CAPACITY = 6
WAITING = 2
TALK_CAPACITY = 8


@dataclass(frozen=True)
class When:
    """A local day and time, and how long it lasts."""

    on: date
    at: time
    minutes: int = 60

    @property
    def start(self) -> datetime:
        """The instant of the start."""
        return instant(datetime.combine(self.on, self.at), ZONE)


def plan_all(office: Office, families: Sequence[Family]) -> None:
    """Past evenings first, then the month to come, with places in them."""
    usable = [family for family in families if is_usable(family)]
    people = _different([family for family in usable if family.consent.family_member.user_id])
    early = [one for one, family in people if family.weeks >= 4]
    for weeks in PAST_WEEKS:
        _past_evening(office, weeks, early)
    readers = sorted((one for one, _ in people), key=lambda one: one.given_name != "Elena")
    first, *others = [
        _evening(office, week, FULL_CAPACITY if week == 0 else 10) for week in range(COMING_WEEKS)
    ]
    _fill(office, first, readers[: FULL_CAPACITY + WAITING])
    for number, evening in enumerate(others):
        _fill(office, evening, readers[number : number + 5])
    talk, _ = _open_evenings(office)
    _fill(office, talk, readers[1:TALK_CAPACITY])
    _own_families(office, usable)


def _different(families: Sequence[Family]) -> list[tuple[FamilyMember, Family]]:
    found = {family.consent.family_member_id: family for family in families}
    return [(family.consent.family_member, family) for family in found.values()]


def _tuesday(office: Office) -> date:
    """The first Tuesday after today."""
    return office.today + timedelta(days=(1 - office.today.weekday()) % 7 or 7)


def _evening(office: Office, week: int, capacity: int) -> FamilySession:
    """The multi-family group: the Tuesday hour of the evening track."""
    plan = Plan(
        kind=SessionKind.MULTI_FAMILY,
        title_en="Families together",
        title_es="Familias reunidas",
        bring_en="Nothing. Coffee and tea are there.",
        bring_es="Nada. Hay café y té.",
        capacity=capacity,
        room="Room 2",
        facilitator_id=office.therapists[0].id,
        module_code="m03" if week == 0 else None,
    )
    return _planned(office, plan, When(_tuesday(office) + timedelta(weeks=week), time(19, 30)))


def _past_evening(office: Office, weeks: int, people: Sequence[FamilyMember]) -> None:
    when = When(_tuesday(office) - timedelta(weeks=weeks + 1), time(19, 30))
    asked_at = when.start - timedelta(days=2)
    plan = Plan(
        kind=SessionKind.MULTI_FAMILY,
        title_en="Families together",
        title_es="Familias reunidas",
        capacity=10,
        room="Room 2",
        facilitator_id=office.therapists[0].id,
    )
    session = _planned(office, plan, when, at=asked_at - timedelta(days=1))
    given = [_sign_up(session, person, asked_at) for person in people[:6]]
    marks = {
        one.id: Attendance.NO_SHOW if number == 4 else Attendance.ARRIVED for number, one in enumerate(given)
    }
    planning.record_attendance(
        session_id=session.id,
        marks=marks,
        actor=_therapist(office),
        now=when.start + timedelta(hours=1),
    )


def _open_evenings(office: Office) -> tuple[FamilySession, FamilySession]:
    """Open to everybody: one has a single place left, one is still empty."""
    thursday = _tuesday(office) + timedelta(days=2)
    talk = Plan(
        kind=SessionKind.EDUCATION_EVENING,
        title_en="Talking when it is hard",
        title_es="Hablar cuando es difícil",
        capacity=TALK_CAPACITY,
        room="Room 1",
        facilitator_id=office.therapists[1].id,
    )
    online = Plan(
        kind=SessionKind.EDUCATION_EVENING,
        title_en="Limits that hold",
        title_es="Límites que se sostienen",
        held_in="es",
        capacity=20,
        meeting=Meeting.VIDEO,
        video_url="https://video.example/water-street",
        dial_in="(555) 010-0177",
        facilitator_id=office.therapists[1].id,
    )
    house = Plan(
        kind=SessionKind.OPEN_HOUSE,
        title_en="An open morning",
        title_es="Una mañana abierta",
        capacity=40,
        room="Room 1",
    )
    saturday = thursday + timedelta(days=16)
    _planned(office, house, When(saturday, time(10), 120))
    return (
        _planned(office, talk, When(thursday, time(18), 90)),
        _planned(office, online, When(thursday + timedelta(weeks=1), time(18), 90)),
    )


def _own_families(office: Office, usable: Sequence[Family]) -> None:
    """A meeting of one family alone, for three of them; the relative has a place in it."""
    for number, name in enumerate(("Elena", "Anil", "Rosa")):
        family = next(one for one in usable if one.relative.given_name == name)
        plan = Plan(
            kind=SessionKind.SINGLE_FAMILY,
            title_en="A meeting for your family",
            title_es="Una reunión para su familia",
            held_in=family.relative.language,
            capacity=4,
            room="Room 3",
            client_id=family.client.id,
            facilitator_id=office.therapists[0].id,
        )
        when = When(_working_day(office.today + timedelta(days=2 + number)), time(16), 50)
        _fill(office, _planned(office, plan, when), [family.consent.family_member])


def _working_day(on: date) -> date:
    """The day itself, or the Monday after a weekend."""
    return on + timedelta(days=7 - on.weekday()) if on.weekday() >= 5 else on


def _planned(office: Office, plan: Plan, when: When, at: datetime | None = None) -> FamilySession:
    at = at or office.now - timedelta(days=3)
    session = planning.create(
        location_id=office.location.id,
        timezone=ZONE,
        plan=plan,
        starts_at=when.start,
        ends_at=when.start + timedelta(minutes=when.minutes),
        actor=_therapist(office),
        now=at,
    )
    return planning.publish(session_id=session.id, actor=_therapist(office), now=at)


def _fill(office: Office, session: FamilySession, people: Sequence[FamilyMember]) -> None:
    for person in people:
        _sign_up(session, person, office.now - timedelta(minutes=40))


def _sign_up(session: FamilySession, person: FamilyMember, at: datetime) -> SignUp:
    return service.sign_up(
        session_id=session.id, family_member_id=person.id, actor=Actor("family", person.id), now=at
    )


def _therapist(office: Office) -> Actor:
    return Actor("staff", office.therapists[0].id)
