"""A copied cookie dies with its row, also against a slow request that writes it back."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.accounts import resets, service
from portal.accounts.models import BrowserSession, PassphraseReset, User
from portal.core import tokens
from portal.core.actor import VISITOR
from portal.core.db import db, writing
from portal.web import access
from tests.conftest import NOW, HeldClock
from tests.factories.accounts import make_account
from tests.factories.people import make_family_member
from tests.signin import csrf_token, post, sign_in

PAGE = "/settings/sign-in"
TRIES = 50


@pytest.fixture
def elena(app: Flask) -> User:
    user = make_account()
    make_family_member(user_id=user.id)
    return user


def end(user_id: int) -> None:
    service.end_browser_sessions(user_id=user_id, reason="role_changed", now=NOW, actor=VISITOR)


def disable(user_id: int) -> None:
    service.disable(user_id=user_id, now=NOW, actor=VISITOR)


def reset(user_id: int) -> None:
    token = tokens.new_token()
    db.session.add(
        PassphraseReset(
            user_id=user_id,
            name_digest="",
            token_digest=tokens.digest(token),
            asked_at=NOW,
            expires_at=NOW + timedelta(hours=1),
        )
    )
    db.session.flush()
    resets.reset(token=token, stored="!", now=NOW)


@pytest.mark.parametrize("kill", [end, disable, reset])
def test_every_copy_is_dead_at_once(
    app: Flask, client: FlaskClient, elena: User, kill: Callable[[int], None]
) -> None:
    user_id = elena.id
    sign_in(client, elena, "family")
    cookie = client.get_cookie("portal")
    assert cookie
    copies = [app.test_client() for _ in range(5)]
    for copy in copies:
        copy.set_cookie("portal", cookie.value)
        assert copy.get(PAGE).status_code == 200
    with writing():
        kill(user_id)
    assert {copy.get(PAGE).status_code for copy in (client, *copies)} == {302}


@pytest.mark.parametrize("kill", [end, disable, reset])
def test_a_slow_request_cannot_write_an_ended_session_back(
    app: Flask,
    client: FlaskClient,
    held_clock: HeldClock,
    monkeypatch: pytest.MonkeyPatch,
    elena: User,
    kill: Callable[[int], None],
) -> None:
    """The session ends while a page is being built that would note it as seen and set its cookie."""
    user_id = elena.id
    note_seen = access.note_seen
    for _ in range(TRIES):
        with writing():
            db.session.get_one(User, user_id).disabled_at = None
        row_id = sign_in(client, db.session.get_one(User, user_id), "family").id
        held_clock.advance(minutes=2)  # so that the page wants to write `last_seen_at`

        def slow() -> None:
            with writing():
                kill(user_id)
            note_seen()

        monkeypatch.setattr(access, "note_seen", slow)
        assert client.get(PAGE).status_code == 200  # was permitted when it began
        monkeypatch.setattr(access, "note_seen", note_seen)
        assert client.get(PAGE).status_code == 302
        assert db.session.get_one(BrowserSession, row_id).ended_at == NOW


def test_a_slow_button_does_nothing_once_the_session_has_ended(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, elena: User
) -> None:
    """The guard let it in; the session ended while it waited for the write lock."""
    user_id = elena.id
    check, actions = access._check, []
    for _ in range(TRIES):
        sign_in(client, db.session.get_one(User, user_id), "family")
        token = csrf_token(client)

        def slow(audience: object) -> object:
            answer = check(audience)  # type: ignore[arg-type]
            with writing():
                end(user_id)
            return answer

        monkeypatch.setattr(access, "_check", slow)
        answer = client.post("/settings/sign-in/end-others", data={"csrf_token": token})
        monkeypatch.setattr(access, "_check", check)
        actions.append(answer.status_code)
    assert actions == [404] * TRIES


def test_a_signed_out_cookie_is_dead_although_a_later_answer_sets_it_again(
    app: Flask, client: FlaskClient, elena: User
) -> None:
    for _ in range(TRIES):
        sign_in(client, db.session.get_one(User, elena.id), "family")
        before = client.get_cookie("portal")
        assert before
        post(client, "/sign-out")
        client.set_cookie("portal", before.value)  # as a slow answer would
        assert client.get(PAGE).status_code == 302


def test_being_seen_is_noted_at_most_once_a_minute(
    client: FlaskClient, held_clock: HeldClock, elena: User
) -> None:
    sign_in(client, elena, "family")
    seen = []
    for seconds in (59, 1, 59, 1):
        held_clock.advance(seconds=seconds)
        client.get(PAGE)
        seen.append(db.session.scalars(select(BrowserSession.last_seen_at)).one() - NOW)
    assert [gap.total_seconds() for gap in seen] == [0, 60, 60, 120]


def test_use_keeps_a_session_alive_until_its_absolute_end(
    client: FlaskClient, held_clock: HeldClock, elena: User
) -> None:
    sign_in(client, elena, "family")
    for _ in range(24 * 60 // 29):
        held_clock.advance(minutes=29)
        assert client.get(PAGE).status_code == 200
    held_clock.at = NOW + timedelta(hours=24)
    assert client.get(PAGE).status_code == 302
