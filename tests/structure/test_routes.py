"""A walk over every route: default deny, no route without a guard, no change by a GET."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.routing import Rule

from portal.accounts.models import Audience, User
from portal.core.db import Base, db
from portal.people.models import Role
from portal.web.access import GUARDED, ROLES
from tests.factories.people import make_client, make_family_member, make_staff, make_user
from tests.page import check_page
from tests.signin import post, sign_in

OFFICE = ("staff", "admin", "privacy")

WITHOUT_TOKEN = {"public.stop_mail"}
"""Posted by mail programs (RFC 8058): the address itself is the secret, and it can only stop mail."""

CHANGES_BY_GET = {"public.leave"}
"""The way out: see the view."""


def rules(app: Flask) -> Iterator[Rule]:
    return (rule for rule in app.url_map.iter_rules() if rule.endpoint != "static")


def blueprint_of(rule: Rule) -> str:
    return rule.endpoint.rpartition(".")[0]


def address(rule: Rule) -> str:
    """An address of this route with ids and tokens that belong to nothing."""
    values = {
        name: 100000000000001 if type(converter).__name__ == "IntegerConverter" else "nothing-here"
        for name, converter in rule._converters.items()
    }
    built = rule.build(values)
    assert built is not None
    return built[1]


def knock(client: FlaskClient, rule: Rule) -> int:
    """The status of the page, or of its button."""
    if "GET" in (rule.methods or ()):
        return client.get(address(rule)).status_code
    return post(client, address(rule)).status_code


def audience_of(rule: Rule) -> Audience | None:
    return GUARDED[blueprint_of(rule)]


def user_of(audience: Audience) -> User:
    """A signed-in person of this audience; staff with every role."""
    user = make_user()
    if audience is Audience.FAMILY:
        make_family_member(user=user)
    elif audience is Audience.CLIENT:
        make_client(user=user)
    else:
        make_staff(*Role, user=user)
    return user


def checksum() -> dict[str, tuple[int, str]]:
    """Rows and content of every table. What only notes the visit itself is left out."""
    found = {}
    for table in Base.metadata.sorted_tables:
        if table.name in ("disclosure", "disclosure_event", "ledger_entry"):
            continue
        rows = db.session.execute(table.select()).all()
        plain = sorted(
            repr([value for name, value in row._mapping.items() if name != "last_seen_at"]) for row in rows
        )
        found[table.name] = (len(plain), "\n".join(plain))
    db.session.rollback()
    return found


def test_every_endpoint_stands_in_a_guarded_blueprint(app: Flask) -> None:
    assert {rule.endpoint for rule in rules(app) if blueprint_of(rule) not in GUARDED} == set()


def test_the_table_of_roles_and_the_pages_of_the_office_are_the_same_set(app: Flask) -> None:
    pages = {rule.endpoint for rule in rules(app) if blueprint_of(rule) in OFFICE}
    assert pages - set(ROLES) == set(), "pages that nobody may open"
    assert set(ROLES) - pages == set(), "roles for pages that do not exist"
    assert all(ROLES.values())


def test_an_endpoint_of_no_guarded_blueprint_is_not_there(app: Flask, client: FlaskClient) -> None:
    app.view_functions.setdefault("stray", lambda: "stray")
    if not any(rule.endpoint == "stray" for rule in app.url_map.iter_rules()):
        app.url_map.add(Rule("/stray", endpoint="stray"))
    try:
        assert client.get("/stray").status_code == 404
    finally:
        del app.view_functions["stray"]
        app.url_map._rules_by_endpoint.pop("stray")


def test_signed_out_no_page_behind_a_guard_opens(app: Flask, client: FlaskClient) -> None:
    opened = {}
    for rule in rules(app):
        if audience_of(rule) is None or "GET" not in (rule.methods or ()):
            continue
        response = client.get(address(rule))
        to_sign_in = response.status_code == 302 and response.location.startswith("/sign-in")
        if not to_sign_in and response.status_code != 404:
            opened[rule.rule] = response.status_code
    assert opened == {}


@pytest.mark.parametrize("audience", list(Audience))
def test_the_wrong_audience_finds_nothing(app: Flask, client: FlaskClient, audience: Audience) -> None:
    sign_in(client, user_of(audience), audience)
    found = {}
    for rule in rules(app):
        if audience_of(rule) in (None, audience):
            continue
        status = knock(client, rule)
        if status != 404:
            found[rule.rule] = status
    assert found == {}


@pytest.mark.parametrize("role", list(Role))
def test_the_wrong_role_finds_nothing(app: Flask, client: FlaskClient, role: Role) -> None:
    user = make_user()
    make_staff(role, user=user)
    sign_in(client, user, Audience.STAFF)
    found = {}
    for rule in rules(app):
        if blueprint_of(rule) in OFFICE and role not in ROLES.get(rule.endpoint, frozenset()):
            status = knock(client, rule)
            if status != 404:
                found[rule.rule] = status
    assert found == {}


def test_nothing_is_posted_without_its_token(app: Flask, client: FlaskClient) -> None:
    accepted = {}
    signed_in: Audience | None = None
    for rule in sorted(rules(app), key=lambda rule: str(audience_of(rule))):
        audience = audience_of(rule)
        if audience is not None and audience is not signed_in:
            sign_in(client, user_of(audience), audience)
            signed_in = audience
        for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}:
            status = client.open(address(rule), method=method).status_code
            if status != 400 and rule.endpoint not in WITHOUT_TOKEN:
                accepted[f"{method} {rule.rule}"] = status
    assert accepted == {}


def test_no_get_changes_a_table(app: Flask, client: FlaskClient) -> None:
    for audience in (None, *Audience):
        if audience is not None:
            sign_in(client, user_of(audience), audience)
        before = checksum()
        for rule in rules(app):
            if "GET" in (rule.methods or ()) and rule.endpoint not in CHANGES_BY_GET:
                client.get(address(rule))
        assert checksum() == before, audience


@pytest.mark.parametrize("audience", list(Audience))
def test_every_page_without_an_id_passes_the_harness(
    app: Flask, client: FlaskClient, audience: Audience
) -> None:
    """Each opens on an empty database too: empty states are pages like all others."""
    sign_in(client, user_of(audience), audience)
    problems = []
    for rule in rules(app):
        if "GET" not in (rule.methods or ()) or rule.arguments or audience_of(rule) not in (None, audience):
            continue
        if rule.endpoint in CHANGES_BY_GET:
            continue
        response = client.get(rule.rule)
        if response.status_code != 200 or response.mimetype != "text/html":
            if response.status_code not in (200, 302, 303, 404):
                problems.append(f"{rule.rule}: {response.status_code}")
            continue
        try:
            check_page(response, budget=15 * 1024)
        except AssertionError as found:
            problems.append(str(found).partition("\nassert")[0])
    assert not problems, "\n".join(problems)


def test_every_answer_carries_the_headers(app: Flask, client: FlaskClient) -> None:
    for path in ("/sign-in", "/nothing", "/static/site.css", "/static/nothing", "/leave", "/healthz"):
        headers = client.get(path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'"), path
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Referrer-Policy"] == "no-referrer", path
        assert headers["X-Frame-Options"] == "DENY", path


def test_no_address_can_be_counted_or_names_anybody(app: Flask) -> None:
    """Ids are numbers of fifteen digits, the rest are tokens or words fixed in the route."""
    allowed = {"IntegerConverter", "UnicodeConverter"}
    for rule in rules(app):
        kinds = {type(converter).__name__ for converter in rule._converters.values()}
        assert kinds <= allowed, rule.rule
        assert not re.search(r"name|e-?mail=", rule.rule), rule.rule


def test_nothing_waits_for_this_database(app: Flask) -> None:
    assert db.session.execute(text("SELECT 1")).scalar() == 1
    db.session.rollback()
