"""Staff accounts: who may sign in. No client is named here."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.accounts.models import BrowserSession
from portal.core.db import db
from portal.mail.models import OutboundMessage
from portal.people.models import Role, StaffMember
from tests.factories.people import make_client, make_location, make_staff
from tests.page import STAFF_BYTES, check_page
from tests.signin import post, sign_in


@pytest.fixture
def admin(client: FlaskClient) -> StaffMember:
    member: StaffMember = make_staff(Role.ADMIN, given_name="Ada")
    assert member.user is not None
    sign_in(client, member.user, "staff")
    return member


def test_the_list_names_staff_and_no_client(client: FlaskClient, admin: StaffMember) -> None:
    make_client(family_name="Hidden")
    make_staff(Role.COORDINATOR, user=None)
    text = check_page(client.get("/admin/users"), budget=STAFF_BYTES, status=200).one("main").text
    assert "Ada Ortiz" in text
    assert "coordinator" in text
    assert "Hidden" not in text


def test_inviting_enters_the_person_and_queues_one_mail(client: FlaskClient, admin: StaffMember) -> None:
    location = make_location()
    check_page(client.get("/admin/users/new"), budget=STAFF_BYTES, status=200)
    page = {
        "given_name": "Cora",
        "family_name": "Lane",
        "email": "cora@center.example",
        "language": "en",
        "roles": ["coordinator", "therapist"],
        "location": str(location.id),
    }
    assert post(client, "/admin/users/new", page).location == "/admin/users"
    cora = db.session.scalars(select(StaffMember).where(StaffMember.given_name == "Cora")).one()
    roles = {row.role: row.location_id for row in cora.roles}
    assert roles == {Role.COORDINATOR: location.id, Role.THERAPIST: None}
    assert db.session.scalars(select(OutboundMessage.kind)).all() == ["account_invitation"]


def test_without_a_role_nobody_is_entered(client: FlaskClient, admin: StaffMember) -> None:
    page = {"given_name": "Cora", "family_name": "Lane", "email": "cora@center.example", "language": "en"}
    answer = check_page(post(client, "/admin/users/new", page), budget=STAFF_BYTES, status=200)
    assert "Choose at least one." in answer.one("main").text
    assert db.session.scalars(select(OutboundMessage)).all() == []


def test_disabling_ends_every_browser_at_once(client: FlaskClient, admin: StaffMember) -> None:
    other = make_staff()
    assert other.user is not None
    theirs = client.application.test_client()
    sign_in(theirs, other.user, "staff")
    post(client, f"/admin/users/{other.id}/disable")
    assert other.user.disabled_at is not None
    assert theirs.get("/staff").status_code == 302
    ended = select(BrowserSession.ended_at).where(BrowserSession.user_id == other.user_id)
    assert None not in db.session.scalars(ended).all()
    post(client, f"/admin/users/{other.id}/enable")
    assert other.user.disabled_at is None


def test_an_administrator_cannot_lock_themselves_out(client: FlaskClient, admin: StaffMember) -> None:
    answer = client.get(post(client, f"/admin/users/{admin.id}/disable").location)
    assert "This is your own account." in answer.get_data(as_text=True)
    assert admin.user is not None
    assert admin.user.disabled_at is None


def test_an_unknown_member_is_not_there(client: FlaskClient, admin: StaffMember) -> None:
    for verb in ("disable", "enable", "invite"):
        assert post(client, f"/admin/users/123/{verb}").status_code == 404


@pytest.mark.parametrize("role", [Role.THERAPIST, Role.COORDINATOR, Role.PRIVACY_OFFICER])
def test_the_list_is_the_administrators_alone(client: FlaskClient, role: Role) -> None:
    member = make_staff(role)
    assert member.user is not None
    sign_in(client, member.user, "staff")
    assert client.get("/admin/users").status_code == 404
