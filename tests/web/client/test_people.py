"""Who can see what, the code to pass on, and what was shared."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.consent import holding
from portal.consent.models import Consent
from portal.consent.rules import Scope, State
from portal.core import tokens
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.disclosure import gate
from portal.disclosure import service as ledger
from portal.disclosure.models import Channel
from portal.people.models import Client, Invitation
from tests.conftest import NOW, HeldClock
from tests.factories.consent import make_pending_consent, make_signed_consent
from tests.factories.people import make_client, make_family_member, make_relationship, make_user
from tests.page import check_page
from tests.signin import post, sign_in


@pytest.fixture
def marcus(client: FlaskClient) -> Client:
    """A client, signed in."""
    user = make_user()
    person: Client = make_client(user=user)
    sign_in(client, user, "client")
    return person


def test_nobody_yet(client: FlaskClient, marcus: Client) -> None:
    for address in ("/my/home", "/my/people", "/my/shared"):
        check_page(client.get(address), status=200)
    assert "Nobody can see anything." in client.get("/my/people").get_data(as_text=True)


def test_each_person_has_a_card_in_plain_words(client: FlaskClient, marcus: Client) -> None:
    make_signed_consent(client=marcus, scopes={Scope.SESSIONS})
    make_pending_consent(client=marcus, family_member=make_family_member(given_name="Ray"))
    make_relationship(client=marcus, family_member=make_family_member(given_name="Paul"))
    for address in ("/my/home", "/my/people"):
        page = client.get(address)
        check_page(page, names=("Elena", "Ray", "Paul"), status=200)
        html = page.get_data(as_text=True)
        assert "Family sessions" in html
        assert "September 4, 2026" in html
        assert "Read and sign" in html


def test_a_new_permission_can_be_asked_for_twice_and_is_one(client: FlaskClient, marcus: Client) -> None:
    link = make_relationship(client=marcus)
    first = post(client, f"/my/people/{link.id}/permission")
    second = post(client, f"/my/people/{link.id}/permission")
    assert first.headers["Location"] == second.headers["Location"]
    assert db.session.scalars(select(Consent.purpose)).all() == ["own_request"]


def test_a_new_code_replaces_the_one_before(client: FlaskClient, marcus: Client) -> None:
    consent = make_signed_consent(client=marcus)
    check_page(client.get(f"/my/people/{consent.relationship_id}"), names=("Elena",), status=200)
    page = post(client, f"/my/people/{consent.relationship_id}/code")
    check_page(page, names=("Elena",), status=200)
    code = page.get_data(as_text=True).split('class="code">')[1].split("<")[0]
    key = client.application.config["SECRET_KEY"]
    assert db.session.scalars(select(Invitation.code_digest)).one() == tokens.code_digest(code, key)


def test_no_code_without_a_permission_or_with_an_account(client: FlaskClient, marcus: Client) -> None:
    link = make_relationship(client=marcus)
    known = make_signed_consent(client=marcus, family_member=make_family_member(user=make_user()))
    assert post(client, f"/my/people/{link.id}/code").status_code == 404
    assert post(client, f"/my/people/{known.relationship_id}/code").status_code == 404
    assert db.session.scalars(select(Invitation)).all() == []


def test_other_peoples_people_are_not_there(client: FlaskClient, marcus: Client) -> None:
    other = make_signed_consent()
    assert client.get(f"/my/people/{other.relationship_id}").status_code == 404
    assert post(client, f"/my/people/{other.relationship_id}/code").status_code == 404
    assert post(client, f"/my/people/{other.relationship_id}/permission").status_code == 404


def test_after_the_end_the_card_says_that_nothing_is_seen(
    client: FlaskClient, marcus: Client, held_clock: HeldClock
) -> None:
    consent = make_signed_consent(client=marcus)
    assert consent.ends_at is not None
    held_clock.at = consent.ends_at
    sign_in(client, marcus.user, "client", now=held_clock.at)
    html = client.get(f"/my/people/{consent.relationship_id}").get_data(as_text=True)
    assert "can see nothing about you" in html
    assert consent.state is State.ACTIVE


def test_what_was_shared_names_the_person_the_thing_and_the_time(client: FlaskClient, marcus: Client) -> None:
    consent = make_signed_consent(client=marcus)
    noted = [
        (permit, subject, Channel.PAGE)
        for permit in gate.permits(family_member_id=consent.family_member_id, at=NOW)
        for subject, scope in (("week:2026-W10", Scope.PROGRAM_TIMES), ("assignment:5", Scope.LESSONS))
        if permit.scope is scope
    ]
    with writing():
        ledger.record(noted, occasion="browser:1", now=NOW)
    page = client.get("/my/shared")
    check_page(page, names=("Elena",), status=200)
    html = page.get_data(as_text=True)
    assert "Your calendar of one week" in html
    assert html.count("March 4, 2026") == 1, "when a lesson was opened is the reader's own"


def test_a_permission_that_ends_within_a_month_can_be_renewed(
    client: FlaskClient, marcus: Client, held_clock: HeldClock
) -> None:
    consent = make_signed_consent(client=marcus)
    assert consent.ends_at is not None
    held_clock.at = consent.ends_at - timedelta(days=30)
    sign_in(client, marcus.user, "client", now=held_clock.at)
    assert "Renew it" in client.get("/my/people").get_data(as_text=True)


def test_a_paused_permission_shows_no_list(client: FlaskClient, marcus: Client) -> None:
    consent = make_signed_consent(client=marcus, scopes={Scope.PROGRAM_STEP})
    with writing():
        holding.hold(consent=consent, kind="spoken", actor=Actor("staff", 1), now=NOW)
    html = client.get("/my/home").get_data(as_text=True)
    assert "Where I am in the program" not in html
    assert "Sharing is paused" in html
