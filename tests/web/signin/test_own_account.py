"""A person's own sign-in: the list of browsers, and changing the passphrase."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.accounts.models import Audience, BrowserSession, User
from portal.audit.models import AuditEntry
from portal.core.db import db
from tests.factories.accounts import PASSPHRASE, make_account
from tests.factories.people import make_client, make_family_member, make_staff
from tests.signin import post, sign_in

NEW = "eleven small boats go out"
PLACES = [("family", "/settings/sign-in"), ("client", "/my/settings"), ("staff", "/staff/account")]


def account_of(audience: str) -> User:
    user = make_account()
    if audience == "family":
        make_family_member(user_id=user.id)
    elif audience == "client":
        make_client(user_id=user.id)
    else:
        make_staff(user=user)
    return user


@pytest.fixture
def elena(app: Flask) -> User:
    return account_of("family")


@pytest.mark.parametrize(("audience", "address"), PLACES)
def test_each_audience_has_the_pages_at_its_own_address(
    app: Flask, client: FlaskClient, audience: str, address: str
) -> None:
    user = account_of(audience)
    assert client.get(address).location.startswith("/sign-in?")
    sign_in(client, user, audience)
    for page in (address, f"{address}/passphrase"):
        answer = client.get(page)
        assert answer.status_code == 200
        assert answer.text.count("<h1>") == 1
    for _other, elsewhere in PLACES:
        assert client.get(elsewhere).status_code == (200 if elsewhere == address else 404)


def test_another_browser_is_ended_from_the_list(app: Flask, client: FlaskClient, elena: User) -> None:
    lost = app.test_client()
    row = sign_in(lost, elena, "family", kept=True)
    sign_in(client, elena, "family")
    row_id = row.id
    assert f"/{row_id}/end" in client.get("/settings/sign-in").text
    assert post(client, f"/settings/sign-in/{row_id}/end").status_code == 303
    assert lost.get("/settings/sign-in").status_code == 302
    assert client.get("/settings/sign-in").status_code == 200
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.kind == "signin.ended")).one()
    assert entry.fields == {"user_id": elena.id, "reason": "ended_by_owner", "count": 1}


def test_somebody_elses_browser_is_not_there(app: Flask, client: FlaskClient, elena: User) -> None:
    theirs = sign_in(app.test_client(), account_of("family"), "family").id
    sign_in(client, elena, "family")
    for row_id in (theirs, 123456789012345):
        assert post(client, f"/settings/sign-in/{row_id}/end").status_code == 404
    assert db.session.get_one(BrowserSession, theirs).ended_at is None


def test_all_others_end_at_once(app: Flask, client: FlaskClient, elena: User) -> None:
    others = [app.test_client() for _ in range(3)]
    for other in others:
        sign_in(other, elena, "family")
    sign_in(client, elena, "family")
    post(client, "/settings/sign-in/end-others")
    assert [other.get("/settings/sign-in").status_code for other in others] == [302, 302, 302]
    assert client.get("/settings/sign-in").status_code == 200


@pytest.mark.parametrize(("audience", "address"), PLACES)
def test_a_changed_passphrase_ends_every_other_browser_and_renews_this_one(
    app: Flask, client: FlaskClient, audience: str, address: str
) -> None:
    user, stolen = account_of(audience), app.test_client()
    sign_in(stolen, user, audience)
    sign_in(client, user, audience)
    copied = client.get_cookie("portal")
    assert copied
    answer = post(client, f"{address}/passphrase", {"present": PASSPHRASE, "passphrase": NEW})
    assert answer.status_code == 303
    assert client.get(address).status_code == 200
    assert stolen.get(address).status_code == 302
    stolen.set_cookie("portal", copied.value)
    assert stolen.get(address).status_code == 302


def test_without_the_present_passphrase_nothing_changes(client: FlaskClient, elena: User) -> None:
    sign_in(client, elena, Audience.FAMILY)
    before = elena.passphrase_hash
    address = "/settings/sign-in/passphrase"
    answer = post(client, address, {"present": "not the one that fits", "passphrase": NEW})
    assert answer.status_code == 409
    assert "not your present passphrase" in answer.text
    db.session.refresh(elena)
    assert (elena.passphrase_hash, elena.failed_tries) == (before, 1)


def test_a_known_passphrase_is_refused_with_the_reason(client: FlaskClient, elena: User) -> None:
    sign_in(client, elena, Audience.FAMILY)
    form = {"present": PASSPHRASE, "passphrase": "correct horse battery staple"}
    answer = post(client, "/settings/sign-in/passphrase", form)
    assert answer.status_code == 409
    assert "well known" in answer.text
    db.session.refresh(elena)
    assert elena.failed_tries == 0


@pytest.mark.parametrize("address", ["", "/end-others", "/1/end", "/passphrase"])
def test_a_button_without_a_token_does_nothing(client: FlaskClient, elena: User, address: str) -> None:
    sign_in(client, elena, Audience.FAMILY)
    assert client.post(f"/settings/sign-in{address}").status_code in (400, 405)
