"""Invitations of staff: nothing goes out without a usable consent that names the person."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.consent.models import Consent
from portal.core import tokens
from portal.core.db import db, writing
from portal.mail.models import OutboundMessage
from portal.people import invitations
from portal.people.models import FamilyMember, Invitation, Role
from portal.people.rules import InvitationState
from portal.workflows import access_ended
from tests.conftest import NOW, HeldClock
from tests.factories.consent import FACTORY, make_pending_consent, make_signed_consent
from tests.factories.people import make_client, make_family_member, make_location, make_staff, make_user
from tests.page import STAFF_BYTES, check_page
from tests.signin import post, sign_in


@pytest.fixture
def consent(client: FlaskClient) -> Consent:
    """A signed consent with an invitation ready, and its coordinator signed in."""
    signed = make_signed_consent()
    coordinator = make_staff(Role.COORDINATOR, location=signed.client.location)
    assert coordinator.user is not None
    sign_in(client, coordinator.user, "staff")
    with writing():
        invitations.open_invitation(relationship_id=signed.relationship_id, now=NOW, actor=FACTORY, key="key")
    return signed


def mails() -> list[OutboundMessage]:
    return list(db.session.scalars(select(OutboundMessage)))


def state() -> InvitationState:
    return db.session.scalars(select(Invitation.state)).one()


def send(client: FlaskClient, consent: Consent) -> str:
    """Press the button; returns what the page says next."""
    answer = post(client, f"/staff/invitations/{consent.relationship_id}/send")
    assert answer.location == f"/staff/clients/{consent.client_id}"
    return client.get(answer.location).get_data(as_text=True)


def test_a_ready_invitation_is_sent_once(client: FlaskClient, consent: Consent) -> None:
    page = check_page(client.get("/staff/invitations"), budget=STAFF_BYTES, names=("Dole",), status=200)
    assert "Send invitation" in page.one("main").text
    assert "on its way" in send(client, consent)
    send(client, consent)
    assert [(mail.kind, mail.reader_id) for mail in mails()] == [
        ("family_invitation", consent.family_member_id)
    ]
    assert state() is InvitationState.SENT


def test_sending_again_replaces_the_mail_on_its_way(
    client: FlaskClient, consent: Consent, held_clock: HeldClock
) -> None:
    send(client, consent)
    held_clock.advance(minutes=5)
    send(client, consent)
    assert sorted(mail.state for mail in mails()) == ["dropped", "queued"]


def test_without_a_signature_there_is_no_button_and_no_mail(client: FlaskClient, consent: Consent) -> None:
    waiting = make_pending_consent(client=consent.client, family_member=make_family_member(given_name="Ray"))
    text = check_page(client.get("/staff/invitations"), budget=STAFF_BYTES).one("main").text
    assert "Needs a signed consent first" in text
    assert "This needs a signed consent first." in send(client, waiting)
    assert mails() == []


@pytest.mark.parametrize(("seconds", "sent"), [(-1, True), (0, False), (1, False)])
def test_a_consent_counts_until_the_instant_of_its_end(
    client: FlaskClient, consent: Consent, seconds: int, sent: bool
) -> None:
    with writing():
        db.session.get_one(Consent, consent.id).ends_at = NOW - timedelta(seconds=seconds)
    send(client, consent)
    assert bool(mails()) is sent


def test_without_an_address_the_letter_is_offered(client: FlaskClient, consent: Consent) -> None:
    with writing():
        db.session.get_one(FamilyMember, consent.family_member_id).email = None
    assert "There is no e-mail address" in send(client, consent)
    assert mails() == []
    page = check_page(
        post(client, f"/staff/invitations/{consent.relationship_id}/print"), budget=STAFF_BYTES, status=200
    )
    assert "/invite/" in page.one("main").text
    assert "Marcus" not in page.one("main").text
    assert state() is InvitationState.SENT


def test_a_printed_link_opens_the_invitation(client: FlaskClient, consent: Consent) -> None:
    answer = post(client, f"/staff/invitations/{consent.relationship_id}/print")
    address = check_page(answer, budget=STAFF_BYTES).all("b")[-1].text
    visitor = client.application.test_client()
    assert visitor.get("/invite/" + address.rpartition("/")[2]).status_code == 200


def test_the_tabs_show_each_state(client: FlaskClient, consent: Consent) -> None:
    def shown(tab: str) -> str:
        return check_page(client.get(f"/staff/invitations?state={tab}"), budget=STAFF_BYTES).one("main").text

    assert "Elena D." in shown("ready")
    assert "Nobody stands here." in shown("sent")
    send(client, consent)
    assert "Elena D." in shown("sent")


def test_anothers_relationship_is_not_there(client: FlaskClient, consent: Consent) -> None:
    elsewhere = make_staff(Role.COORDINATOR, location=make_location())
    assert elsewhere.user is not None
    sign_in(client, elsewhere.user, "staff")
    for verb in ("send", "print"):
        assert post(client, f"/staff/invitations/{consent.relationship_id}/{verb}").status_code == 404
        assert post(client, f"/staff/invitations/123/{verb}").status_code == 404
    assert mails() == []


def test_wrong_method_and_no_token(client: FlaskClient, consent: Consent) -> None:
    address = f"/staff/invitations/{consent.relationship_id}/send"
    assert client.get(address).status_code == 405
    assert client.post(address).status_code == 400
    assert mails() == []


def test_staff_give_the_client_a_new_code_once(client: FlaskClient, consent: Consent) -> None:
    before = db.session.scalars(select(Invitation.code_digest)).one()
    assert "New code" in client.get(f"/staff/clients/{consent.client_id}").text
    answer = post(client, f"/staff/invitations/{consent.relationship_id}/code")
    check_page(answer, budget=STAFF_BYTES, names=("Dole",), status=200)
    [code] = re.findall(r'<p class="code">([^<]+)</p>', answer.text)
    db.session.expire_all()
    invitation = db.session.scalars(select(Invitation)).one()
    key = client.application.config["SECRET_KEY"]
    assert invitation.code_digest == tokens.code_digest(code, key) != before
    assert db.session.scalars(select(AuditEntry).where(AuditEntry.kind == "invitation.coded")).one()
    assert mails() == []


def test_no_code_without_a_consent_or_for_who_has_an_account(client: FlaskClient, consent: Consent) -> None:
    before = db.session.scalars(select(Invitation.code_digest)).one()
    address = f"/staff/invitations/{consent.relationship_id}/code"
    assert client.get(address).status_code == 405
    assert client.post(address).status_code == 400
    foreign = make_signed_consent(client=make_client(location=make_location()))
    assert post(client, f"/staff/invitations/{foreign.relationship_id}/code").status_code == 404
    with writing():
        consent.family_member.user = make_user()
    assert post(client, address).location == f"/staff/clients/{consent.client_id}"
    with writing():
        access_ended.hold(consent=consent, kind="spoken", actor=FACTORY, now=NOW)
    assert post(client, address).location == f"/staff/clients/{consent.client_id}"
    db.session.expire_all()
    assert db.session.scalars(select(Invitation.code_digest)).one() == before
