"""What staff do with a session: plan, publish, change, move, cancel, tick the roster."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime

from sqlalchemy import select

from portal.audit import service as audit
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import Refused, TooLate
from portal.sessions import client_part, conflicts, entering, evenings, places
from portal.sessions.models import FamilySession, SignUp
from portal.sessions.rules import (
    LIVE_SIGN_UP,
    TAKES_A_PLACE,
    Attendance,
    Event,
    Meeting,
    SessionKind,
    SessionState,
    SignUpState,
)

NOTE_MAX = 500
"""Characters of a logistics note."""

CANCEL_REASONS = ("facilitator_away", "building", "weather", "planning")
"""Neutral, from a fixed list; none of them says anything about a client."""


@dataclass(frozen=True)
class Plan:
    """What staff enter about a session, apart from when it is. Instants stand in `When`."""

    kind: SessionKind
    title_en: str
    title_es: str
    capacity: int
    meeting: Meeting = Meeting.IN_PERSON
    room: str = ""
    video_url: str = ""
    dial_in: str = ""
    bring_en: str = ""
    bring_es: str = ""
    held_in: str = "en"
    facilitator_id: int | None = None
    client_id: int | None = None
    """For a single family's evening alone."""
    module_code: str | None = None
    cutoff_minutes: int = 120
    opens_at: datetime | None = None
    sign_up_until: datetime | None = None
    needs_approval: bool = False
    is_private: bool = False
    with_client: bool = False
    companions: int = 0

    def with_capacity(self, capacity: int) -> "Plan":
        """The same with another number of places."""
        return replace(self, capacity=capacity)


def create(
    *,
    location_id: int,
    timezone: str,
    plan: Plan,
    starts_at: datetime,
    ends_at: datetime,
    actor: Actor,
    now: datetime,
    series_id: int | None = None,
) -> FamilySession:
    """Plan a session as a draft that no family sees. Raises Refused (see `_check`)."""
    _check(plan, starts_at, ends_at, now)
    session = FamilySession(
        location_id=location_id,
        timezone=timezone,
        starts_at=starts_at,
        ends_at=ends_at,
        created_at=now,
        series_id=series_id,
        **asdict(plan),
    )
    db.session.add(session)
    db.session.flush()
    audit.record(
        "session.created",
        actor=actor,
        now=now,
        client_id=plan.client_id,
        session_id=session.id,
        session_kind=plan.kind.value,
    )
    return session


def publish(*, session_id: int, actor: Actor, now: datetime) -> FamilySession:
    """Show a draft to families. Twice is the same as once.

    Raises Refused title_needs_both, bring_needs_both, starts_in_past.
    """
    evenings.hold_people(_series_of(session_id), now)
    session = places.locked(session_id)
    if session.state is SessionState.PUBLISHED:
        return session
    if session.state is SessionState.CANCELLED:
        raise Refused("session_is_cancelled")
    _check_publishable(session, now)
    session.state = SessionState.PUBLISHED
    audit.record("session.published", actor=actor, now=now, session_id=session.id)
    db.session.flush()
    evenings.fill_evening(session, actor=actor, now=now)
    _follow(session, actor, now)
    return session


def change(
    *, session_id: int, plan: Plan, actor: Actor, now: datetime, of_series: bool = False
) -> FamilySession:
    """Change anything but the time. Nobody loses a place when `capacity` shrinks; new
    places are offered in order. The kind and the client stay once somebody is signed up.
    `of_series`: as one of "this and later", not by itself.

    Raises Refused kind_is_fixed, title_needs_both, single_family_needs_client.
    """
    session = places.locked(session_id)
    _refuse_if_cancelled(session)
    _check_plan(plan)
    names = [name for name, value in asdict(plan).items() if getattr(session, name) != value]
    if {"kind", "client_id"} & set(names) and live_sign_ups(session_id):
        raise Refused("kind_is_fixed", field="kind")
    for name in names:
        setattr(session, name, getattr(plan, name))
    if names and session.series_id is not None and not of_series:
        session.is_changed = True
    if session.state is SessionState.PUBLISHED:
        _check_titles(session)
    if names:
        audit.record("session.changed", actor=actor, now=now, session_id=session.id, names=sorted(names))
        db.session.flush()
    places.pass_on(session, actor=actor, now=now)
    _follow(session, actor, now)
    return session


def move(
    *,
    session_id: int,
    starts_at: datetime,
    ends_at: datetime,
    actor: Actor,
    now: datetime,
    of_series: bool = False,
) -> list[SignUp]:
    """Move a session. Places are kept; whoever has one is asked "Can you still come?".

    The time revision rises only when the start changes. Returns the live sign-ups, so that
    the workflow can tell them. Raises Refused starts_in_past, ends_before_start.
    """
    session = places.locked(session_id)
    _refuse_if_cancelled(session)
    _check_times(starts_at, ends_at, now)
    affected = live_sign_ups(session_id)
    if (session.starts_at, session.ends_at) == (starts_at, ends_at):
        return []
    if session.starts_at != starts_at:
        session.time_revision += 1
        session.moved_at = now
    session.starts_at, session.ends_at = starts_at, ends_at
    if session.series_id is not None and not of_series:
        session.is_changed = True
    for sign_up in affected:
        if sign_up.offer_ends_at and sign_up.offer_ends_at > session.closes_at:
            sign_up.offer_ends_at = session.closes_at
        places.note(sign_up, "session_moved", actor=actor, now=now)
    audit.record(
        "session.moved",
        actor=actor,
        now=now,
        session_id=session.id,
        time_revision=session.time_revision,
        affected=len(affected),
    )
    _follow(session, actor, now)
    return affected


def cancel(*, session_id: int, reason: str, actor: Actor, now: datetime) -> list[SignUp]:
    """Cancel a session for good: every place ends, the waitlist is cleared.

    Twice is the same as once. Returns the sign-ups that ended, for the workflow to tell.
    """
    session = places.locked(session_id)
    if session.state is SessionState.CANCELLED:
        return []
    if reason not in CANCEL_REASONS:
        raise Refused("choose_a_reason", field="reason")
    affected = live_sign_ups(session_id)
    session.state = SessionState.CANCELLED
    session.cancelled_reason = reason
    for sign_up in affected:
        places.change(sign_up, Event.CANCEL_SESSION, actor=actor, now=now)
        entering.no_longer_asked(sign_up, actor=actor, now=now)
    conflicts.drop(session, actor=actor, now=now)
    audit.record(
        "session.cancelled",
        actor=actor,
        now=now,
        session_id=session.id,
        reason=reason,
        affected=len(affected),
    )
    return affected


def record_attendance(
    *, session_id: int, marks: Mapping[int, Attendance | None], actor: Actor, now: datetime
) -> int:
    """Write what was ticked on the roster, by sign-up; returns how many changed.

    Raises TooLate when a sign-up is no longer on the roster.
    """
    places.locked(session_id)
    placed = {row.id: row for row in live_sign_ups(session_id) if row.state is SignUpState.PLACED}
    if not set(marks) <= set(placed):
        raise TooLate
    changed = [placed[each] for each, mark in marks.items() if placed[each].attendance is not mark]
    for sign_up in changed:
        mark = marks[sign_up.id]
        sign_up.attendance = mark
        places.note(sign_up, f"attendance_{mark.value if mark else 'cleared'}", actor=actor, now=now)
    if changed:
        audit.record(
            "session.attendance_recorded", actor=actor, now=now, session_id=session_id, count=len(changed)
        )
    return len(changed)


def write_note(*, session_id: int, text: str, actor: Actor, now: datetime) -> FamilySession:
    """Write down what has to be thought of on the day. Raises Refused logistics_note_too_long."""
    session = places.locked(session_id)
    plain = text.replace("\r\n", "\n").strip()
    if len(plain) > NOTE_MAX:
        raise Refused("logistics_note_too_long", field="text", most=NOTE_MAX)
    if session.logistics_note != plain:
        session.logistics_note = plain
        audit.record("session.changed", actor=actor, now=now, session_id=session.id, names=["logistics_note"])
    return session


def live_sign_ups(session_id: int) -> list[SignUp]:
    """Everybody who has, is offered or waits for a place, in order."""
    query = (
        select(SignUp)
        .where(SignUp.session_id == session_id, SignUp.state.in_(LIVE_SIGN_UP))
        .order_by(SignUp.queue_number)
        .execution_options(populate_existing=True)
    )
    return list(db.session.scalars(query))


def places_taken(sign_ups: Sequence[SignUp]) -> int:
    """How many of these hold a place, offered ones included."""
    return sum(1 for sign_up in sign_ups if sign_up.state in TAKES_A_PLACE)


def _follow(session: FamilySession, actor: Actor, now: datetime) -> None:
    """Ask the clients who are to take part, and flag what the session overlaps."""
    if session.state is not SessionState.PUBLISHED:
        return
    if session.with_client:
        for client_id in _clients_of(session):
            client_part.ask(session=session, client_id=client_id, actor=actor, now=now)
    conflicts.flag(session, actor=actor, now=now)


def _clients_of(session: FamilySession) -> list[int]:
    if session.client_id is not None:
        return [session.client_id]
    found = {places.client_of(each) for each in live_sign_ups(session.id)}
    return sorted(each for each in found if each is not None)


def _series_of(session_id: int) -> int | None:
    return db.session.scalar(select(FamilySession.series_id).where(FamilySession.id == session_id))


def _check(plan: Plan, starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    _check_plan(plan)
    _check_times(starts_at, ends_at, now)


def _check_plan(plan: Plan) -> None:
    if not (plan.title_en or plan.title_es):
        raise Refused("title_missing", field="title_en")
    if (plan.kind is SessionKind.SINGLE_FAMILY) != (plan.client_id is not None):
        raise Refused("single_family_needs_client", field="client_id")


def _check_times(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    if starts_at <= now:
        raise Refused("starts_in_past", field="on")
    if ends_at <= starts_at:
        raise Refused("ends_before_start", field="minutes")


def _check_publishable(session: FamilySession, now: datetime) -> None:
    _check_titles(session)
    if session.starts_at <= now:
        raise Refused("starts_in_past", field="on")


def _check_titles(session: FamilySession) -> None:
    for name in ("title_en", "title_es"):
        if not getattr(session, name).strip():
            raise Refused("title_needs_both", field=name)
    if bool(session.bring_en.strip()) != bool(session.bring_es.strip()):
        raise Refused("bring_needs_both", field="bring_es" if session.bring_en else "bring_en")


def _refuse_if_cancelled(session: FamilySession) -> None:
    if session.state is SessionState.CANCELLED:
        raise Refused("session_is_cancelled")


def plan_of(session: FamilySession) -> Plan:
    """The plan as it stands, to be changed in part."""
    return Plan(**{each.name: getattr(session, each.name) for each in fields(Plan)})
