"""The client takes part: asked, agreed, declined; and what a session overlaps."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal.consent.rules import Scope
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.core.errors import NotFound, TooLate
from portal.oversight.models import Task
from portal.oversight.rules import TaskKind, TaskState
from portal.people.models import Client
from portal.schedule import appointments
from portal.schedule import service as schedule
from portal.sessions import client_part, conflicts, planning, service
from portal.sessions.models import FamilySession, SessionKind
from portal.sessions.models_company import ClientPart
from portal.sessions.overlap import Busy, What
from portal.sessions.overlap import conflicts as found
from portal.sessions.planning import Plan
from portal.workflows import session_moved
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.people import make_client, make_episode
from tests.factories.schedule import make_block, make_enrolment, make_track
from tests.factories.sessions import make_session

AT = datetime(2026, 3, 11, 22, 0, tzinfo=UTC)
STAFF = Actor("staff", None)


def busy(what: What, first: int, last: int, **values: Any) -> Busy:
    """From `first` to `last`, in minutes after AT."""
    return Busy(what, AT + timedelta(minutes=first), AT + timedelta(minutes=last), **values)


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([busy(What.PROGRAM, -30, 90)], []),
        ([busy(What.PROGRAM, 0, 60)], []),
        ([busy(What.PROGRAM, -60, 30), busy(What.PROGRAM, 30, 60)], []),
        ([busy(What.PROGRAM, 30, 90)], [What.PROGRAM]),
        ([busy(What.PROGRAM, 30, 90, is_family_hour=True)], []),
        ([busy(What.PROGRAM, 60, 120)], []),
        ([busy(What.SESSION, 59, 120)], [What.SESSION]),
        ([busy(What.SESSION, 60, 120)], []),
        ([busy(What.APPOINTMENT, -10, 70)], [What.APPOINTMENT]),
        ([busy(What.CLOSURE, 0, 60)], [What.CLOSURE]),
        ([busy(What.PROGRAM, -30, 90), busy(What.SESSION, 0, 60)], [What.SESSION]),
    ],
)
def test_what_gets_in_the_way_of_an_hour(others: list[Busy], expected: list[What]) -> None:
    assert [each.what for each in found(AT, AT + timedelta(minutes=60), others)] == expected


def for_family(client: Client, starts_at: datetime = AT) -> FamilySession:
    plan = Plan(
        kind=SessionKind.SINGLE_FAMILY,
        title_en="Our hour",
        title_es="Nuestra hora",
        capacity=4,
        client_id=client.id,
        with_client=True,
    )
    times: dict[str, Any] = {"starts_at": starts_at, "ends_at": starts_at + timedelta(minutes=50)}
    with writing():
        made = planning.create(
            location_id=client.location_id,
            timezone="America/New_York",
            plan=plan,
            **times,
            actor=STAFF,
            now=NOW,
        )
        return planning.publish(session_id=made.id, actor=STAFF, now=NOW)


def tasks() -> list[TaskKind]:
    return list(db.session.scalars(select(Task.kind).where(Task.state == TaskState.OPEN)))


def answer(session: FamilySession, client: Client) -> str:
    query = select(ClientPart.answer).where(
        ClientPart.session_id == session.id, ClientPart.client_id == client.id
    )
    return db.session.execute(query).scalar_one()


@pytest.mark.usefixtures("app")
def test_publishing_asks_the_client_who_agrees_or_declines_without_a_reason() -> None:
    client = make_client()
    session = for_family(client)
    who: dict[str, Any] = {
        "session_id": session.id,
        "client_id": client.id,
        "actor": Actor("client", client.id),
    }
    assert answer(session, client) == "asked"
    with writing():
        client_part.decline(**who, now=NOW)
    assert (answer(session, client), tasks()) == ("declined", [TaskKind.CLIENT_DECLINED])
    with writing():
        client_part.agree(**who, now=NOW)
    assert (answer(session, client), tasks()) == ("agreed", [])
    with pytest.raises(TooLate), writing():
        client_part.decline(**who, now=session.starts_at)
    with pytest.raises(NotFound), writing():
        client_part.agree(**{**who, "client_id": make_client().id}, now=NOW)


@pytest.mark.usefixtures("app")
def test_a_move_asks_the_client_again() -> None:
    client = make_client()
    session = for_family(client)
    with writing():
        part = client_part.agree(session_id=session.id, client_id=client.id, actor=STAFF, now=NOW)
        assert not client_part.asks_again(part)
    with writing():
        session_moved.move(
            session_id=session.id,
            starts_at=AT + timedelta(days=1),
            ends_at=AT + timedelta(days=1, minutes=50),
            actor=STAFF,
            now=NOW,
        )
    part = client_part.own_part(session_id=session.id, client_id=client.id)
    assert client_part.asks_again(part)


@pytest.mark.usefixtures("app")
def test_in_a_group_the_client_is_asked_when_their_relative_signs_up() -> None:
    consent = make_signed_consent(scopes={Scope.SESSIONS})
    group = make_session(kind=SessionKind.MULTI_FAMILY, location=consent.client.location, with_client=True)
    with writing():
        service.sign_up(session_id=group.id, family_member_id=consent.family_member_id, actor=STAFF, now=NOW)
    assert answer(group, consent.client) == "asked"


def in_program(client: Client) -> None:
    """Mondays to Thursdays, 5:30 to 8:30 pm in New York."""
    episode = make_episode(client=client)
    track = make_track(program=episode.program)
    make_block(track=track)
    make_enrolment(episode=episode, track=track)


@pytest.mark.usefixtures("app")
def test_inside_the_clients_own_block_it_replaces_the_hour_and_outside_it_is_flagged() -> None:
    client = make_client()
    in_program(client)
    inside = for_family(client, datetime(2026, 3, 11, 22, 0, tzinfo=UTC))  # 6:00 pm
    assert (conflicts.of_session(inside), tasks()) == ([], [])
    across = for_family(client, datetime(2026, 3, 12, 21, 0, tzinfo=UTC))  # 5:00 to 5:50 pm
    assert [each.busy.what for each in conflicts.of_session(across)] == [What.PROGRAM]
    assert tasks() == [TaskKind.CONFLICT]
    with writing():
        session_moved.move(
            session_id=across.id,
            starts_at=across.starts_at + timedelta(hours=1),
            ends_at=across.ends_at + timedelta(hours=1),
            actor=STAFF,
            now=NOW,
        )
    assert tasks() == []


@pytest.mark.usefixtures("app")
def test_the_worker_flags_what_a_change_of_the_schedule_has_moved_under_a_session() -> None:
    client = make_client()
    make_episode(client=client)
    session = for_family(client)
    later = NOW + timedelta(minutes=20)
    assert list(conflicts.due(later)) == []
    with writing():
        appointments.add(
            client=db.session.merge(client),
            start=datetime(2026, 3, 11, 18, 30),
            minutes=60,
            label="Dentist",
            actor=STAFF,
            now=later,
        )
    assert list(conflicts.due(later)) == [session.id]
    with writing():
        conflicts.look_again(session.id, actor=STAFF, now=later)
    assert [each.busy.what for each in conflicts.of_session(session)] == [What.APPOINTMENT]
    assert tasks() == [TaskKind.CONFLICT]


@pytest.mark.usefixtures("app")
def test_another_session_and_a_closure_are_flagged_when_the_schedule_changes() -> None:
    client = make_client()
    first, second = for_family(client), for_family(client)
    assert [each.busy.what for each in conflicts.of_session(second)] == [What.SESSION]
    assert len(tasks()) == 1
    with writing():
        planning.cancel(session_id=first.id, reason="planning", actor=STAFF, now=NOW)
        conflicts.recheck(actor=STAFF, now=NOW, client_ids=[client.id])
    assert tasks() == []
    with writing():
        schedule.close(
            location=db.session.merge(client).location,
            from_on=AT.date(),
            to_on=AT.date(),
            reason="weather",
            actor=STAFF,
            now=NOW,
        )
        assert conflicts.recheck(actor=STAFF, now=NOW, location_id=client.location_id) == 1
    assert tasks() == [TaskKind.CONFLICT]
    with writing():
        client_part.decline(session_id=second.id, client_id=client.id, actor=STAFF, now=NOW)
    assert [each.busy.what for each in conflicts.of_session(second)] == [What.CLOSURE]
