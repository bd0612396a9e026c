"""Signing up, giving up, the waitlist: the answer, the rows, the audit, the outbox."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.consent.rules import Scope
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.core.errors import NotFound, Refused
from portal.mail.models import OutboundMessage
from portal.sessions import planning, service
from portal.sessions.models import FamilySession, SessionKind, SignUp, SignUpEvent, SignUpState
from tests.conftest import NOW, HeldClock
from tests.factories.consent import make_signed_consent
from tests.factories.people import make_client, make_family_member, make_staff
from tests.factories.sessions import make_session, make_sign_up

pytestmark = pytest.mark.usefixtures("app")
STAFF = Actor("staff", 7)


def actor_of(family_member_id: int) -> Actor:
    return Actor("family", family_member_id)


def ask(session: FamilySession, family_member_id: int | None = None, **values: Any) -> SignUp:
    family_member_id = family_member_id or make_family_member().id
    values = {"actor": actor_of(family_member_id), "now": NOW, **values}
    with writing():
        return service.sign_up(session_id=session.id, family_member_id=family_member_id, **values)


def state(sign_up: SignUp) -> SignUpState:
    return db.session.execute(select(SignUp.state).where(SignUp.id == sign_up.id)).scalar_one()


def events(sign_up: SignUp) -> list[tuple[str, str | None]]:
    rows = db.session.scalars(
        select(SignUpEvent).where(SignUpEvent.sign_up_id == sign_up.id).order_by(SignUpEvent.id)
    )
    return [(row.event, row.reason) for row in rows]


def mails() -> list[str]:
    return sorted(db.session.scalars(select(OutboundMessage.kind)))


def give_up(sign_up: SignUp, **values: Any) -> SignUp:
    values = {"actor": actor_of(sign_up.family_member_id), "now": NOW, **values}
    with writing():
        return service.give_up(sign_up_id=sign_up.id, **values)


def test_a_free_place_is_placed_with_history_audit_and_mail() -> None:
    mine = ask(make_session())
    assert state(mine) is SignUpState.PLACED
    assert events(mine) == [("placed", None)]
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.kind == "sign_up.changed_state")).one()
    assert entry.fields["to_state"] == "placed"
    assert entry.client_id is None
    assert mails() == ["place_confirmed"]


@pytest.mark.parametrize(("taken", "expected"), [(1, "placed"), (2, "waitlisted"), (3, "waitlisted")])
def test_capacity_holds_below_at_and_above(taken: int, expected: str) -> None:
    session = make_session(capacity=2)
    for number in range(1, taken + 1):
        make_sign_up(session=session, queue_number=number)
    assert state(ask(session)) == expected


def test_asking_twice_gives_one_place() -> None:
    session, person = make_session(), make_family_member().id
    assert ask(session, person).id == ask(session, person).id
    assert mails() == ["place_confirmed"]


def test_a_full_session_refuses_whoever_wanted_a_place_only() -> None:
    session = make_session(capacity=1)
    ask(session)
    with pytest.raises(Refused, match="just_filled"):
        ask(session, or_wait=False)


def test_a_group_needs_the_permission_and_rests_on_it() -> None:
    client = make_client()
    session = make_session(kind=SessionKind.MULTI_FAMILY, location=client.location)
    consent = make_signed_consent(client=client, scopes={Scope.SESSIONS})
    mine = ask(session, consent.family_member_id)
    assert mine.relationship_id == consent.relationship_id
    with pytest.raises(NotFound):
        ask(session)


def test_lessons_alone_open_no_group() -> None:
    consent = make_signed_consent(scopes={Scope.LESSONS})
    session = make_session(kind=SessionKind.MULTI_FAMILY, location=consent.client.location)
    with pytest.raises(NotFound):
        ask(session, consent.family_member_id)


def test_a_single_familys_evening_is_nobody_elses() -> None:
    consent, other = make_signed_consent(), make_client()
    session = make_session(
        kind=SessionKind.SINGLE_FAMILY, location=consent.client.location, client_id=other.id
    )
    with pytest.raises(NotFound):
        ask(session, consent.family_member_id)


@pytest.mark.parametrize(("seconds", "refused"), [(-1, False), (0, True), (1, True)])
def test_own_sign_up_ends_at_the_cutoff(seconds: int, refused: bool) -> None:
    session = make_session()
    at = session.closes_at + timedelta(seconds=seconds)
    if refused:
        with pytest.raises(Refused, match="sign_up_closed"):
            ask(session, now=at)
    else:
        assert state(ask(session, now=at)) is SignUpState.PLACED


def test_staff_enter_a_walk_in_until_the_end() -> None:
    session, staff = make_session(), make_staff()
    values: dict[str, Any] = {"actor": STAFF, "staff_id": staff.id, "way_of_contact": "walk_in"}
    mine = ask(session, **values, now=session.starts_at + timedelta(minutes=20))
    assert (mine.made_by_staff_id, mine.way_of_contact) == (staff.id, "walk_in")
    with pytest.raises(Refused, match="sign_up_closed"):
        ask(session, **values, now=session.ends_at)


def test_a_freed_place_is_offered_to_the_next_in_line() -> None:
    session = make_session(capacity=1)
    holder, second, third = ask(session), ask(session), ask(session)
    give_up(holder)
    assert [state(each) for each in (holder, second, third)] == ["given_up", "offered", "waitlisted"]
    assert mails() == ["place_confirmed", "place_offered"]


def test_giving_up_twice_frees_one_place() -> None:
    session = make_session(capacity=1)
    holder, second, third = ask(session), ask(session), ask(session)
    give_up(holder)
    give_up(holder)
    assert [state(each) for each in (second, third)] == ["offered", "waitlisted"]


def test_after_the_cutoff_only_staff_give_a_place_up() -> None:
    session = make_session()
    mine = ask(session)
    with pytest.raises(Refused, match="give_up_closed"):
        give_up(mine, now=session.closes_at)
    assert state(give_up(mine, now=session.closes_at, actor=STAFF)) is SignUpState.GIVEN_UP


def offered(capacity: int = 1) -> tuple[FamilySession, SignUp, SignUp]:
    session = make_session(capacity=capacity)
    holder, second, third = ask(session), ask(session), ask(session)
    give_up(holder)
    return session, second, third


@pytest.mark.parametrize(("seconds", "taken"), [(-1, True), (0, False), (1, False)])
def test_an_offer_is_taken_before_its_end_or_not_at_all(seconds: int, taken: bool) -> None:
    _, second, third = offered()
    at = db.session.get_one(SignUp, second.id).offer_ends_at
    assert at is not None
    values: dict[str, Any] = {
        "actor": actor_of(second.family_member_id),
        "now": at + timedelta(seconds=seconds),
    }
    if not taken:
        with pytest.raises(Refused, match="offer_over"), writing():
            service.take_offer(sign_up_id=second.id, **values)
        return
    with writing():
        service.take_offer(sign_up_id=second.id, **values)
        service.take_offer(sign_up_id=second.id, **values)
    assert [state(each) for each in (second, third)] == ["placed", "waitlisted"]


def test_an_offer_let_go_moves_on() -> None:
    _, second, third = offered()
    with writing():
        service.let_go(sign_up_id=second.id, actor=actor_of(second.family_member_id), now=NOW)
    assert [state(each) for each in (second, third)] == ["given_up", "offered"]


def test_an_offer_that_runs_out_moves_on_and_the_sweep_may_run_twice() -> None:
    _, second, third = offered()
    at = NOW + timedelta(hours=40)
    with writing():
        assert service.expire_offers(at) == 1
        assert service.expire_offers(at) == 0
    assert [state(each) for each in (second, third)] == ["given_up", "offered"]
    assert ("expire", "not_answered_in_time") in events(second)


def test_whoever_has_no_permission_now_is_passed_over_with_the_reason(held_clock: HeldClock) -> None:
    client = make_client()
    session = make_session(kind=SessionKind.MULTI_FAMILY, location=client.location, capacity=1)
    soon_over = make_signed_consent(client=client, expires_on=NOW.date())
    first, third = make_signed_consent(client=client), make_signed_consent(client=client)
    holder = ask(session, first.family_member_id)
    waiting, behind = ask(session, soon_over.family_member_id), ask(session, third.family_member_id)
    give_up(holder, now=held_clock.advance(days=1))
    assert [state(each) for each in (waiting, behind)] == ["waitlisted", "offered"]
    assert events(waiting)[-1] == ("skipped", "no_permission")


def test_more_places_are_offered_in_order_and_fewer_drop_nobody() -> None:
    session = make_session(capacity=1)
    people = [ask(session) for _ in range(4)]
    plan = planning.plan_of(session)
    with writing():
        planning.change(session_id=session.id, plan=plan.with_capacity(3), actor=STAFF, now=NOW)
    assert [state(each) for each in people] == ["placed", "offered", "offered", "waitlisted"]
    with writing():
        planning.change(session_id=session.id, plan=plan.with_capacity(0), actor=STAFF, now=NOW)
    assert [state(each) for each in people] == ["placed", "offered", "offered", "waitlisted"]


def test_staff_give_a_free_place_out_of_turn_with_a_reason() -> None:
    session = make_session(capacity=1)
    holder, second, third = ask(session), ask(session), ask(session)
    with pytest.raises(Refused, match="no_place_free"), writing():
        service.give_place(sign_up_id=third.id, reason="travels_far", actor=STAFF, now=NOW)
    give_up(holder, now=session.closes_at, actor=STAFF)  # nothing is offered by itself any more
    with writing():
        service.give_place(sign_up_id=third.id, reason="travels_far", actor=STAFF, now=session.closes_at)
    assert [state(each) for each in (second, third)] == ["waitlisted", "placed"]
    assert events(second)[-1] == ("skipped", "travels_far")


def test_the_end_of_a_permission_frees_the_place_and_mails_nobody() -> None:
    client = make_client()
    session = make_session(kind=SessionKind.MULTI_FAMILY, location=client.location, capacity=1)
    one, two = make_signed_consent(client=client), make_signed_consent(client=client)
    mine, other = ask(session, one.family_member_id), ask(session, two.family_member_id)
    with writing():
        ended = service.release(relationship_id=one.relationship_id, actor=STAFF, now=NOW)
    assert ended == 1
    assert [state(each) for each in (mine, other)] == ["access_ended", "offered"]
    told = db.session.scalars(
        select(OutboundMessage.reader_id).where(OutboundMessage.kind == "place_offered")
    )
    assert list(told) == [two.family_member_id]


def test_a_place_moves_to_another_permission_that_covers_it() -> None:
    first = make_client()
    second, person = make_client(location=first.location), make_family_member()
    session = make_session(kind=SessionKind.MULTI_FAMILY, location=first.location)
    made = [make_signed_consent(client=each, family_member=person) for each in (first, second)]
    mine = ask(session, person.id)
    other = next(each for each in made if each.relationship_id != mine.relationship_id)
    with writing():
        service.release(relationship_id=mine.relationship_id or 0, actor=STAFF, now=NOW)
    row = db.session.get_one(SignUp, mine.id)
    assert (row.state, row.relationship_id) == ("placed", other.relationship_id)
