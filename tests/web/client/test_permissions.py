"""The client's own pages: sign in four steps, change, stop, copy."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.consent import holding, standing
from portal.consent.models import Consent
from portal.consent.rules import Scope, State
from portal.core import tokens
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.mail.models import OutboundMessage
from portal.people.models import Client, Invitation
from tests.conftest import NOW
from tests.factories.consent import make_pending_consent, make_signed_consent
from tests.factories.people import make_client, make_family_member, make_user
from tests.page import check_page
from tests.signin import post, sign_in

NAMES = ("Marcus", "Elena", "Dole")


@pytest.fixture
def marcus(client: FlaskClient) -> Client:
    """A client, signed in."""
    user = make_user()
    person: Client = make_client(user=user)
    sign_in(client, user, "client")
    return person


def fresh(consent: Consent) -> Consent:
    db.session.expire_all()
    return db.session.get_one(Consent, consent.id)


def digest_on(html: str) -> str:
    found = re.search(r'name="read_digest"[^>]*value="([0-9a-f]{64})"', html)
    assert found
    return found[1]


def sign_through(client: FlaskClient, consent_id: int, **last):
    """Walk the four steps; returns the answer of the last."""
    base = f"/my/permissions/{consent_id}/sign"
    post(client, f"{base}/what", {"scopes": ["sessions", "lessons"]})
    post(client, f"{base}/until", {"until": "2026-06-04"})
    read = client.get(f"{base}/read").get_data(as_text=True)
    data = {"typed_name": "Marcus Dole", "agreed": "y", "read_digest": digest_on(read), **last}
    return post(client, f"{base}/read", data)


def test_a_permission_is_signed_in_four_steps(client: FlaskClient, marcus: Client) -> None:
    consent = make_pending_consent(client=marcus, scopes={Scope.PROGRAM_TIMES})
    page = sign_through(client, consent.id)
    signed = fresh(consent)
    assert signed.state is State.ACTIVE
    assert set(standing.granted(signed, NOW)) == {Scope.SESSIONS, Scope.LESSONS}
    assert str(signed.expires_on) == "2026-06-04"
    code = re.search(r'class="code">([^<]+)<', page.get_data(as_text=True))
    assert code
    digest = tokens.code_digest(code[1], client.application.config["SECRET_KEY"])
    assert db.session.scalars(select(Invitation.code_digest)).one() == digest
    assert db.session.scalars(select(OutboundMessage)).all() == []
    assert (
        "consent.changed_state" in db.session.scalars(select(AuditEntry.kind).order_by(AuditEntry.id)).all()
    )
    check_page(page, names=NAMES, status=200)


def test_each_step_passes_the_harness(client: FlaskClient, marcus: Client) -> None:
    consent = make_pending_consent(client=marcus)
    for step in ("", "/what", "/until", "/read", "/read?text=es"):
        check_page(client.get(f"/my/permissions/{consent.id}/sign{step}"), names=NAMES, status=200)


def test_no_box_is_ticked_beforehand(client: FlaskClient, marcus: Client) -> None:
    consent = make_pending_consent(client=marcus, scopes=set(Scope))
    html = client.get(f"/my/permissions/{consent.id}/sign/what").get_data(as_text=True)
    assert "checked" not in html
    assert "If your times change or stop, this person will see that." in html


def test_the_text_can_be_read_and_signed_in_spanish(client: FlaskClient, marcus: Client) -> None:
    consent = make_pending_consent(client=marcus)
    read = f"/my/permissions/{consent.id}/sign/read?text=es"
    html = client.get(read).get_data(as_text=True)
    assert "Permiso para compartir información" in html
    post(client, read, {"typed_name": "marcus dole", "agreed": "y", "read_digest": digest_on(html)})
    assert (fresh(consent).signed_text or "").startswith("# Permiso")


@pytest.mark.parametrize(
    ("last", "sentence"),
    [
        ({"typed_name": "Marc Dole"}, "Type your name as it stands above."),
        ({"agreed": ""}, "The box is empty. Tick"),
        ({"read_digest": "0" * 64}, "The text changed while you were reading."),
    ],
)
def test_a_refused_signature_says_what_to_do_and_keeps_what_was_typed(
    client: FlaskClient, marcus: Client, last, sentence: str
) -> None:
    consent = make_pending_consent(client=marcus)
    page = sign_through(client, consent.id, **last)
    check_page(page, names=NAMES, status=409)
    html = page.get_data(as_text=True)
    assert sentence in html
    assert f'value="{last.get("typed_name", "Marcus Dole")}"' in html
    assert fresh(consent).state is State.PENDING_SIGNATURE


def test_a_second_press_on_sign_leads_to_the_person(client: FlaskClient, marcus: Client) -> None:
    consent = make_pending_consent(client=marcus)
    sign_through(client, consent.id)
    again = post(client, f"/my/permissions/{consent.id}/sign/read", {"typed_name": "Marcus Dole"})
    assert again.headers["Location"].endswith(f"/my/people/{consent.relationship_id}")
    assert fresh(consent).state is State.ACTIVE


def test_saying_no_puts_the_permission_away(client: FlaskClient, marcus: Client) -> None:
    consent = make_pending_consent(client=marcus)
    post(client, f"/my/permissions/{consent.id}/decline")
    assert fresh(consent).state is State.LAPSED


def test_unticking_works_at_once(client: FlaskClient, marcus: Client) -> None:
    consent = make_signed_consent(client=marcus, scopes={Scope.SESSIONS, Scope.LESSONS})
    change = f"/my/permissions/{consent.id}/change"
    check_page(client.get(change), names=NAMES, status=200)
    post(client, change, {"scopes": ["lessons"], "typed_name": "Marcus Dole"})
    assert standing.granted(fresh(consent), NOW) == {Scope.LESSONS}
    assert fresh(consent).state is State.ACTIVE


def test_unticking_needs_the_name_since_it_is_signed(client: FlaskClient, marcus: Client) -> None:
    consent = make_signed_consent(client=marcus, scopes={Scope.SESSIONS, Scope.LESSONS})
    page = post(client, f"/my/permissions/{consent.id}/change", {"scopes": ["lessons"], "typed_name": "M"})
    assert "Type your name as it stands above." in page.get_data(as_text=True)
    assert standing.granted(fresh(consent), NOW) == {Scope.SESSIONS, Scope.LESSONS}


def test_adding_asks_for_a_new_signature(client: FlaskClient, marcus: Client) -> None:
    consent = make_signed_consent(client=marcus, scopes={Scope.SESSIONS})
    answer = post(client, f"/my/permissions/{consent.id}/change", {"scopes": ["sessions", "lessons"]})
    assert re.search(r"/my/permissions/\d+/sign/read$", answer.headers["Location"])
    assert standing.granted(fresh(consent), NOW) == {Scope.SESSIONS}


def test_changing_one_box_for_another_takes_the_first_away_at_once(
    client: FlaskClient, marcus: Client
) -> None:
    consent = make_signed_consent(client=marcus, scopes={Scope.SESSIONS})
    post(client, f"/my/permissions/{consent.id}/change", {"scopes": ["lessons"]})
    assert fresh(consent).state is State.REVOKED
    states = db.session.scalars(select(Consent.state)).all()
    assert State.PENDING_SIGNATURE in states


def test_unticking_everything_points_to_stopping(client: FlaskClient, marcus: Client) -> None:
    consent = make_signed_consent(client=marcus)
    page = post(client, f"/my/permissions/{consent.id}/change", {"typed_name": "Marcus Dole"})
    assert "Stop sharing" in page.get_data(as_text=True)
    assert fresh(consent).state is State.ACTIVE


def test_the_stop_page_says_what_happens_and_whom_to_call(client: FlaskClient, marcus: Client) -> None:
    consent = make_signed_consent(client=marcus)
    page = client.get(f"/my/permissions/{consent.id}/stop")
    check_page(page, names=NAMES, status=200)
    html = page.get_data(as_text=True)
    for words in ("It works at once.", "cannot be taken back", "no reason", "800-799-7233", "START to 88788"):
        assert words in html


def test_stopping_takes_one_button_and_sends_nothing(client: FlaskClient, marcus: Client) -> None:
    consent = make_signed_consent(client=marcus)
    post(client, f"/my/permissions/{consent.id}/stop", {"office_may_tell": "y"})
    assert fresh(consent).state is State.REVOKED
    assert fresh(consent).events[-1].reason == "office_may_tell"
    assert db.session.scalars(select(OutboundMessage)).all() == []


def test_everybody_is_stopped_in_two_taps(client: FlaskClient, marcus: Client) -> None:
    mother = make_signed_consent(client=marcus, family_member=make_family_member())
    brother = make_signed_consent(client=marcus, family_member=make_family_member(given_name="Ray"))
    check_page(client.get("/my/people/stop"), names=NAMES, status=200)
    post(client, "/my/people/stop")
    assert {fresh(mother).state, fresh(brother).state} == {State.REVOKED}
    check_page(client.get("/my/people/stop"), names=NAMES, status=200)


def test_the_client_alone_ends_a_spoken_hold(client: FlaskClient, marcus: Client) -> None:
    consent = make_signed_consent(client=marcus)
    with writing():
        holding.hold(consent=consent, kind="spoken", actor=Actor("staff", 1), now=NOW)
    assert "Sharing is paused" in client.get("/my/people").get_data(as_text=True)
    post(client, f"/my/permissions/{consent.id}/resume")
    assert fresh(consent).state is State.ACTIVE


def test_a_safety_hold_also_needs_the_clinician(client: FlaskClient, marcus: Client) -> None:
    consent = make_signed_consent(client=marcus)
    with writing():
        holding.hold(consent=consent, kind="safety", actor=Actor("staff", 1), now=NOW)
    post(client, f"/my/permissions/{consent.id}/resume")
    assert fresh(consent).state is State.ON_HOLD
    with writing():
        holding.lift_hold(consent=fresh(consent), actor=Actor("staff", 1), now=NOW)
    assert fresh(consent).state is State.ACTIVE


def test_the_copy_is_the_frozen_text(client: FlaskClient, marcus: Client) -> None:
    consent = make_signed_consent(client=marcus, language="es")
    page = client.get(f"/my/permissions/{consent.id}/copy")
    check_page(page, names=NAMES, status=200)
    html = page.get_data(as_text=True)
    assert "Firmado electrónicamente en mi propia cuenta." in html
    assert 'lang="es"' in html


def test_an_unsigned_permission_has_no_copy(client: FlaskClient, marcus: Client) -> None:
    consent = make_pending_consent(client=marcus)
    assert client.get(f"/my/permissions/{consent.id}/copy").status_code == 404


PAGES = ("sign", "sign/what", "sign/until", "sign/read", "change", "stop", "copy")


@pytest.mark.parametrize("page", PAGES)
def test_somebody_elses_permission_is_not_there(client: FlaskClient, marcus: Client, page: str) -> None:
    other = make_signed_consent() if page in ("change", "stop", "copy") else make_pending_consent()
    unknown = client.get(f"/my/permissions/1/{page}")
    answer = client.get(f"/my/permissions/{other.id}/{page}")
    assert (answer.status_code, unknown.status_code) == (404, 404)
    assert post(client, f"/my/permissions/{other.id}/stop").status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_a_family_member_finds_no_client_page(client: FlaskClient, app: Flask, page: str) -> None:
    consent = make_signed_consent(family_member=make_family_member(user=make_user()))
    sign_in(client, consent.family_member.user, "family")
    assert client.get(f"/my/permissions/{consent.id}/{page}").status_code == 404


def test_signed_out_leads_to_the_sign_in(client: FlaskClient, app: Flask) -> None:
    consent = make_signed_consent()
    assert client.get(f"/my/permissions/{consent.id}/stop").status_code == 302
    assert post(client, f"/my/permissions/{consent.id}/stop").status_code == 302
    assert fresh(consent).state is State.ACTIVE


def test_without_a_token_nothing_is_stopped(client: FlaskClient, marcus: Client) -> None:
    consent = make_signed_consent(client=marcus)
    client.post(f"/my/permissions/{consent.id}/stop")
    client.post("/my/people/stop")
    assert fresh(consent).state is State.ACTIVE
    assert client.get(f"/my/permissions/{consent.id}/resume").status_code == 405
