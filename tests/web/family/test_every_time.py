"""The pages of a standing place, of companions and of needs; and the hostile set of each."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.consent import ending
from portal.consent.models import Consent
from portal.consent.rules import Scope
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.disclosure.models import DisclosureEntry
from portal.sessions import approvals, service, standing
from portal.sessions.models import FamilySession, SessionKind, SignUp, SignUpState
from portal.sessions.models_series import StandingPlace
from tests.conftest import NOW, HeldClock
from tests.factories.consent import make_signed_consent
from tests.factories.people import make_client, make_family_member, make_user
from tests.factories.sessions import make_evenings, make_series, make_session
from tests.page import check_page
from tests.signin import post, sign_in

STAFF = Actor("staff", None)


def enter(client: FlaskClient) -> Consent:
    """A signed-in relative with a permission for sessions."""
    member = make_family_member(user=make_user(), timezone="America/New_York")
    consent = make_signed_consent(family_member=member, scopes={Scope.SESSIONS})
    sign_in(client, member.user, "family")
    return consent


def evenings(consent: Consent, **values: Any) -> list[FamilySession]:
    series = make_series(location=consent.client.location, standing_places=1)
    return make_evenings(series, kind=SessionKind.MULTI_FAMILY, **values)


def press(client: FlaskClient, url: str) -> str:
    return client.get(post(client, url).headers["Location"]).text


def states(consent: Consent) -> list[SignUpState]:
    query = (
        select(SignUp.state)
        .join(SignUp.session)
        .where(SignUp.family_member_id == consent.family_member_id)
        .order_by(FamilySession.starts_at, SignUp.queue_number)
    )
    return list(db.session.scalars(query))


def test_every_evening_in_one_tap_one_skipped_in_one_tap_and_back_again(client: FlaskClient) -> None:
    consent = enter(client)
    first = evenings(consent)[0]
    page = press(client, f"/sessions/{first.id}/every-time")
    assert "You have a place every time now." in page
    assert "I can’t come this week" in page
    page = press(client, f"/sessions/{first.id}/skip")
    assert "your place in the other evenings stays" in page
    assert states(consent) == ["given_up", "placed", "placed"]
    assert "I can come after all" in page
    press(client, f"/sessions/{first.id}/place")
    assert states(consent) == ["given_up", "placed", "placed", "placed"]


def test_the_list_and_the_first_page_skip_this_week_in_one_tap_too(client: FlaskClient) -> None:
    consent = enter(client)
    first = evenings(consent)[0]
    post(client, f"/sessions/{first.id}/every-time")
    assert client.get("/sessions").text.count("I can’t come this week") == 3


def test_ending_asks_first_and_gives_up_the_evenings(client: FlaskClient) -> None:
    consent = enter(client)
    first = evenings(consent)[0]
    post(client, f"/sessions/{first.id}/every-time")
    page = client.get(f"/sessions/{first.id}/every-time/end")
    check_page(page)
    assert "Keep it" in page.text
    post(client, f"/sessions/{first.id}/every-time/end")
    assert states(consent) == ["given_up"] * 3
    assert db.session.scalars(select(StandingPlace.state)).one() is SignUpState.GIVEN_UP


def test_an_offered_standing_place_is_taken_or_let_go_on_the_page(client: FlaskClient) -> None:
    consent = enter(client)
    first = evenings(consent)[0]
    holder = make_signed_consent(client=consent.client, scopes={Scope.SESSIONS})
    with writing():
        wish: dict[str, Any] = {
            "from_on": first.starts_at.date(),
            "actor": STAFF,
            "now": NOW,
            "series_id": first.series_id,
        }
        held = standing.ask(family_member_id=holder.family_member_id, **wish)
    assert "in the order of asking" in press(client, f"/sessions/{first.id}/every-time")
    with writing():
        standing.give_up(standing_place_id=held.id, actor=STAFF, now=NOW)
    page = client.get(f"/sessions/{first.id}").text
    assert "A place in every evening is yours until" in page
    assert "You have a place every time now." in press(client, f"/sessions/{first.id}/every-time/take")
    assert states(consent) == ["placed"] * 3


def test_a_request_reads_as_one_and_its_no_tells_nothing(client: FlaskClient) -> None:
    consent = enter(client)
    session = evenings(consent, needs_approval=True)[0]
    assert "Ask for a place" in client.get(f"/sessions/{session.id}").text
    page = press(client, f"/sessions/{session.id}/waitlist")
    assert "You asked for a place" in page
    assert "Take my request back" in page
    mine = db.session.scalars(select(SignUp)).one()
    with writing():
        approvals.decline(sign_up_id=mine.id, reason="talk_first", actor=STAFF, now=NOW)
    page = client.get(f"/sessions/{session.id}").text
    assert "This session is not open for you. Call the office" in page
    assert "Ask for a place" not in page


def test_before_the_opening_the_page_says_when(client: FlaskClient, held_clock: HeldClock) -> None:
    consent = enter(client)
    session = evenings(consent, opens_at=NOW + timedelta(days=2))[0]
    assert "Sign-up begins on Friday, March 6" in client.get(f"/sessions/{session.id}").text
    assert states(consent) == []
    held_clock.advance(days=2)
    sign_in(client, consent.family_member.user, "family")
    assert "Save my place" in client.get(f"/sessions/{session.id}").text


def test_a_companion_is_added_by_name_and_taken_back_alone(client: FlaskClient) -> None:
    consent = enter(client)
    session = evenings(consent, companions=1)[0]
    rosa = make_family_member(given_name="Rosa", family_name="Vega")
    make_signed_consent(client=consent.client, family_member=rosa, scopes={Scope.SESSIONS})
    post(client, f"/sessions/{session.id}/place")
    check_page(client.get(f"/sessions/{session.id}/bring"))
    answer = post(client, f"/sessions/{session.id}/bring", {"name": "Nobody Atall"})
    assert answer.status_code == 409
    assert "Each person needs a permission of their own" in answer.text
    post(client, f"/sessions/{session.id}/bring", {"name": "Rosa Vega"})
    theirs = db.session.scalars(select(SignUp).where(SignUp.brought_by_id.is_not(None))).one()
    assert "Rosa Vega" in client.get(f"/sessions/{session.id}").text
    page = press(client, f"/sessions/{session.id}/brought/{theirs.id}/remove")
    assert "Your own place stays." in page
    assert states(consent) == ["placed"]


def test_an_interpreter_is_asked_for_on_the_page(client: FlaskClient) -> None:
    consent = enter(client)
    session = evenings(consent)[0]
    post(client, f"/sessions/{session.id}/place")
    check_page(client.get(f"/sessions/{session.id}/needs"))
    post(client, f"/sessions/{session.id}/needs", {"interpreter": "sign", "access_need": ""})
    assert db.session.scalars(select(SignUp.interpreter)).one() == "sign"


ADDRESSES = ("every-time", "skip", "every-time/take", "every-time/let-go")
FORMS = ("every-time/end", "bring", "needs")


def test_a_private_session_and_anothers_are_not_there(client: FlaskClient) -> None:
    consent = enter(client)
    private = make_session(
        kind=SessionKind.MULTI_FAMILY, location=consent.client.location, is_private=True, title_en="Secret"
    )
    elsewhere = evenings(make_signed_consent())[0]
    assert "Secret" not in client.get("/sessions").text
    for session_id in (private.id, elsewhere.id, 1):
        assert client.get(f"/sessions/{session_id}").status_code == 404
        assert post(client, f"/sessions/{session_id}/place").status_code == 404
        for address in ADDRESSES:
            assert post(client, f"/sessions/{session_id}/{address}").status_code == 404
        for address in FORMS:
            assert client.get(f"/sessions/{session_id}/{address}").status_code == 404


def test_without_a_standing_place_there_is_nothing_to_skip_or_to_end(client: FlaskClient) -> None:
    consent = enter(client)
    first = evenings(consent)[0]
    post(client, f"/sessions/{first.id}/place")
    for address in ("skip", "every-time/take", "every-time/let-go", "every-time/end"):
        assert post(client, f"/sessions/{first.id}/{address}").status_code == 404
    assert states(consent) == ["placed"]


def test_once_the_permission_has_ended_nothing_is_there(client: FlaskClient) -> None:
    consent = enter(client)
    first = evenings(consent)[0]
    post(client, f"/sessions/{first.id}/every-time")
    with writing():
        row = db.session.get_one(Consent, consent.id)
        ending.revoke(consent=row, actor=STAFF, now=NOW)
        service.release(relationship_id=row.relationship_id, actor=STAFF, now=NOW)
    before = len(list(db.session.scalars(select(DisclosureEntry).order_by(DisclosureEntry.id))))
    for address in (*ADDRESSES, *FORMS):
        assert post(client, f"/sessions/{first.id}/{address}").status_code == 404
    assert len(list(db.session.scalars(select(DisclosureEntry).order_by(DisclosureEntry.id)))) == before


def test_nothing_is_pressed_without_the_token_or_by_get(client: FlaskClient) -> None:
    consent = enter(client)
    first = evenings(consent)[0]
    assert client.post(f"/sessions/{first.id}/every-time").status_code == 400
    assert client.get(f"/sessions/{first.id}/every-time").status_code == 405
    assert states(consent) == []


@pytest.mark.parametrize("address", [*ADDRESSES, *FORMS])
def test_signed_out_and_as_a_client_there_is_nothing_to_press(client: FlaskClient, address: str) -> None:
    consent = make_signed_consent()
    first = evenings(consent)[0]
    assert post(client, f"/sessions/{first.id}/{address}").location.startswith("/sign-in")
    sign_in(client, make_client(user=make_user()).user, "client")
    assert post(client, f"/sessions/{first.id}/{address}").status_code == 404
    assert states(consent) == []
