"""Consents for staff: lists, preparing, holding and its undo, written withdrawals, the desk."""

from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.consent.models import Consent, DeskSigning
from portal.consent.rules import Scope, State
from portal.core.db import db
from portal.mail.models import OutboundMessage
from portal.people.models import Client, Role, StaffMember
from tests.conftest import NOW, HeldClock
from tests.factories.consent import make_pending_consent, make_signed_consent
from tests.factories.people import (
    make_care_team_member,
    make_client,
    make_family_member,
    make_location,
    make_relationship,
    make_staff,
)
from tests.page import STAFF_BYTES, check_page
from tests.signin import post, sign_in


@pytest.fixture
def dana(client: FlaskClient) -> StaffMember:
    """A therapist, signed in."""
    member: StaffMember = make_staff(Role.THERAPIST)
    assert member.user is not None
    sign_in(client, member.user, "staff")
    return member


@pytest.fixture
def marcus(dana: StaffMember) -> Client:
    """A client of hers."""
    person: Client = make_client()
    make_care_team_member(person, dana)
    return person


def fresh(consent: Consent) -> Consent:
    db.session.expire_all()
    return db.session.get_one(Consent, consent.id)


@pytest.mark.parametrize("name", ["to_sign", "ends_soon", "on_hold", "active", "ended"])
def test_each_list_passes_the_harness(client: FlaskClient, marcus: Client, name: str) -> None:
    make_pending_consent(client=marcus)
    make_signed_consent(client=marcus, family_member=make_family_member(), expires_on=date(2026, 3, 8))
    check_page(client.get(f"/staff/consents?list={name}"), budget=STAFF_BYTES, status=200)


def test_an_unknown_list_is_not_there(client: FlaskClient, dana: StaffMember) -> None:
    assert client.get("/staff/consents?list=everything").status_code == 404


def test_lists_sort_by_state_and_clock(
    client: FlaskClient, marcus: Client, dana: StaffMember, held_clock: HeldClock
) -> None:
    make_signed_consent(client=marcus, expires_on=date(2026, 4, 30))
    assert "Elena" in client.get("/staff/consents?list=active").get_data(as_text=True)
    assert "Elena" not in client.get("/staff/consents?list=ends_soon").get_data(as_text=True)
    for at, name, words in (
        (NOW + timedelta(days=40), "ends_soon", "Within 30 days"),
        (NOW + timedelta(days=53), "ends_soon", "Within 7 days"),
        (NOW + timedelta(days=60), "ended", "Elena"),
    ):
        held_clock.at = at
        sign_in(client, dana.user, "staff", now=at)
        assert words in client.get(f"/staff/consents?list={name}").get_data(as_text=True)


def test_other_peoples_clients_are_not_there(client: FlaskClient, dana: StaffMember) -> None:
    other = make_signed_consent()
    assert "Elena" not in client.get("/staff/consents?list=active").get_data(as_text=True)
    for page in ("", "/hold", "/withdrawal"):
        assert client.get(f"/staff/consents/{other.id}{page}").status_code == 404
        assert client.get(f"/staff/consents/1{page}").status_code == 404
    assert post(client, f"/staff/consents/{other.id}/hold", {"kind": "spoken"}).status_code == 404
    assert client.get(f"/staff/consents/new?relationship={other.relationship_id}").status_code == 404
    assert post(client, f"/staff/desk/{other.client_id}/open").status_code == 404
    assert fresh(other).state is State.ACTIVE


def test_a_consent_is_prepared_and_waits(client: FlaskClient, marcus: Client) -> None:
    link = make_relationship(client=marcus)
    address = f"/staff/consents/new?relationship={link.id}"
    check_page(client.get(address), budget=STAFF_BYTES, status=200)
    data = {"scopes": ["sessions"], "purpose": "family_program", "language": "es", "expires_on": ""}
    answer = post(client, address, data)
    made = db.session.scalars(select(Consent)).one()
    assert answer.headers["Location"].endswith(f"/staff/consents/{made.id}")
    assert (made.state, made.language, made.chosen_at) == (State.PENDING_SIGNATURE, "es", None)
    assert db.session.scalars(select(OutboundMessage)).all() == []


@pytest.mark.parametrize(
    ("day", "words"), [("2026-03-03", "This date has passed."), ("2027-03-05", "more than 12 months")]
)
def test_a_wrong_end_is_refused_at_its_field(
    client: FlaskClient, marcus: Client, day: str, words: str
) -> None:
    link = make_relationship(client=marcus)
    data = {"scopes": ["sessions"], "purpose": "family_program", "language": "en", "expires_on": day}
    page = post(client, f"/staff/consents/new?relationship={link.id}", data)
    check_page(page, budget=STAFF_BYTES, status=409)
    assert words in page.get_data(as_text=True)
    assert db.session.scalars(select(Consent)).all() == []


def test_under_18_is_refused_with_its_reason(client: FlaskClient, dana: StaffMember) -> None:
    young = make_client(birth_on=date(2010, 1, 1))
    make_care_team_member(young, dana)
    link = make_relationship(client=young)
    data = {"scopes": ["sessions"], "purpose": "family_program", "language": "en"}
    page = post(client, f"/staff/consents/new?relationship={link.id}", data)
    assert "under 18" in page.get_data(as_text=True)
    assert db.session.scalars(select(Consent)).all() == []


def test_the_page_of_a_consent_is_audited(client: FlaskClient, marcus: Client) -> None:
    consent = make_signed_consent(client=marcus)
    check_page(client.get(f"/staff/consents/{consent.id}"), budget=STAFF_BYTES, status=200)
    assert "client.viewed" in db.session.scalars(select(AuditEntry.kind).order_by(AuditEntry.id)).all()


def test_a_hold_works_at_once_and_its_maker_can_undo_it(client: FlaskClient, marcus: Client) -> None:
    consent = make_signed_consent(client=marcus)
    check_page(client.get(f"/staff/consents/{consent.id}/hold"), budget=STAFF_BYTES, status=200)
    post(client, f"/staff/consents/{consent.id}/hold", {"kind": "spoken", "note": "by phone"})
    assert fresh(consent).state is State.ON_HOLD
    page = client.get(f"/staff/consents/{consent.id}")
    check_page(page, budget=STAFF_BYTES, status=200)
    assert "by phone" in page.get_data(as_text=True)
    post(client, f"/staff/consents/{consent.id}/undo-hold")
    assert fresh(consent).state is State.ACTIVE
    assert db.session.scalars(select(OutboundMessage)).all() == []


def test_after_ten_minutes_or_by_somebody_else_a_hold_stays(
    client: FlaskClient, marcus: Client, dana: StaffMember, held_clock: HeldClock
) -> None:
    consent = make_signed_consent(client=marcus)
    post(client, f"/staff/consents/{consent.id}/hold", {"kind": "spoken"})
    other = make_staff(Role.THERAPIST)
    make_care_team_member(marcus, other)
    browser = client.application.test_client()
    sign_in(browser, other.user, "staff")
    post(browser, f"/staff/consents/{consent.id}/undo-hold")
    held_clock.advance(minutes=10)
    post(client, f"/staff/consents/{consent.id}/undo-hold")
    answer = client.get(f"/staff/consents/{consent.id}")
    assert "Only the person who pressed it can undo this" in answer.get_data(as_text=True)
    assert fresh(consent).state is State.ON_HOLD


def test_staff_cannot_end_a_spoken_hold(client: FlaskClient, marcus: Client, held_clock: HeldClock) -> None:
    consent = make_signed_consent(client=marcus)
    post(client, f"/staff/consents/{consent.id}/hold", {"kind": "spoken"})
    held_clock.advance(minutes=11)
    post(client, f"/staff/consents/{consent.id}/agree-to-resume")
    assert fresh(consent).state is State.ON_HOLD


def test_a_written_withdrawal_needs_the_note(client: FlaskClient, marcus: Client) -> None:
    consent = make_signed_consent(client=marcus)
    address = f"/staff/consents/{consent.id}/withdrawal"
    check_page(client.get(address), budget=STAFF_BYTES, status=200)
    post(client, address)
    assert fresh(consent).state is State.ACTIVE
    post(client, address, {"on_file": "y"})
    assert fresh(consent).state is State.REVOKED


def test_the_desk_opens_a_sitting_and_shows_its_code_once(client: FlaskClient, marcus: Client) -> None:
    make_pending_consent(client=marcus)
    check_page(client.get("/staff/desk"), budget=STAFF_BYTES, status=200)
    page = post(client, f"/staff/desk/{marcus.id}/open")
    check_page(page, budget=STAFF_BYTES, status=200)
    assert 'class="code"' in page.get_data(as_text=True)
    assert db.session.scalars(select(DeskSigning.client_id)).all() == [marcus.id]
    queue = client.get("/staff/desk").get_data(as_text=True)
    assert "Waits for the tablet" in queue
    assert 'class="code"' not in queue


def test_nothing_to_sign_opens_no_sitting(client: FlaskClient, marcus: Client) -> None:
    make_signed_consent(client=marcus, scopes={Scope.LESSONS})
    post(client, f"/staff/desk/{marcus.id}/open")
    answer = client.get("/staff/desk")
    assert "Nothing waits" in answer.get_data(as_text=True)
    assert db.session.scalars(select(DeskSigning)).all() == []


@pytest.mark.parametrize("role", [Role.ADMIN, Role.PRIVACY_OFFICER])
def test_other_roles_find_no_consents(app: Flask, client: FlaskClient, role: Role) -> None:
    member = make_staff(role)
    consent = make_signed_consent()
    sign_in(client, member.user, "staff")
    for address in ("/staff/consents", f"/staff/consents/{consent.id}", "/staff/desk"):
        assert client.get(address).status_code == 404


def test_a_coordinator_has_the_clients_of_the_location(app: Flask, client: FlaskClient) -> None:
    place = make_location()
    consent = make_signed_consent(client=make_client(location=place))
    member = make_staff(Role.COORDINATOR, location=place)
    sign_in(client, member.user, "staff")
    assert client.get(f"/staff/consents/{consent.id}").status_code == 200
    assert client.get("/staff/desk").status_code == 200


def test_without_the_second_factor_nothing_opens(app: Flask, client: FlaskClient) -> None:
    consent = make_signed_consent()
    member = make_staff(Role.THERAPIST)
    make_care_team_member(consent.client, member)
    sign_in(client, member.user, "staff", second_factor=False)
    assert client.get(f"/staff/consents/{consent.id}").status_code == 302
