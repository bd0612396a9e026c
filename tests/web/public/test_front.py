"""The pages for everybody: the way out, the language, urgent help, the error pages."""

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient

from portal.accounts.models import BrowserSession, User
from portal.audit.models import AuditEntry
from portal.core.db import db
from tests.factories.people import make_family_member, make_user
from tests.page import check_page
from tests.signin import csrf_token, post, sign_in

PAGES = ("/urgent-help", "/help", "/privacy", "/accessibility")


def signed_in(client: FlaskClient) -> User:
    user = make_user()
    make_family_member(user=user)
    sign_in(client, user, "family")
    return user


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["en", "es"])
def test_each_public_page_is_whole_in_both_languages(client: FlaskClient, path: str, language: str) -> None:
    response = client.get(path, headers={"Accept-Language": language})
    page = check_page(response, status=200)
    assert page.one("html").attributes["lang"] == language


def test_the_urgent_page_names_every_line(client: FlaskClient) -> None:
    text = client.get("/urgent-help").text
    for number in ("911", "988", "800-799-7233", "88788", "1-800-222-1222", "1-800-662-4357"):
        assert number in text


def test_in_spanish_the_lifeline_wants_two_and_a_word(client: FlaskClient) -> None:
    text = client.get("/urgent-help", headers={"Accept-Language": "es"}).text
    assert "sms:988?body=AYUDA" in text


def test_the_front_door_leads_to_sign_in_or_home(client: FlaskClient) -> None:
    assert client.get("/").location == "/sign-in"
    signed_in(client)
    assert client.get("/").location == "/home"


@pytest.mark.parametrize("by_script", [False, True])
def test_leaving_ends_the_browser_session_and_shows_the_weather(client: FlaskClient, by_script: bool) -> None:
    user_id = signed_in(client).id
    response = post(client, "/leave") if by_script else client.get("/leave")
    assert response.status_code == 303
    assert response.location == "https://www.weather.gov/"
    row = db.session.query(BrowserSession).filter_by(user_id=user_id).one()
    assert row.ended_at is not None
    assert "signin.ended" in [event.kind for event in db.session.query(AuditEntry)]
    assert client.get("/more").status_code == 302


def test_leaving_twice_or_signed_out_leaves(client: FlaskClient) -> None:
    assert client.get("/leave").status_code == 303
    assert client.get("/leave").status_code == 303


def test_the_language_is_kept_in_the_browser_and_in_the_account(client: FlaskClient) -> None:
    user_id = signed_in(client).id
    response = post(client, "/language", {"language": "es", "next": "/more?x=1"})
    assert response.location == "/more?x=1"
    assert db.session.get_one(User, user_id).language == "es"
    assert '<html lang="es">' in client.get("/help").text


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example/", "/\\evil.example", "/leave\n", "/nowhere"]
)
def test_the_language_switch_leads_only_to_pages_of_ours(client: FlaskClient, back: str) -> None:
    assert post(client, "/language", {"language": "es", "next": back}).location == "/"


def test_an_unknown_language_changes_nothing(client: FlaskClient) -> None:
    post(client, "/language", {"language": "xx", "next": "/help"})
    assert '<html lang="en">' in client.get("/help").text


def test_the_language_switch_wants_its_token(client: FlaskClient) -> None:
    response = client.post("/language", data={"language": "es"})
    check_page(response, status=400)


def test_not_there_and_not_yours_are_the_same_page(client: FlaskClient) -> None:
    signed_in(client)
    pages = [client.get(path) for path in ("/nothing", "/staff", "/staff/nothing")]
    assert {response.status_code for response in pages} == {404}
    assert len({without_tokens(response.text) for response in pages}) == 1


def without_tokens(html: str) -> str:
    """A page without what differs in each answer: the CSRF token and its own address."""
    page = html.split('<main id="main"')[1]
    return page.split("</main>")[0]


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 413, 429, 500, 503])
def test_each_error_says_what_to_do_and_whom_to_call(app: Flask, client: FlaskClient, status: int) -> None:
    def fail() -> str:
        abort(status)

    original = app.view_functions["public.help"]
    app.view_functions["public.help"] = fail
    try:
        page = check_page(client.get("/help"), status=status)
    finally:
        app.view_functions["public.help"] = original
    assert len(page.one("main").text.split()) > 15


def test_the_wrong_method_has_a_page(client: FlaskClient) -> None:
    check_page(client.post("/help", data={"csrf_token": csrf_token(client)}), status=405)


def test_the_parts_page_is_for_demos_only(client: FlaskClient, app: Flask) -> None:
    check_page(client.get("/dev/components"), status=200, budget=20_000)
    settings = app.extensions["settings"]
    app.extensions["settings"] = type("Live", (), {"is_demo": False})
    try:
        assert client.get("/dev/components").status_code == 404
    finally:
        app.extensions["settings"] = settings


def test_more_and_support_are_whole(client: FlaskClient) -> None:
    signed_in(client)
    check_page(client.get("/more"), status=200)
    check_page(client.get("/support"), status=200)
