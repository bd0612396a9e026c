"""The accounting of disclosures: three years, and its sum is the ledger's."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.accounts.models import Audience
from portal.audit.models import AuditEntry
from portal.consent.models import Consent
from portal.core.db import db, writing
from portal.disclosure import accounting, gate, service
from portal.disclosure.models import Channel, DisclosureEntry
from portal.people.models import Client, Role
from tests import pdf
from tests.conftest import NOW, HeldClock
from tests.factories.consent import make_signed_consent
from tests.factories.people import make_client, make_family_member, make_staff, make_user
from tests.page import STAFF_BYTES, check_page
from tests.signin import sign_in


def disclose(consent: Consent, occasion: str, at=NOW, channel: Channel = Channel.PAGE) -> None:
    permits = gate.permits(family_member_id=consent.family_member_id, at=NOW)
    noted = [(permit, f"week:2026-W{n}", channel) for n in (10, 11) for permit in permits]
    with writing():
        service.record(noted, occasion=occasion, now=at)


@pytest.fixture
def shared(app: Flask) -> Consent:
    """Two browser sessions and one print of one pair, and somebody else's."""
    consent = make_signed_consent(client=make_client(user=make_user()))
    disclose(consent, "browser:1")
    disclose(consent, "browser:2", NOW + timedelta(minutes=5))
    disclose(consent, "browser:1", channel=Channel.PRINT)
    disclose(make_signed_consent(), "browser:3")
    return consent


def count(client: Client) -> int:
    query = select(func.count(DisclosureEntry.id)).where(DisclosureEntry.client_id == client.id)
    return db.session.scalar(query) or 0


def test_p2_10_the_sum_of_the_lines_is_the_ledgers_count(shared: Consent) -> None:
    report = accounting.of_client(shared.client, now=NOW + timedelta(hours=1))
    assert report.total == count(shared.client) == 36
    assert len(report.lines) < report.total
    assert {line.recipient for line in report.lines} == {"Elena Dole"}
    assert {line.channel for line in report.lines} == {Channel.PAGE, Channel.PRINT}


def test_each_line_says_consent_purpose_and_notice(shared: Consent) -> None:
    line = accounting.of_client(shared.client, now=NOW + timedelta(hours=1)).lines[0]
    assert (line.consent_id, line.purpose, line.notice_version) == (shared.id, "family_program", 1)
    assert line.signed_at == shared.signed_at


def test_after_three_years_a_disclosure_leaves_the_report(shared: Consent) -> None:
    later = NOW.replace(year=NOW.year + 3)
    assert accounting.of_client(shared.client, now=later).total == 12, "those of five minutes later"
    assert accounting.of_client(shared.client, now=later + timedelta(hours=1)).total == 0


def test_the_client_reads_it_as_a_page_and_as_a_pdf(
    client: FlaskClient, shared: Consent, held_clock: HeldClock
) -> None:
    held_clock.at = NOW + timedelta(hours=1)
    sign_in(client, shared.client.user, Audience.CLIENT)
    page = client.get("/my/accounting")
    check_page(page, names=("Elena",), status=200)
    assert "36 in all" in page.text
    assert "So that this person can take part in the family program" in page.text
    assert page.text.count("42 CFR part 2 prohibits unauthorized use") == 1
    words = pdf.text(client.get("/my/accounting.pdf").data).replace(" ", "")
    assert "36inall" in words
    assert "ElenaDole" in words
    times = [int(each) for each in re.findall(r'data-l="Times">(\d+)<', page.text)]
    assert sum(times) == count(shared.client) == 36
    assert words.count("textfamily-2") == len(times)  # the same lines, a row each


def test_nothing_shared_is_a_page_too(client: FlaskClient) -> None:
    person = make_client(user=make_user())
    sign_in(client, person.user, Audience.CLIENT)
    page = client.get("/my/accounting")
    check_page(page, status=200)
    assert "Nothing was shared in this time." in page.text


def test_the_privacy_office_reads_one_clients_and_the_look_is_audited(
    client: FlaskClient, shared: Consent
) -> None:
    user = make_user()
    make_staff(Role.PRIVACY_OFFICER, user=user)
    sign_in(client, user, Audience.STAFF)
    check_page(client.get("/privacy-office/accounting"), budget=STAFF_BYTES, status=200)
    page = client.get(f"/privacy-office/accounting/{shared.client_id}")
    check_page(page, budget=STAFF_BYTES, names=("Elena", "Marcus"), status=200)
    looks = db.session.scalars(select(AuditEntry).where(AuditEntry.kind == "client.viewed")).all()
    assert [(look.client_id, look.fields) for look in looks] == [(shared.client_id, {"page": "accounting"})]
    report = client.get(f"/privacy-office/accounting/{shared.client_id}/report.pdf")
    assert report.data.startswith(b"%PDF-")
    assert client.get("/privacy-office/accounting/100000000000001").status_code == 404


def test_a_family_member_of_two_clients_is_told_apart(app: Flask) -> None:
    elena = make_family_member()
    ana, marcus = (make_signed_consent(client=make_client(), family_member=elena) for _ in range(2))
    disclose(ana, "browser:1")
    total = (
        accounting.of_client(ana.client, now=NOW).total + accounting.of_client(marcus.client, now=NOW).total
    )
    assert total == db.session.scalar(select(func.count(DisclosureEntry.id)))
