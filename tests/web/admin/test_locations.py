"""The places of care and the rule for clients under 18."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.center.models import Location
from portal.core.db import db
from portal.people.models import Role
from tests.factories.people import make_location, make_staff
from tests.page import STAFF_BYTES, check_page
from tests.signin import post, sign_in

PLACE = {
    "name": "Elm Street",
    "address": "1 Elm Street",
    "phone": "555 0100",
    "timezone": "America/Chicago",
    "minor_rule": "",
    "minor_basis": "",
}


@pytest.fixture
def admin(client: FlaskClient) -> FlaskClient:
    sign_in(client, make_staff(Role.ADMIN).user, "staff")
    return client


def test_a_place_is_added_and_listed(admin: FlaskClient) -> None:
    check_page(admin.get("/admin/locations"), budget=STAFF_BYTES, status=200)
    check_page(admin.get("/admin/locations/new"), budget=STAFF_BYTES, status=200)
    post(admin, "/admin/locations/new", PLACE)
    page = check_page(admin.get("/admin/locations"), budget=STAFF_BYTES, status=200)
    assert "Elm Street" in page.one("main").text
    assert "Not looked up yet" in page.one("main").text


def test_the_rule_for_minors_needs_its_law_and_is_audited(admin: FlaskClient) -> None:
    place = make_location()
    address = f"/admin/locations/{place.id}"
    check_page(admin.get(address), budget=STAFF_BYTES, status=200)
    refused = post(admin, address, {**PLACE, "minor_rule": "minor_self"})
    check_page(refused, budget=STAFF_BYTES, status=409)
    assert "The law that the rule rests on is missing." in refused.get_data(as_text=True)
    post(admin, address, {**PLACE, "minor_rule": "minor_plus_guardian", "minor_basis": "State code 1.2"})
    db.session.expire_all()
    saved = db.session.get_one(Location, place.id)
    assert (saved.minor_rule, saved.minor_basis) == ("minor_plus_guardian", "State code 1.2")
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.kind == "location.changed")).one()
    assert "minor_rule" in entry.fields["names"]


@pytest.mark.parametrize(
    ("change", "status"),
    [({"name": " "}, 409), ({"timezone": "Mars/Olympus"}, 200), ({"minor_rule": "x"}, 200)],
)
def test_what_cannot_be_is_refused(admin: FlaskClient, change: dict[str, str], status: int) -> None:
    place = make_location()
    assert post(admin, f"/admin/locations/{place.id}", {**PLACE, **change}).status_code == status
    db.session.expire_all()
    assert db.session.get_one(Location, place.id).name == "Water Street"


def test_only_administrators_find_it(client: FlaskClient) -> None:
    place = make_location()
    for role in (Role.THERAPIST, Role.COORDINATOR, Role.PRIVACY_OFFICER):
        sign_in(client, make_staff(role, location=place).user, "staff")
        assert client.get("/admin/locations").status_code == 404
        assert post(client, f"/admin/locations/{place.id}", PLACE).status_code == 404
