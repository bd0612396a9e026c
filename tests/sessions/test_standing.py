"""Standing places: every evening of a series, one skipped alone, and the line for the next one."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.consent import ending
from portal.consent.models import Consent
from portal.consent.rules import Scope
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.core.errors import NotFound, Refused
from portal.mail.models import OutboundMessage
from portal.oversight.models import Task
from portal.people.models import Client
from portal.sessions import apart, planning, service, standing
from portal.sessions.models import FamilySession, SessionKind, SessionState, SignUp, SignUpState
from portal.sessions.models_series import SessionSeries, StandingPlace
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.people import make_client
from tests.factories.sessions import make_evenings, make_series, make_session, make_sign_up

pytestmark = pytest.mark.usefixtures("app")
STAFF = Actor("staff", None)
FIRST = date(2026, 3, 11)


def group(standing_places: int = 8, evenings: int = 3, **values: object) -> tuple[Client, SessionSeries]:
    client = make_client()
    series = make_series(location=client.location, standing_places=standing_places)
    make_evenings(series, evenings, kind=SessionKind.MULTI_FAMILY, **values)
    return client, series


def person(client: Client) -> Consent:
    return make_signed_consent(client=client, scopes={Scope.SESSIONS})


def stand(series: SessionSeries, consent: Consent, **values: object) -> StandingPlace:
    who = Actor("family", consent.family_member_id)
    wish: dict[str, Any] = {"from_on": FIRST, "actor": who, "now": NOW, **values}
    with writing():
        return standing.ask(series_id=series.id, family_member_id=consent.family_member_id, **wish)


def evenings(consent: Consent) -> list[str]:
    query = (
        select(SignUp)
        .join(SignUp.session)
        .where(SignUp.family_member_id == consent.family_member_id)
        .order_by(FamilySession.starts_at, SignUp.queue_number)
        .execution_options(populate_existing=True)
    )
    return [each.state.value for each in db.session.scalars(query)]


def state(mine: StandingPlace) -> SignUpState:
    return db.session.execute(select(StandingPlace.state).where(StandingPlace.id == mine.id)).scalar_one()


def give_up(mine: StandingPlace) -> None:
    with writing():
        standing.give_up(standing_place_id=mine.id, actor=STAFF, now=NOW)


def test_one_wish_gives_a_place_in_every_evening_and_one_mail() -> None:
    client, series = group()
    consent = person(client)
    mine = stand(series, consent)
    assert (state(mine), evenings(consent)) == (SignUpState.PLACED, ["placed"] * 3)
    assert list(db.session.scalars(select(OutboundMessage.kind))) == ["place_confirmed"]
    kind = AuditEntry.kind == "standing_place.changed_state"
    assert db.session.scalars(select(AuditEntry).where(kind)).one().fields["to_state"] == "placed"


def test_asking_twice_gives_one_standing_place() -> None:
    client, series = group()
    consent = person(client)
    assert stand(series, consent).id == stand(series, consent).id
    assert evenings(consent) == ["placed"] * 3


def test_from_and_to_are_both_included() -> None:
    client, series = group(evenings=4)
    consent = person(client)
    stand(series, consent, from_on=FIRST + timedelta(weeks=1), to_on=FIRST + timedelta(weeks=2))
    assert evenings(consent) == ["placed"] * 2


def test_one_evening_is_skipped_alone_and_taken_back_until_the_cutoff() -> None:
    client, series = group()
    consent = person(client)
    mine = stand(series, consent)
    first = db.session.scalars(select(FamilySession).order_by(FamilySession.starts_at)).first()
    assert first
    who, sign_up = Actor("family", consent.family_member_id), places_of(mine)[0]
    with writing():
        service.give_up(sign_up_id=sign_up, actor=who, now=NOW)
    assert (state(mine), evenings(consent)) == ("placed", ["given_up", "placed", "placed"])
    asked: dict[str, Any] = {
        "session_id": first.id,
        "family_member_id": consent.family_member_id,
        "actor": who,
    }
    with writing():
        back = service.sign_up(**asked, now=first.closes_at - timedelta(seconds=1))
    assert (back.state, back.standing_place_id) == (SignUpState.PLACED, mine.id)


def places_of(mine: StandingPlace) -> list[int]:
    query = (
        select(SignUp.id)
        .join(SignUp.session)
        .where(SignUp.standing_place_id == mine.id)
        .order_by(FamilySession.starts_at)
    )
    return list(db.session.scalars(query))


def test_an_evening_skipped_stays_skipped_when_others_are_added() -> None:
    client, series = group(evenings=2)
    consent = person(client)
    mine = stand(series, consent)
    with writing():
        service.give_up(sign_up_id=places_of(mine)[0], actor=STAFF, now=NOW)
    draft = make_session(
        location=client.location,
        kind=SessionKind.MULTI_FAMILY,
        series_id=series.id,
        state=SessionState.DRAFT,
        starts_at=NOW + timedelta(weeks=5),
    )
    with writing():
        planning.publish(session_id=draft.id, actor=STAFF, now=NOW)
    assert evenings(consent) == ["given_up", "placed", "placed"]


def test_a_full_evening_puts_the_person_in_that_evenings_line() -> None:
    client, series = group(capacity=1)
    first = db.session.scalars(select(FamilySession).order_by(FamilySession.starts_at)).first()
    make_sign_up(session=first)
    consent = person(client)
    mine = stand(series, consent)
    assert (state(mine), evenings(consent)) == ("placed", ["waitlisted", "placed", "placed"])


def test_the_next_in_line_is_offered_the_standing_place_and_may_take_it_once() -> None:
    client, series = group(standing_places=1, capacity=1)
    holder, second, third = (person(client) for _ in range(3))
    places = [stand(series, each) for each in (holder, second, third)]
    assert [state(each) for each in places] == ["placed", "waitlisted", "waitlisted"]
    give_up(places[0])
    assert [state(each) for each in places] == ["given_up", "offered", "waitlisted"]
    assert "standing_offered" in list(db.session.scalars(select(OutboundMessage.kind)))
    for _ in range(2):
        with writing():
            standing.take_offer(standing_place_id=places[1].id, actor=STAFF, now=NOW)
    assert (state(places[1]), evenings(second)) == ("placed", ["placed"] * 3)
    assert evenings(holder) == ["given_up"] * 3


def test_an_offer_that_runs_out_moves_on() -> None:
    client, series = group(standing_places=1)
    places = [stand(series, person(client)) for _ in range(3)]
    give_up(places[0])
    with writing():
        service.expire_offers(NOW + timedelta(days=3))
    assert [state(each) for each in places] == ["given_up", "given_up", "offered"]
    with pytest.raises(Refused, match="offer_over"), writing():
        standing.take_offer(standing_place_id=places[2].id, actor=STAFF, now=NOW + timedelta(days=9))


def test_a_permission_that_ends_ends_the_standing_place_and_its_evenings() -> None:
    client, series = group()
    consent = person(client)
    mine = stand(series, consent)
    with writing():
        row = db.session.get_one(Consent, consent.id)
        ending.revoke(consent=row, actor=STAFF, now=NOW)
        service.release(relationship_id=row.relationship_id, actor=STAFF, now=NOW)
    assert (state(mine), evenings(consent)) == (SignUpState.ACCESS_ENDED, ["access_ended"] * 3)


def test_without_a_permission_there_is_no_standing_place() -> None:
    _client, series = group()
    with pytest.raises(NotFound):
        stand(series, person(make_client()))


def test_where_nobody_may_stand_only_staff_give_one() -> None:
    client, series = group(standing_places=0)
    with pytest.raises(NotFound):
        stand(series, person(client))
    assert state(stand(series, person(client), actor=STAFF)) is SignUpState.WAITLISTED


def test_with_approval_a_wish_is_a_request_and_a_task_until_staff_say_yes() -> None:
    client, series = group(needs_approval=True)
    consent = person(client)
    mine = stand(series, consent)
    assert (state(mine), evenings(consent)) == (SignUpState.REQUESTED, [])
    assert db.session.scalars(select(Task.subject)).one() == f"standing:{mine.id}"
    with writing():
        standing.approve(standing_place_id=mine.id, actor=STAFF, now=NOW)
    assert evenings(consent) == ["placed"] * 3


def test_two_who_are_kept_apart_never_both_stand() -> None:
    client, series = group()
    one, other = person(client), person(client)
    stand(series, one)
    with writing():
        apart.keep_apart(
            family_member_id=one.family_member_id,
            other_family_member_id=other.family_member_id,
            reason="safety_plan",
            actor=STAFF,
            now=NOW,
        )
    with pytest.raises(Refused, match="not_open_for_you"):
        stand(series, other)
    with pytest.raises(Refused, match="kept_apart"):
        stand(series, other, actor=STAFF)
