"""Everybody hears of a change once: by mail, or by a call that is ticked off."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.consent import holding as consents
from portal.consent.models import Consent, HoldKind
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.core.errors import NotFound, Refused
from portal.disclosure.models import Channel, DisclosureEntry
from portal.oversight.models import Task
from portal.oversight.rules import TaskState
from portal.people.models import FamilyMember, Role, StaffMember
from portal.sessions import calls
from portal.sessions.calls import CallList
from portal.sessions.models import FamilySession, SessionKind, SignUp, SignUpState
from portal.sessions.models_telling import SessionChange, Telling
from portal.workflows import called, session_cancelled, session_moved
from tests.conftest import NOW
from tests.factories.consent import FACTORY, make_signed_consent
from tests.factories.mail import make_mail_reader
from tests.factories.people import make_client, make_family_member, make_staff
from tests.factories.sessions import make_session, make_sign_up


def evening(*people: FamilyMember, **values) -> tuple[FamilySession, list[SignUp]]:
    """A group of one client's family, each with a usable consent, in a week."""
    client = make_client()
    signed = [make_signed_consent(client=client, family_member=each) for each in people]
    session = make_session(kind=SessionKind.MULTI_FAMILY, location=client.location, **values)
    rows = [
        make_sign_up(session=session, relationship=each.relationship, queue_number=number)
        for number, each in enumerate(signed, 1)
    ]
    return session, rows


def desk_of(session: FamilySession) -> StaffMember:
    return make_staff(Role.COORDINATOR, location=session.location)


def move(session: FamilySession, **by: float) -> None:
    start = session.starts_at + timedelta(**by)
    with writing():
        session_moved.move(
            session_id=session.id,
            starts_at=start,
            ends_at=start + timedelta(minutes=90),
            actor=FACTORY,
            now=NOW,
        )


def cancel(session: FamilySession, now=NOW) -> None:
    with writing():
        session_cancelled.cancel(session_id=session.id, reason="weather", actor=FACTORY, now=now)


def list_of(staff: StaffMember, now=NOW) -> CallList:
    change_id = db.session.scalars(select(SessionChange.id).order_by(SessionChange.at.desc())).first()
    assert change_id is not None
    return calls.call_list(staff=staff, change_id=change_id, now=now)


def tick(staff: StaffMember, answer: str = "told", now=NOW) -> Telling:
    line = list_of(staff, now).to_call[0].telling
    with writing():
        return called.called(
            change_id=line.change_id,
            telling_id=line.id,
            answer=answer,
            actor=Actor("staff", staff.id),
            now=now,
        )


def test_whoever_chose_no_mail_stands_on_the_list_and_the_others_do_not(app: Flask) -> None:
    session, _rows = evening(make_mail_reader("places", given_name="Rosa"), make_family_member())
    move(session, days=1)
    found = list_of(desk_of(session))
    assert [line.sign_up.family_member.given_name for line in found.to_call] == ["Elena"]
    assert [line.sign_up.family_member.given_name for line in found.reached] == ["Rosa"]
    assert db.session.scalars(select(Task.subject)).all() == [f"change:{found.change.id}"]


def test_a_change_that_reaches_everybody_opens_no_task(app: Flask) -> None:
    session, _rows = evening(make_mail_reader("places"))
    cancel(session)
    assert list_of(desk_of(session)).to_call == []
    assert db.session.scalars(select(Task)).all() == []


def test_shortly_before_the_start_everybody_is_called(app: Flask) -> None:
    session, _rows = evening(make_mail_reader("places"), starts_at=NOW + timedelta(minutes=90))
    cancel(session)
    assert len(list_of(desk_of(session)).to_call) == 1


def test_a_tick_says_who_called_and_ends_the_task(app: Flask) -> None:
    session, _rows = evening(make_family_member())
    cancel(session)
    staff = desk_of(session)
    tick(staff)
    (line,) = list_of(staff).called
    assert (line.telling.called_by_id, line.telling.called_at) == (staff.id, NOW)
    assert db.session.scalars(select(Task.state)).all() == [TaskState.DONE]
    assert db.session.scalars(select(DisclosureEntry.channel)).all() == [Channel.PHONE]


def test_a_tick_can_be_taken_back_and_asks_again(app: Flask) -> None:
    session, _rows = evening(make_family_member())
    cancel(session)
    staff = desk_of(session)
    ticked = tick(staff)
    with writing():
        called.not_called(change_id=ticked.change_id, telling_id=ticked.id, actor=FACTORY, now=NOW)
    assert len(list_of(staff).to_call) == 1
    assert set(db.session.scalars(select(Task.state))) == {TaskState.DONE, TaskState.OPEN}


@pytest.mark.parametrize(
    ("answer", "state", "revision"),
    [
        ("comes", SignUpState.PLACED, 2),
        ("cannot_come", SignUpState.GIVEN_UP, 1),
        ("told", SignUpState.PLACED, 1),
    ],
)
def test_the_answer_on_the_telephone_is_kept_with_the_place(
    app: Flask, answer: str, state: SignUpState, revision: int
) -> None:
    session, (mine,) = evening(make_family_member())
    move(session, days=1)
    tick(desk_of(session), answer)
    row = db.session.get_one(SignUp, mine.id)
    assert (row.state, row.confirmed_for_revision) == (state, revision)


def test_nobody_is_called_once_the_consent_is_on_hold(app: Flask) -> None:
    session, (mine,) = evening(make_family_member())
    cancel(session)
    staff = desk_of(session)
    line = list_of(staff).to_call[0].telling
    with writing():
        consent = db.session.scalars(select(Consent)).one()
        consents.hold(consent=consent, kind=HoldKind.SPOKEN, actor=FACTORY, now=NOW)
    found = list_of(staff)
    assert (found.to_call, found.silent) == ([], 1)
    with pytest.raises(Refused, match="call_not_allowed"), writing():
        called.called(change_id=line.change_id, telling_id=line.id, answer="told", actor=FACTORY, now=NOW)
    assert db.session.get_one(Telling, line.id).called_at is None


def test_a_second_move_leaves_only_the_last_news_to_tell(app: Flask) -> None:
    session, _rows = evening(make_family_member())
    move(session, days=1)
    first = list_of(desk_of(session)).change.id
    with writing():
        session_moved.move(
            session_id=session.id,
            starts_at=session.starts_at + timedelta(days=2),
            ends_at=session.ends_at + timedelta(days=2),
            actor=FACTORY,
            now=NOW + timedelta(minutes=1),
        )
    staff = desk_of(session)
    assert calls.call_list(staff=staff, change_id=first, now=NOW).to_call == []
    assert len(list_of(staff).to_call) == 1


def test_a_therapist_sees_only_their_own_part_of_the_list(app: Flask) -> None:
    session, _rows = evening(make_family_member())
    cancel(session)
    stranger = make_staff(Role.THERAPIST, location=session.location)
    found = list_of(stranger)
    assert (found.to_call, found.hidden) == ([], 1)
    with pytest.raises(NotFound):
        calls.call_list(staff=make_staff(Role.THERAPIST), change_id=found.change.id, now=NOW)
