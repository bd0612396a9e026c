"""Requests, companions, people under 18, private sessions, needs, keep-apart flags."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.consent.models import Consent
from portal.consent.rules import Scope
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.core.errors import NotFound, Refused
from portal.oversight.models import Task
from portal.oversight.rules import TaskState
from portal.people.models import Client
from portal.sessions import apart, approvals, client_part, companions, entering, invited, queries, service
from portal.sessions.models import FamilySession, SessionKind, SignUp, SignUpEvent, SignUpState
from portal.sessions.rules import AccessNeed, Interpreter
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.people import make_client, make_family_member
from tests.factories.sessions import make_session

pytestmark = pytest.mark.usefixtures("app")
STAFF = Actor("staff", None)


def group(client: Client, **values: object) -> FamilySession:
    return make_session(kind=SessionKind.MULTI_FAMILY, location=client.location, **values)


def person(client: Client, **values: object) -> Consent:
    member = make_family_member(**values)
    return make_signed_consent(client=client, family_member=member, scopes={Scope.SESSIONS})


def ask(session: FamilySession, consent: Consent, actor: Actor | None = None, **values: object) -> SignUp:
    who = actor or Actor("family", consent.family_member_id)
    wish: dict[str, Any] = {"now": NOW, **values}
    with writing():
        return service.sign_up(
            session_id=session.id,
            family_member_id=consent.family_member_id,
            actor=who,
            **wish,
        )


def state(mine: SignUp) -> SignUpState:
    return db.session.execute(select(SignUp.state).where(SignUp.id == mine.id)).scalar_one()


def tasks() -> list[tuple[str, str]]:
    query = select(Task.kind, Task.subject).where(Task.state == TaskState.OPEN)
    return [(kind.value, subject) for kind, subject in db.session.execute(query)]


def flagged(one: Consent, other: Consent) -> None:
    with writing():
        apart.keep_apart(
            family_member_id=one.family_member_id,
            other_family_member_id=other.family_member_id,
            reason="court_order",
            actor=STAFF,
            now=NOW,
        )


# --- a request that staff decide on


def test_a_request_holds_no_place_and_is_a_task() -> None:
    client = make_client()
    session = group(client, needs_approval=True, capacity=1)
    mine = ask(session, person(client))
    assert state(mine) is SignUpState.REQUESTED
    assert tasks() == [("approval", f"session:{session.id}/{mine.id}")]
    assert state(ask(session, person(client), STAFF)) is SignUpState.PLACED  # staff give places themselves


@pytest.mark.parametrize(("capacity", "expected"), [(1, "placed"), (0, "waitlisted")])
def test_staff_say_yes_to_a_place_or_to_a_turn_in_line(capacity: int, expected: str) -> None:
    client = make_client()
    mine = ask(group(client, needs_approval=True, capacity=capacity), person(client))
    for _ in range(2):
        with writing():
            approvals.approve(sign_up_id=mine.id, actor=STAFF, now=NOW)
    assert (state(mine), tasks()) == (expected, [])


def test_staff_say_no_with_a_reason_that_the_person_never_reads() -> None:
    client = make_client()
    session, consent = group(client, needs_approval=True), person(client)
    mine = ask(session, consent)
    with pytest.raises(Refused, match="choose_a_reason"), writing():
        approvals.decline(sign_up_id=mine.id, reason="because", actor=STAFF, now=NOW)
    with writing():
        approvals.decline(sign_up_id=mine.id, reason="talk_first", actor=STAFF, now=NOW)
    assert (state(mine), tasks()) == (SignUpState.DECLINED, [])
    assert "talk_first" in list(db.session.scalars(select(SignUpEvent.reason)))
    with pytest.raises(Refused, match="not_open_for_you"):
        ask(session, consent)


def test_a_request_taken_back_is_no_task_any_more() -> None:
    client = make_client()
    mine = ask(group(client, needs_approval=True), person(client))
    with writing():
        service.give_up(sign_up_id=mine.id, actor=STAFF, now=NOW)
    assert (state(mine), tasks()) == (SignUpState.GIVEN_UP, [])


# --- when one may sign up


@pytest.mark.parametrize(
    ("minutes", "code"), [(-1, "sign_up_not_open"), (0, None), (119, None), (120, "sign_up_closed")]
)
def test_own_sign_up_has_an_opening_and_a_close(minutes: int, code: str | None) -> None:
    client = make_client()
    opens = NOW + timedelta(days=1)
    session = group(client, opens_at=opens, sign_up_until=opens + timedelta(hours=2))
    consent, at = person(client), opens + timedelta(minutes=minutes)
    assert state(ask(session, person(client), STAFF, now=at)) is SignUpState.PLACED
    if code:
        with pytest.raises(Refused, match=code):
            ask(session, consent, now=at)
    else:
        assert state(ask(session, consent, now=at)) is SignUpState.PLACED


# --- private sessions


def test_a_private_session_is_not_there_for_whoever_is_not_invited() -> None:
    client = make_client()
    session, guest, other = group(client, is_private=True), person(client), person(client)
    with writing():
        new: dict[str, Any] = {"session_id": session.id, "family_member_ids": [guest.family_member_id]}
        assert invited.invite(**new, actor=STAFF, now=NOW) == 1
        assert invited.invite(**new, actor=STAFF, now=NOW) == 0
    look: dict[str, Any] = {"session_id": session.id, "now": NOW}
    assert queries.session_for(family_member_id=guest.family_member_id, **look).session.id == session.id
    with pytest.raises(NotFound):
        queries.session_for(family_member_id=other.family_member_id, **look)
    with pytest.raises(NotFound):
        ask(session, other)
    assert state(ask(session, guest)) is SignUpState.PLACED


def test_an_invitation_without_a_permission_shows_nothing() -> None:
    session, stranger = group(make_client(), is_private=True), make_family_member()
    with writing():
        invited.invite(session_id=session.id, family_member_ids=[stranger.id], actor=STAFF, now=NOW)
    with pytest.raises(NotFound):
        queries.session_for(family_member_id=stranger.id, session_id=session.id, now=NOW)


# --- companions, people under 18


def bring(mine: SignUp, name: str, *, is_minor: bool = False) -> SignUp:
    with writing():
        return companions.bring(
            sign_up_id=mine.id, name=name, is_minor=is_minor, actor=Actor("family", 1), now=NOW
        )


def test_a_companion_with_a_permission_of_their_own_gets_a_place_of_their_own() -> None:
    client = make_client()
    rosa = person(client, given_name="Rosa", family_name="Vega")
    mine = ask(group(client, companions=1), person(client))
    theirs = bring(mine, "  rosa   VEGA ")
    assert (theirs.relationship_id, theirs.state) == (rosa.relationship_id, SignUpState.PLACED)
    with writing():
        service.give_up(sign_up_id=mine.id, actor=STAFF, now=NOW)
    assert state(theirs) is SignUpState.PLACED


def test_strangers_people_without_permission_and_people_there_already_get_the_same_answer() -> None:
    client = make_client()
    session = group(client, companions=5)
    there = person(client, given_name="Rosa", family_name="Vega")
    ask(session, there)
    make_signed_consent(
        client=client,
        family_member=make_family_member(given_name="Omar", family_name="Haddad"),
        scopes={Scope.LESSONS},
    )
    apart_from_me, me = person(client, given_name="Lin", family_name="Wu"), person(client)
    mine = ask(session, me)
    flagged(me, apart_from_me)
    for name in ("Rosa Vega", "Omar Haddad", "Lin Wu", "Nobody Atall"):
        with pytest.raises(Refused, match="companion_not_possible"):
            bring(mine, name)


def test_companions_count_and_have_a_limit() -> None:
    client = make_client()
    mine = ask(group(client, companions=1, capacity=3), person(client))
    person(client, given_name="Rosa", family_name="Vega")
    person(client, given_name="Omar", family_name="Haddad")
    bring(mine, "Rosa Vega")
    with pytest.raises(Refused, match="companions_full"):
        bring(mine, "Omar Haddad")
    full = ask(group(client, companions=1, capacity=1), person(client))
    with pytest.raises(Refused, match="companion_no_place"):
        bring(full, "Rosa Vega")


def test_somebody_under_18_comes_with_an_adult_or_not_at_all() -> None:
    client = make_client()
    mine = ask(group(client, companions=1), person(client))
    person(client, given_name="Teo", family_name="Vega")
    theirs = bring(mine, "Teo Vega", is_minor=True)
    assert theirs.responsible_adult_id == mine.family_member_id
    with writing():
        service.give_up(sign_up_id=mine.id, actor=STAFF, now=NOW)
    assert state(theirs) is SignUpState.GIVEN_UP
    with pytest.raises(Refused, match="adult_missing"):
        ask(group(client), person(client), STAFF, responsible_adult_id=mine.family_member_id)


# --- interpreter and access


def test_a_need_is_a_task_for_staff_until_it_is_gone() -> None:
    client = make_client()
    mine = ask(group(client), person(client), interpreter=Interpreter.SPANISH)
    assert tasks() == [("interpreter", f"session:{mine.session_id}/{mine.id}")]
    for need in (AccessNeed.STEP_FREE, None):
        with writing():
            entering.need(
                db.session.get_one(SignUp, mine.id), interpreter=None, access_need=need, actor=STAFF, now=NOW
            )
    assert tasks() == []


# --- keep apart


def test_kept_apart_neither_signs_up_beside_the_other_nor_learns_why() -> None:
    client = make_client()
    session, one, other = group(client), person(client), person(client)
    ask(session, one)
    flagged(other, one)
    with pytest.raises(Refused, match="not_open_for_you"):
        ask(session, other)
    with pytest.raises(Refused, match="kept_apart"):
        ask(session, other, STAFF, way_of_contact="walk_in")


def test_kept_apart_is_passed_over_with_the_reason_and_keeps_the_turn() -> None:
    client = make_client()
    session = group(client, capacity=2)
    first, second, waiting, behind = (person(client) for _ in range(4))
    stays, goes = ask(session, first), ask(session, second)
    mine, theirs = ask(session, waiting), ask(session, behind)
    flagged(waiting, first)
    with writing():
        service.give_up(sign_up_id=goes.id, actor=STAFF, now=NOW)
    assert [state(each) for each in (stays, mine, theirs)] == ["placed", "waitlisted", "offered"]
    assert "kept_apart" in list(db.session.scalars(select(SignUpEvent.reason)))
    with pytest.raises(Refused, match="kept_apart"), writing():
        service.give_place(sign_up_id=mine.id, reason="travels_far", actor=STAFF, now=NOW)


def test_kept_apart_from_a_client_who_takes_part() -> None:
    client, other = make_client(), make_client()
    session, consent = group(client, with_client=True), person(client)
    with writing():
        apart.keep_apart(
            family_member_id=consent.family_member_id,
            other_client_id=other.id,
            reason="asked_by_client",
            actor=STAFF,
            now=NOW,
        )
        client_part.ask(
            session=db.session.get_one(FamilySession, session.id), client_id=other.id, actor=STAFF, now=NOW
        )
    with pytest.raises(Refused, match="not_open_for_you"):
        ask(session, consent)


def test_a_flag_set_later_takes_nobodys_place_and_is_shown_to_staff() -> None:
    client = make_client()
    session, one, other = group(client), person(client), person(client)
    places = [ask(session, one), ask(session, other)]
    flagged(one, other)
    assert [state(each) for each in places] == ["placed", "placed"]
    assert [flag.reason for flag in apart.together(session.id)] == ["court_order"]
    flag = apart.of_person(other.family_member_id)[0]
    with writing():
        apart.end(keep_apart_id=flag.id, actor=STAFF, now=NOW)
    assert apart.together(session.id) == []
    assert {"keep_apart.set", "keep_apart.ended"} <= set(db.session.scalars(select(AuditEntry.kind)))
