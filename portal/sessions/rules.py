"""The rules of places: who gets one, who is next, until when. Pure: no clock, no database.

The table of a sign-up's states is `TRANSITIONS`; who is next in line is `next_in_line`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class SessionKind(StrEnum):
    """What sort of evening it is. The last two are open: they need no consent."""

    SINGLE_FAMILY = "single_family"
    MULTI_FAMILY = "multi_family"
    EDUCATION_EVENING = "education_evening"
    OPEN_HOUSE = "open_house"


OPEN_KINDS: frozenset[SessionKind] = frozenset({SessionKind.EDUCATION_EVENING, SessionKind.OPEN_HOUSE})


class Meeting(StrEnum):
    """How people meet."""

    IN_PERSON = "in_person"
    VIDEO = "video"
    BOTH = "both"


class SessionState(StrEnum):
    """FHIR Appointment.status, as far as a group needs it."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


class SignUpState(StrEnum):
    """FHIR Appointment.participant; the last four are final."""

    REQUESTED = "requested"
    """Staff decide first; no place is held meanwhile."""
    PLACED = "placed"
    WAITLISTED = "waitlisted"
    OFFERED = "offered"
    """A freed place is held for this person until `offer_ends_at`."""
    GIVEN_UP = "given_up"
    DECLINED = "declined"
    """Staff said no; the person is asked to call, and reads no reason."""
    ACCESS_ENDED = "access_ended"
    SESSION_CANCELLED = "session_cancelled"


TAKES_A_PLACE: frozenset[SignUpState] = frozenset({SignUpState.PLACED, SignUpState.OFFERED})
LIVE_SIGN_UP: frozenset[SignUpState] = TAKES_A_PLACE | {SignUpState.WAITLISTED, SignUpState.REQUESTED}


class ClientAnswer(StrEnum):
    """What the client said to a session that they are to take part in. No reason is asked."""

    ASKED = "asked"
    AGREED = "agreed"
    DECLINED = "declined"


class Interpreter(StrEnum):
    """Into which language somebody wants to be interpreted."""

    SPANISH = "es"
    ENGLISH = "en"
    SIGN_LANGUAGE = "sign"
    OTHER = "other"


class AccessNeed(StrEnum):
    """What somebody needs in order to take part; what it is exactly, the office asks by telephone."""

    STEP_FREE = "step_free"
    HEARING = "hearing"
    SIGHT = "sight"
    OTHER = "other"


class Attendance(StrEnum):
    """What staff ticked at the door."""

    ARRIVED = "arrived"
    NO_SHOW = "no_show"
    LATE_CANCEL = "late_cancel"


class Event(StrEnum):
    """What can happen to a sign-up."""

    APPROVE = "approve"
    LINE_UP = "line_up"
    """Staff said yes, but all places are taken."""
    DECLINE = "decline"
    OFFER = "offer"
    PLACE = "place"
    """Staff give the place out of turn, with a reason."""
    TAKE = "take"
    LET_GO = "let_go"
    EXPIRE = "expire"
    GIVE_UP = "give_up"
    END_ACCESS = "end_access"
    CANCEL_SESSION = "cancel_session"


TRANSITIONS: dict[tuple[SignUpState, Event], SignUpState] = {
    (SignUpState.REQUESTED, Event.APPROVE): SignUpState.PLACED,
    (SignUpState.REQUESTED, Event.LINE_UP): SignUpState.WAITLISTED,
    (SignUpState.REQUESTED, Event.DECLINE): SignUpState.DECLINED,
    (SignUpState.REQUESTED, Event.GIVE_UP): SignUpState.GIVEN_UP,
    (SignUpState.REQUESTED, Event.END_ACCESS): SignUpState.ACCESS_ENDED,
    (SignUpState.REQUESTED, Event.CANCEL_SESSION): SignUpState.SESSION_CANCELLED,
    (SignUpState.WAITLISTED, Event.OFFER): SignUpState.OFFERED,
    (SignUpState.WAITLISTED, Event.PLACE): SignUpState.PLACED,
    (SignUpState.WAITLISTED, Event.GIVE_UP): SignUpState.GIVEN_UP,
    (SignUpState.WAITLISTED, Event.END_ACCESS): SignUpState.ACCESS_ENDED,
    (SignUpState.WAITLISTED, Event.CANCEL_SESSION): SignUpState.SESSION_CANCELLED,
    (SignUpState.OFFERED, Event.TAKE): SignUpState.PLACED,
    (SignUpState.OFFERED, Event.LET_GO): SignUpState.GIVEN_UP,
    (SignUpState.OFFERED, Event.EXPIRE): SignUpState.GIVEN_UP,
    (SignUpState.OFFERED, Event.GIVE_UP): SignUpState.GIVEN_UP,
    (SignUpState.OFFERED, Event.END_ACCESS): SignUpState.ACCESS_ENDED,
    (SignUpState.OFFERED, Event.CANCEL_SESSION): SignUpState.SESSION_CANCELLED,
    (SignUpState.PLACED, Event.GIVE_UP): SignUpState.GIVEN_UP,
    (SignUpState.PLACED, Event.END_ACCESS): SignUpState.ACCESS_ENDED,
    (SignUpState.PLACED, Event.CANCEL_SESSION): SignUpState.SESSION_CANCELLED,
}
"""The whole machine. An offer ends once: whoever lets it pass may ask again, at the end of the line."""

LONGEST = timedelta(days=1)
"""No session lasts longer."""

OFFER_LENGTH = timedelta(hours=24)
SHORTEST_OFFER = timedelta(hours=1)
JOIN_BEFORE = timedelta(minutes=15)
"""Video link and dial-in are shown from this long before the start."""


def next_state(state: SignUpState, event: Event) -> SignUpState | None:
    """The state after `event`, or None where it cannot happen."""
    return TRANSITIONS.get((state, event))


def places_left(capacity: int, taken: int) -> int:
    """How many places are free; 0 when capacity was lowered below what is taken."""
    return max(0, capacity - taken)


def first_state(places_left: int) -> SignUpState:
    """What somebody gets who signs up now."""
    return SignUpState.PLACED if places_left > 0 else SignUpState.WAITLISTED


@dataclass(frozen=True)
class Waiting:
    """One person in line. `skip_reason` says why a place cannot be offered to them now."""

    sign_up_id: int
    queue_number: int
    skip_reason: str | None = None
    person_id: int = 0
    apart_from: frozenset[int] = frozenset()
    """The people who are never in one session with this one."""


@dataclass(frozen=True)
class Turn:
    """Who is offered a place, in order, and whom that passes over, each with the reason."""

    chosen: tuple[int, ...] = ()
    skipped: tuple[tuple[int, str], ...] = ()


KEPT_APART = "kept_apart"


def next_in_line(waiting: Sequence[Waiting], places: int, present: Collection[int] = ()) -> Turn:
    """Who gets the `places` that are free: strictly by queue number. The table is in docs/waitlist.md.

    Somebody who cannot be offered one keeps their place in line; they count as skipped
    only if a place went to somebody behind them. `present`: the people who hold a place.
    """
    chosen: list[int] = []
    skipped: list[tuple[int, str]] = []
    passed: list[tuple[int, str]] = []
    there = set(present)
    for person in sorted(waiting, key=lambda each: each.queue_number):
        if len(chosen) >= places:
            break
        reason = person.skip_reason or (KEPT_APART if person.apart_from & there else None)
        if reason:
            passed.append((person.sign_up_id, reason))
        else:
            chosen.append(person.sign_up_id)
            there.add(person.person_id)
            skipped += passed
            passed = []
    return Turn(tuple(chosen), tuple(skipped))


def closes_at(starts_at: datetime, cutoff_minutes: int) -> datetime:
    """The instant from which people no longer sign up, give up or take an offer themselves."""
    return starts_at - timedelta(minutes=cutoff_minutes)


def is_open(state: SessionState, closes_at: datetime, now: datetime) -> bool:
    """Whether a person may still change their own place."""
    return state is SessionState.PUBLISHED and now < closes_at


def is_staff_open(state: SessionState, ends_at: datetime, now: datetime) -> bool:
    """Whether staff may still enter somebody: until the end, for whoever walks in."""
    return state is SessionState.PUBLISHED and now < ends_at


def may_join(starts_at: datetime, ends_at: datetime, now: datetime) -> bool:
    """Whether the video link and the dial-in are shown: near the start, until the end."""
    return starts_at - JOIN_BEFORE <= now < ends_at


def month_ends_at(now: datetime, zone: str) -> datetime:
    """The first instant (UTC) of the next month in `zone`."""
    local = now.astimezone(ZoneInfo(zone))
    year, month = (local.year + 1, 1) if local.month == 12 else (local.year, local.month + 1)
    return datetime(year, month, 1, tzinfo=ZoneInfo(zone)).astimezone(now.tzinfo)


def offer_ends_at(
    now: datetime, latest: datetime, *, zone: str, quiet_from: time, quiet_until: time
) -> datetime:
    """Until when an offer made at `now` holds; never after `latest`, the cut-off.

    It lasts 24 hours, or a quarter of what is left if that is shorter, but an hour at
    least. The clock of an offer stands still in the quiet hours of `zone`.
    """
    length = min(OFFER_LENGTH, max(SHORTEST_OFFER, (latest - now) / 4))
    return min(latest, _after_waking(now, length, zone, quiet_from, quiet_until))


def _after_waking(
    now: datetime, length: timedelta, zone: str, quiet_from: time, quiet_until: time
) -> datetime:
    """`now` plus `length` of time outside the quiet hours."""
    if quiet_from == quiet_until:
        return now + length
    at = now
    while True:
        quiet_starts, quiet_ends = _quiet_span(at, zone, quiet_from, quiet_until)
        if quiet_starts <= at:
            at = quiet_ends
            continue
        if at + length <= quiet_starts:
            return at + length
        length -= quiet_starts - at
        at = quiet_ends


def _quiet_span(at: datetime, zone: str, quiet_from: time, quiet_until: time) -> tuple[datetime, datetime]:
    """The quiet hours that hold at the instant `at`, or the next ones."""
    local = ZoneInfo(zone)
    today = at.astimezone(local).date()
    nights = 1 if quiet_until <= quiet_from else 0
    for offset in (-1, 0, 1):
        day = today + timedelta(days=offset)
        starts = datetime.combine(day, quiet_from, local).astimezone(at.tzinfo)
        ends = datetime.combine(day + timedelta(days=nights), quiet_until, local).astimezone(at.tzinfo)
        if ends > at:
            return starts, ends
    raise AssertionError("a day always holds its own night")


TELL_FROM, TELL_UNTIL = time(6), time(21)


def tell_at(now: datetime, zone: str) -> datetime:
    """When news about a person's own place may reach them: never at night in `zone`."""
    local = ZoneInfo(zone)
    here = now.astimezone(local)
    if TELL_FROM <= here.time() < TELL_UNTIL:
        return now
    day = here.date() + timedelta(days=1 if here.time() >= TELL_UNTIL else 0)
    return datetime.combine(day, TELL_FROM, local).astimezone(now.tzinfo)
