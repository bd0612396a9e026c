"""One client's page: within the caseload, each look remembered."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.core.db import db
from portal.mail.models import OutboundMessage
from portal.people.models import Client, Role, StaffMember
from tests.factories.consent import make_signed_consent
from tests.factories.people import make_care_team_member, make_client, make_staff
from tests.page import STAFF_BYTES, check_page, parse
from tests.signin import post, sign_in


@pytest.fixture
def therapist(client: FlaskClient) -> StaffMember:
    member: StaffMember = make_staff()
    assert member.user is not None
    sign_in(client, member.user, "staff")
    return member


@pytest.fixture
def marcus(therapist: StaffMember) -> Client:
    found: Client = make_client(email="marcus@mail.example")
    make_care_team_member(found, therapist)
    return found


def kinds() -> list[str]:
    return list(db.session.scalars(select(AuditEntry.kind).order_by(AuditEntry.id)))


def test_the_page_names_the_family_and_is_remembered(client: FlaskClient, marcus: Client) -> None:
    make_signed_consent(client=marcus)
    answer = client.get(f"/staff/clients/{marcus.id}")
    page = check_page(answer, budget=STAFF_BYTES, names=("Marcus", "Dole"), status=200)
    assert "Elena Dole" in page.one("main").text
    assert "Care team: Dana Ortiz" in page.one("main").text
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.kind == "client.viewed")).one()
    assert (entry.client_id, entry.fields) == (marcus.id, {"page": "client"})


def test_anothers_client_is_not_there_and_the_look_is_remembered(
    client: FlaskClient, therapist: StaffMember
) -> None:
    stranger = make_client()
    hidden, unknown = client.get(f"/staff/clients/{stranger.id}"), client.get("/staff/clients/123")
    assert (hidden.status_code, unknown.status_code) == (404, 404)
    assert parse(hidden.text).one("body").text == parse(unknown.text).one("body").text
    assert kinds() == ["client.access_refused"]


def test_a_post_on_anothers_client_changes_nothing_and_is_remembered(
    client: FlaskClient, therapist: StaffMember
) -> None:
    stranger = make_client()
    assert post(client, f"/staff/clients/{stranger.id}/family-contact").status_code == 404
    assert not stranger.no_family_contact
    assert kinds() == ["client.access_refused"]


def test_the_client_is_mailed_a_link_to_their_own_account(client: FlaskClient, marcus: Client) -> None:
    answer = post(client, f"/staff/clients/{marcus.id}/account")
    assert answer.location == f"/staff/clients/{marcus.id}"
    assert db.session.scalars(select(OutboundMessage.kind)).all() == ["account_invitation"]


def test_without_an_address_no_link_is_queued(client: FlaskClient, therapist: StaffMember) -> None:
    nobody = make_client(email=None)
    make_care_team_member(nobody, therapist)
    answer = post(client, f"/staff/clients/{nobody.id}/account")
    assert "There is no e-mail address" in client.get(answer.location).get_data(as_text=True)
    assert db.session.scalars(select(OutboundMessage)).all() == []


def test_no_family_contact_is_a_full_state_with_a_way_back(client: FlaskClient, marcus: Client) -> None:
    address = f"/staff/clients/{marcus.id}/family-contact"
    post(client, address)
    assert marcus.no_family_contact
    post(client, address)
    assert not marcus.no_family_contact
    assert kinds() == ["client.family_contact"] * 2


@pytest.mark.parametrize("role", [Role.ADMIN, Role.PRIVACY_OFFICER])
def test_only_therapists_and_coordinators_open_clients(
    client: FlaskClient, marcus: Client, role: Role
) -> None:
    member = make_staff(role)
    assert member.user is not None
    sign_in(client, member.user, "staff")
    assert client.get(f"/staff/clients/{marcus.id}").status_code == 404


def test_signed_out_wrong_method_and_no_token(client: FlaskClient, marcus: Client) -> None:
    address = f"/staff/clients/{marcus.id}"
    assert client.get(f"{address}/account").status_code == 405
    assert client.post(f"{address}/account").status_code == 400
    with client.session_transaction() as cookie:
        cookie.clear()
    assert client.get(address).location.startswith("/sign-in")
