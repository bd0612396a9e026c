"""The privacy office reads the audit and changes nothing."""

import pytest
from flask.testing import FlaskClient

from portal.audit import service as audit
from portal.core.actor import Actor
from portal.core.db import writing
from portal.people.models import Role
from tests.conftest import NOW
from tests.factories.people import make_staff
from tests.page import STAFF_BYTES, check_page
from tests.signin import sign_in


@pytest.fixture
def office(client: FlaskClient) -> FlaskClient:
    member = make_staff(Role.PRIVACY_OFFICER)
    assert member.user is not None
    sign_in(client, member.user, "staff")
    with writing():
        for client_id in range(60):
            audit.record("client.created", actor=Actor("staff", 7), now=NOW, client_id=client_id)
        audit.record("client.access_refused", actor=Actor("staff", 8), now=NOW, client_id=99)
    return client


def test_the_first_page_counts(office: FlaskClient) -> None:
    text = check_page(office.get("/privacy-office"), budget=STAFF_BYTES, status=200).one("main").text
    assert "61" in text
    assert "looks at clients outside a caseload" in text


def test_the_newest_stand_first_fifty_a_page(office: FlaskClient) -> None:
    page = check_page(office.get("/privacy-office/audit"), budget=STAFF_BYTES, status=200)
    assert len(page.all("time")) == 50
    assert page.all("tr")[1].text.count("client.access_refused") == 1
    older = next(link.attributes["href"] for link in page.all("a") if "before=" in link.attributes["href"])
    assert len(check_page(office.get(older), budget=STAFF_BYTES).all("time")) == 11


def test_a_kind_can_be_picked_out(office: FlaskClient) -> None:
    page = check_page(office.get("/privacy-office/audit?kind=client.access_refused"), budget=STAFF_BYTES)
    assert len(page.all("time")) == 1
    empty = check_page(office.get("/privacy-office/audit?kind=settings.changed"), budget=STAFF_BYTES)
    assert "No entry of this kind." in empty.one("main").text
    assert office.get("/privacy-office/audit?kind=nonsense").status_code == 404


@pytest.mark.parametrize("role", [Role.THERAPIST, Role.COORDINATOR, Role.ADMIN])
def test_the_audit_is_the_privacy_offices_alone(client: FlaskClient, role: Role) -> None:
    member = make_staff(role)
    assert member.user is not None
    sign_in(client, member.user, "staff")
    assert client.get("/privacy-office/audit").status_code == 404
