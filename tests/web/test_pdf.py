"""Signed copies and the accounting as tagged PDF, each for its owner alone."""

import builtins
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.accounts.models import Audience
from portal.audit.models import AuditEntry
from portal.consent.models import Consent, Withdrawal
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.people.models import Role
from portal.workflows import access_ended
from tests import pdf
from tests.conftest import NOW
from tests.factories.consent import make_pending_consent, make_signed_consent
from tests.factories.people import make_care_team_member, make_client, make_staff, make_user
from tests.page import check_page
from tests.signin import sign_in


@pytest.fixture
def signed(client: FlaskClient) -> Consent:
    """A consent that the signed-in client has signed."""
    person = make_client(user=make_user(), given_name="Zebulon", family_name="Quartz")
    sign_in(client, person.user, Audience.CLIENT)
    return make_signed_consent(client=person)


def test_the_copy_opens_is_tagged_and_holds_the_signature(client: FlaskClient, signed: Consent) -> None:
    answer = client.get(f"/my/permissions/{signed.id}/copy.pdf")
    assert answer.status_code == 200
    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF-")
    assert answer.data.rstrip().endswith(b"%%EOF")
    laid_open = pdf.objects(answer.data)
    assert b"/MarkInfo" in laid_open
    assert b"/StructTreeRoot" in laid_open
    assert b"/Lang" in laid_open
    words = pdf.text(answer.data).replace(" ", "")
    assert "SignedbyZebulonQuartz" in words
    assert "ElenaDole" in words


def test_no_name_stands_in_the_name_of_the_file(client: FlaskClient, signed: Consent) -> None:
    for address in (f"/my/permissions/{signed.id}/copy.pdf", "/my/accounting.pdf"):
        named = client.get(address).headers["Content-Disposition"]
        assert "Quartz" not in named
        assert named.startswith("attachment; filename=")


def test_without_pango_a_page_says_what_to_do(
    client: FlaskClient, signed: Consent, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: Any, **more: Any) -> Any:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    page = client.get(f"/my/permissions/{signed.id}/copy.pdf")
    check_page(page, status=503)
    assert "The library Pango is missing" in page.text


def test_copies_of_others_and_of_what_is_not_signed_are_not_there(
    client: FlaskClient, signed: Consent
) -> None:
    foreign, waiting = make_signed_consent(), make_pending_consent(client=signed.client)
    for consent_id in (foreign.id, waiting.id, 100000000000001):
        assert client.get(f"/my/permissions/{consent_id}/copy.pdf").status_code == 404


def test_staff_of_the_care_team_get_it_and_the_look_is_audited(client: FlaskClient) -> None:
    consent, user = make_signed_consent(), make_user()
    make_care_team_member(consent.client, make_staff(Role.THERAPIST, user=user))
    sign_in(client, user, Audience.STAFF)
    assert client.get(f"/staff/consents/{consent.id}/copy.pdf").data.startswith(b"%PDF-")
    looks = db.session.scalars(select(AuditEntry).where(AuditEntry.kind == "client.viewed")).all()
    assert [look.fields for look in looks] == [{"page": "consent_copy"}]
    assert client.get(f"/staff/consents/{make_signed_consent().id}/copy.pdf").status_code == 404


def test_a_withdrawal_is_a_tagged_pdf_for_its_owner_and_staff_alone(
    app: Flask, client: FlaskClient, signed: Consent
) -> None:
    with writing():
        access_ended.stop(consent=signed, actor=Actor("client", signed.client_id), now=NOW)
    written = db.session.scalars(select(Withdrawal)).one()
    address = f"permissions/{signed.id}/withdrawals/{written.id}.pdf"
    answer = client.get(f"/my/{address}")
    assert b"/StructTreeRoot" in pdf.objects(answer.data)
    words = pdf.text(answer.data).replace(" ", "")
    assert "Withdrawalofpermission" in words
    assert "intheirownaccount" in words
    assert "Quartz" not in answer.headers["Content-Disposition"]
    foreign = make_signed_consent()
    assert client.get(f"/my/permissions/{foreign.id}/withdrawals/{written.id}.pdf").status_code == 404
    assert client.get(f"/my/permissions/{signed.id}/withdrawals/1.pdf").status_code == 404
    browser, member = app.test_client(), make_staff(Role.THERAPIST)
    sign_in(browser, member.user, Audience.STAFF)
    address = f"/staff/consents/{signed.id}/withdrawals/{written.id}.pdf"
    assert browser.get(address).status_code == 404
    make_care_team_member(signed.client, member)
    assert browser.get(address).data.startswith(b"%PDF-")
    looks = select(AuditEntry.fields).where(AuditEntry.kind == "client.viewed")
    assert {"page": "withdrawal_copy"} in db.session.scalars(looks).all()
    assert app.test_client().get(address).status_code == 302
