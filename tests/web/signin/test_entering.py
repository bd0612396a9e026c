"""The sign-in page: one answer for everything that is not right."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.accounts.models import BrowserSession, User
from portal.audit.models import AuditEntry
from portal.core.db import db, writing
from tests.conftest import NOW, HeldClock
from tests.factories.accounts import PASSPHRASE, make_account
from tests.factories.people import make_client, make_family_member
from tests.signin import post, sign_in


def enter(client: FlaskClient, name: str, passphrase: str = PASSPHRASE, url: str = "/sign-in", **more: str):
    return post(client, url, {"sign_in_name": name, "passphrase": passphrase, **more})


@pytest.fixture
def elena(app: Flask) -> User:
    user = make_account()
    make_family_member(user_id=user.id)
    return user


def test_name_and_passphrase_open_the_family_pages(client: FlaskClient, elena: User) -> None:
    answer = enter(client, f"  {elena.sign_in_name.upper()} ")
    assert (answer.status_code, answer.location) == (303, "/home")
    row = db.session.scalars(select(BrowserSession)).one()
    assert (row.user_id, row.audience, row.kept) == (elena.id, "family", False)
    assert client.get("/settings/sign-in").status_code == 200
    kinds = db.session.scalars(select(AuditEntry.kind).order_by(AuditEntry.id)).all()
    assert "signin.succeeded" in kinds


def test_a_wrong_passphrase_says_so_and_is_counted(client: FlaskClient, elena: User) -> None:
    answer = enter(client, elena.sign_in_name, "seven grey herons at nooN")
    assert answer.status_code == 409
    assert "do not match" in answer.text
    assert PASSPHRASE not in answer.text
    db.session.refresh(elena)
    assert elena.failed_tries == 1
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.kind == "signin.failed")).one()
    assert entry.fields == {"user_id": elena.id, "step": "passphrase"}


def test_success_resets_the_count(client: FlaskClient, elena: User) -> None:
    for _ in range(4):
        enter(client, elena.sign_in_name, "not the one that fits here")
    enter(client, elena.sign_in_name)
    db.session.refresh(elena)
    assert (elena.failed_tries, elena.next_try_at) == (0, None)


def test_after_five_wrong_tries_the_right_one_waits_a_minute(
    client: FlaskClient, elena: User, held_clock: HeldClock
) -> None:
    for _ in range(5):
        enter(client, elena.sign_in_name, "not the one that fits here")
    refused = enter(client, elena.sign_in_name)
    assert refused.status_code == 409
    held_clock.advance(seconds=60)
    assert enter(client, elena.sign_in_name).status_code == 303


def test_a_disabled_account_gets_the_same_words(client: FlaskClient, elena: User) -> None:
    with writing():
        db.session.merge(elena).disabled_at = NOW
    assert "do not match" in enter(client, elena.sign_in_name).text


def test_an_account_of_nobody_gets_the_same_words(client: FlaskClient) -> None:
    assert "do not match" in enter(client, make_account().sign_in_name).text


def test_each_sign_in_has_a_new_id_and_the_old_one_is_dead(client: FlaskClient, elena: User) -> None:
    ids = []
    for _ in range(2):
        enter(client, elena.sign_in_name)
        with client.session_transaction() as cookie:
            ids.append((cookie["_user_id"], cookie.get("csrf_token")))
    assert ids[0][0] != ids[1][0]
    open_rows = db.session.scalars(select(BrowserSession).where(BrowserSession.ended_at.is_(None))).all()
    assert len(open_rows) == 1


def test_an_id_planted_before_signing_in_is_not_kept(client: FlaskClient, elena: User) -> None:
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["planted"] = "chosen by somebody else", "yes"
    enter(client, elena.sign_in_name)
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != "chosen by somebody else"
        assert "planted" not in cookie


def test_kept_for_thirty_days_is_for_family_alone(client: FlaskClient, elena: User) -> None:
    enter(client, elena.sign_in_name, kept="y")
    assert db.session.scalars(select(BrowserSession.kept)).all() == [True]
    marcus = make_account()
    make_client(user_id=marcus.id)
    enter(client, marcus.sign_in_name, kept="y")
    assert sorted(db.session.scalars(select(BrowserSession.kept)).all()) == [False, True]


@pytest.mark.parametrize(
    ("wanted", "goes"),
    [
        ("/settings/sign-in", "/settings/sign-in"),
        ("https://evil.example/", "/home"),
        ("//evil.example/", "/home"),
        ("/\\evil.example/", "/home"),
        ("/staff/account", "/home"),
        ("/no-such-page", "/home"),
        ("/\tevil", "/home"),
    ],
)
def test_next_leads_only_to_pages_of_this_audience(
    client: FlaskClient, elena: User, wanted: str, goes: str
) -> None:
    answer = post(
        client,
        "/sign-in",
        {"sign_in_name": elena.sign_in_name, "passphrase": PASSPHRASE},
        query_string={"next": wanted},
    )
    assert answer.location == goes


def test_signing_out_kills_every_copy_of_the_cookie(client: FlaskClient, elena: User) -> None:
    enter(client, elena.sign_in_name)
    stolen = client.get_cookie("portal")
    assert stolen
    assert post(client, "/sign-out").status_code == 303
    client.set_cookie("portal", stolen.value)
    assert client.get("/settings/sign-in").status_code == 302


def test_signing_out_needs_a_post_and_a_token(client: FlaskClient, elena: User) -> None:
    sign_in(client, elena, "family")
    assert client.get("/sign-out").status_code in (404, 405)
    assert client.post("/sign-out").status_code == 400
    assert client.get("/settings/sign-in").status_code == 200


def test_sign_in_without_a_token_is_refused(client: FlaskClient, elena: User) -> None:
    answer = client.post("/sign-in", data={"sign_in_name": elena.sign_in_name, "passphrase": PASSPHRASE})
    assert answer.status_code == 400
    assert db.session.scalars(select(BrowserSession)).all() == []


def test_one_account_switches_between_its_two_audiences(client: FlaskClient, elena: User) -> None:
    make_client(user_id=elena.id)
    sign_in(client, elena, "family")
    assert "/switch" in client.get("/settings/sign-in").text
    assert post(client, "/switch").location == "/my/home"
    assert client.get("/settings/sign-in").status_code == 404
    assert client.get("/my/settings").status_code == 200


def test_who_has_one_audience_cannot_switch(client: FlaskClient, elena: User) -> None:
    sign_in(client, elena, "family")
    assert post(client, "/switch").location == "/home"
    assert "/switch" not in client.get("/settings/sign-in").text
