"""The center closes for today in one step, and opens again without a word to anybody."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.audit.models import AuditEntry
from portal.center.models import Location
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.core.errors import Refused, TooLate
from portal.mail.models import MessageState, OutboundMessage
from portal.people.models import FamilyMember, Role, StaffMember
from portal.schedule.models import Closure
from portal.sessions import calls
from portal.sessions.models import FamilySession, SessionKind, SessionState, SignUp, SignUpState
from portal.sessions.models_telling import ClosedDay
from portal.sessions.reach import ChangeKind
from portal.workflows import center_closed
from portal.workflows.center_closed import Fate
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.mail import make_mail_reader
from tests.factories.people import make_client, make_family_member, make_staff
from tests.factories.sessions import make_session, make_sign_up

LATER = NOW + timedelta(hours=1)


def evening(*people: FamilyMember, capacity: int = 8, **values) -> FamilySession:
    """A group this evening; whoever does not fit waits."""
    client = make_client()
    session = make_session(
        kind=SessionKind.MULTI_FAMILY,
        location=client.location,
        capacity=capacity,
        starts_at=NOW + timedelta(hours=8),
        **values,
    )
    for number, person in enumerate(people, 1):
        consent = make_signed_consent(client=client, family_member=person)
        make_sign_up(
            session=session,
            relationship=consent.relationship,
            queue_number=number,
            state=SignUpState.PLACED if number <= capacity else SignUpState.WAITLISTED,
        )
    return session


def desk_of(session: FamilySession) -> StaffMember:
    return make_staff(Role.COORDINATOR, location=session.location)


def close(staff: StaffMember, *fates: Fate, location: Location, now=NOW) -> ClosedDay:
    with writing():
        return center_closed.close(
            location=location, reason="weather", fates=fates, actor=Actor("staff", staff.id), now=now
        )


def open_again(staff: StaffMember, day: ClosedDay, *sessions: FamilySession, tell: bool = False) -> None:
    with writing():
        center_closed.open_again(
            day=db.session.get_one(ClosedDay, day.id),
            session_ids=[each.id for each in sessions],
            tell=tell,
            actor=Actor("staff", staff.id),
            now=LATER,
        )


def states() -> list[tuple[str, int]]:
    query = select(FamilySession.state, func.count()).group_by(FamilySession.state)
    return sorted((state.value, count) for state, count in db.session.execute(query))


def mails() -> list[tuple[str, str]]:
    rows = db.session.execute(select(OutboundMessage.kind, OutboundMessage.state))
    return sorted((kind, state.value) for kind, state in rows)


def test_closing_cancels_moves_and_keeps_in_one_step(app: Flask) -> None:
    first = evening(make_mail_reader("places"))
    moved, kept = (
        make_session(location=first.location, starts_at=NOW + timedelta(hours=each)) for each in (3, 4)
    )
    staff = desk_of(first)
    tomorrow = moved.starts_at + timedelta(days=1)
    close(
        staff,
        Fate(first.id),
        Fate(moved.id, starts_at=tomorrow),
        Fate(kept.id, is_kept=True),
        location=first.location,
    )
    assert states() == [("cancelled", 1), ("published", 2)]
    assert db.session.get_one(FamilySession, moved.id).starts_at == tomorrow
    assert db.session.scalars(select(Closure.from_on)).all() == [NOW.date()]
    assert mails() == [("session_cancelled", "queued")]
    assert "center.closed_today" in set(db.session.scalars(select(AuditEntry.kind)))


def test_a_session_that_appeared_meanwhile_stops_everything(app: Flask) -> None:
    session = evening()
    make_session(location=session.location, starts_at=NOW + timedelta(hours=2))
    with pytest.raises(TooLate):
        close(desk_of(session), Fate(session.id), location=session.location)
    assert db.session.scalars(select(Closure)).all() == []
    assert states() == [("published", 2)]


def test_a_move_that_cannot_be_leaves_nothing_half_done(app: Flask) -> None:
    session = evening(make_family_member())
    with pytest.raises(Refused, match="starts_in_past"):
        close(
            desk_of(session),
            Fate(session.id, starts_at=NOW - timedelta(hours=1)),
            location=session.location,
        )
    assert db.session.scalars(select(ClosedDay)).all() == []
    assert mails() == []


def test_a_center_is_not_closed_twice(app: Flask) -> None:
    session = evening()
    staff = desk_of(session)
    close(staff, Fate(session.id), location=session.location)
    with pytest.raises(Refused, match="center_closed_already"):
        close(staff, location=session.location)


def test_opening_again_stops_the_mail_that_has_not_left_and_writes_none(app: Flask) -> None:
    session = evening(make_mail_reader("places"))
    staff = desk_of(session)
    day = close(staff, Fate(session.id), location=session.location)
    open_again(staff, day, session)
    assert mails() == [("session_cancelled", "dropped")]
    assert states() == [("cancelled", 1), ("published", 1)]
    assert db.session.scalars(select(Closure)).all() == []
    (cancelled, again) = calls.of_closed_day(staff=staff, closed_day=day, now=LATER)
    assert (cancelled.to_call, again.to_call) == ([], [])
    assert again.change.kind is ChangeKind.HELD_AGAIN


def test_everybody_gets_their_place_or_turn_back_and_is_asked(app: Flask) -> None:
    session = evening(make_family_member(), make_family_member(), capacity=1)
    staff = desk_of(session)
    day = close(staff, Fate(session.id), location=session.location)
    open_again(staff, day, session)
    live = db.session.scalars(
        select(SignUp).join(SignUp.session).where(FamilySession.state == SessionState.PUBLISHED)
    ).all()
    assert sorted((each.queue_number, each.state.value) for each in live) == [
        (1, "placed"),
        (2, "waitlisted"),
    ]
    assert {each.confirmed_for_revision for each in live} == {0}


@pytest.mark.parametrize(("tell", "queued"), [(False, 0), (True, 1)])
def test_whoever_heard_is_called_and_written_to_only_on_purpose(app: Flask, tell: bool, queued: int) -> None:
    session = evening(make_mail_reader("places"), make_family_member())
    staff = desk_of(session)
    day = close(staff, Fate(session.id), location=session.location)
    with writing():
        for message in db.session.scalars(select(OutboundMessage)):
            heard = message.reader_id == session_reader(session)
            message.state = MessageState.SENT if heard else MessageState.DROPPED
    open_again(staff, day, session, tell=tell)
    assert len([each for each in mails() if each == ("session_changed", "queued")]) == queued
    again = calls.of_closed_day(staff=staff, closed_day=day, now=LATER)[-1]
    assert len(again.to_call) == 1 - queued  # the other never heard of the cancellation


def session_reader(session: FamilySession) -> int:
    query = select(SignUp.family_member_id).where(SignUp.session_id == session.id, SignUp.queue_number == 1)
    return db.session.scalars(query).one()


def test_a_planned_closure_of_that_day_is_left_standing(app: Flask) -> None:
    session = evening()
    staff = desk_of(session)
    with writing():
        db.session.add(
            Closure(location_id=session.location_id, from_on=NOW.date(), to_on=NOW.date(), reason="holiday")
        )
    day = close(staff, Fate(session.id), location=session.location)
    open_again(staff, day)
    assert len(db.session.scalars(select(Closure)).all()) == 1
