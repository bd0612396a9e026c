"""The staff menu shows what the viewer's roles open, and nothing that does not exist."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.models import Audience
from portal.people.models import Role
from portal.web.access import ROLES
from portal.web.menu import ENTRIES
from tests.factories.people import make_staff, make_user
from tests.page import parse
from tests.signin import sign_in


@pytest.fixture
def engine() -> str:
    return "sqlite"


def test_every_entry_has_a_page_and_roles(app: Flask) -> None:
    assert {entry.endpoint for entry in ENTRIES} <= set(app.view_functions)
    assert {entry.endpoint for entry in ENTRIES} <= set(ROLES)


@pytest.mark.parametrize("role", list(Role))
def test_each_role_sees_its_own_links(app: Flask, client: FlaskClient, role: Role) -> None:
    user = make_user()
    make_staff(role, user=user)
    sign_in(client, user, Audience.STAFF)
    page = parse(client.get("/staff").text)
    menu = [
        link for link in page.all("a") if any(each.attributes.get("class") == "side" for each in link.parents)
    ]
    assert len(menu) == sum(role in ROLES[entry.endpoint] for entry in ENTRIES)
    assert [link.text.strip() for link in menu if link.attributes.get("aria-current")] == ["Overview"]
    assert {client.get(link.attributes["href"]).status_code for link in menu} == {200}
