"""The administrators' settings page."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.center import settings
from portal.core.db import db
from portal.people.models import Role
from tests.factories.center import make_settings
from tests.factories.people import make_staff
from tests.page import STAFF_BYTES, check_page
from tests.signin import post, sign_in

PAGE = {
    "version": "0",
    "product_name": "Harbor Room",
    "discreet_name": "Maple Street Office",
    "phone": "555 0100",
    "leave_url": "https://www.weather.gov/",
    "consent_months": "6",
    "first_lead": "72",
    "last_lead": "24",
    "quiet_from": "21:00",
    "quiet_until": "08:00",
    "crisis_reviewed_on": "",
}


@pytest.fixture
def admin(client: FlaskClient) -> FlaskClient:
    member = make_staff(Role.ADMIN)
    assert member.user is not None
    sign_in(client, member.user, "staff")
    return client


def test_each_setting_stands_with_its_effect(admin: FlaskClient) -> None:
    assert admin.get("/admin").location == "/admin/settings"
    page = check_page(admin.get("/admin/settings"), budget=STAFF_BYTES, status=200)
    assert page.by_id()["consent_months"].attributes["value"] == "6"
    assert "Every e-mail comes from this name." in page.one("main").text


def test_saving_is_in_force_at_once_and_kept(admin: FlaskClient) -> None:
    answer = post(admin, "/admin/settings", {**PAGE, "first_lead": "48", "crisis_reviewed_on": "2026-03-01"})
    assert answer.location == "/admin/settings"
    now = settings.current()
    assert (now.version, now.phone, now.lead_hours) == (1, "555 0100", (48, 24))
    assert "settings.changed" in db.session.scalars(select(AuditEntry.kind).order_by(AuditEntry.id)).all()
    text = check_page(admin.get("/admin/settings"), budget=STAFF_BYTES).one("main").text
    assert "Dana Ortiz" in text
    assert "Office phone" in text


def test_of_two_who_save_at_once_the_second_is_told(admin: FlaskClient) -> None:
    make_settings(version=1, phone="555 0101")
    answer = post(admin, "/admin/settings", {**PAGE, "phone": "555 0102"})
    page = check_page(answer, budget=STAFF_BYTES, status=409)
    assert "This changed while you were looking at it." in page.one("main").text
    assert settings.current().phone == "555 0101"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"consent_months": "13"}, "Type a number from 1 to 12."),
        ({"consent_months": "0"}, "Type a number from 1 to 12."),
        ({"last_lead": "73"}, "The last reminder comes after the first."),
        ({"leave_url": "javascript:alert(1)"}, "Type a whole address"),
        ({"phone": ""}, "Type the office's phone number."),
    ],
)
def test_what_cannot_be_is_said_beside_the_field(admin: FlaskClient, change: Any, words: str) -> None:
    page = check_page(post(admin, "/admin/settings", {**PAGE, **change}), budget=STAFF_BYTES, status=200)
    assert words in page.one("main").text
    assert settings.current().version == 0


@pytest.mark.parametrize("role", [Role.THERAPIST, Role.COORDINATOR, Role.PRIVACY_OFFICER])
def test_the_settings_are_the_administrators_alone(client: FlaskClient, role: Role) -> None:
    member = make_staff(role)
    assert member.user is not None
    sign_in(client, member.user, "staff")
    assert client.get("/admin/settings").status_code == 404
    assert post(client, "/admin/settings", PAGE).status_code == 404
    assert settings.current().version == 0


def test_signed_out_and_without_a_token_nothing_is_saved(admin: FlaskClient) -> None:
    assert admin.post("/admin/settings", data=PAGE).status_code == 400
    with admin.session_transaction() as cookie:
        cookie.clear()
    assert admin.get("/admin/settings").location.startswith("/sign-in")
    assert settings.current().version == 0


def test_a_kind_of_session_has_leads_of_its_own(admin: FlaskClient) -> None:
    post(admin, "/admin/settings", {**PAGE, "multi_family_leads": "24, 120"})
    assert settings.current().lead_hours_by_kind == {"multi_family": [120, 24]}
    page = check_page(admin.get("/admin/settings"), budget=STAFF_BYTES, status=200)
    assert page.by_id()["multi_family_leads"].attributes["value"] == "120, 24"


@pytest.mark.parametrize("typed", ["soon", "72;24", "1, 2, 3, 4, 5", "-3"])
def test_leads_that_are_no_hours_are_said_beside_the_field(admin: FlaskClient, typed: str) -> None:
    page = post(admin, "/admin/settings", {**PAGE, "multi_family_leads": typed}).text
    assert "Type hours with commas between" in page
    assert settings.current().lead_hours_by_kind == {}
