"""Nobody can learn from the door who has an account (42 CFR 2.13(c))."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from portal.accounts.passphrases import passphrases
from portal.app import mail_kinds
from portal.core.db import db
from portal.mail.models import OutboundMessage
from tests.conftest import NOW
from tests.factories.accounts import make_account
from tests.factories.people import make_family_member
from tests.signin import post

PAIRS = 20
PAGES = ("/sign-in", "/password/forgot")


class Statements:
    """The statements of one request, without their values."""

    def __init__(self, app: Flask) -> None:
        self.seen: list[str] = []
        event.listen(db.engine, "before_cursor_execute", self._note)

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        self.seen.append(statement)

    def stop(self) -> list[str]:
        event.remove(db.engine, "before_cursor_execute", self._note)
        return self.seen


def without_token(page: str) -> str:
    """The page without its CSRF token, whose length changes from one to the next."""
    return re.sub(r'(data-token=|name="csrf_token"[^>]*value=)"[^"]+"', r"\1TOKEN", page)


def trace(app: Flask, address: str, name: str) -> tuple[object, ...]:
    """All that somebody outside sees of one answer, and what it cost the database."""
    client = app.test_client()
    statements = Statements(app)
    answer = post(client, address, {"sign_in_name": name, "passphrase": "not the one that fits here"})
    spent = statements.stop()
    cookies = sorted(header.split("=")[0] for header in answer.headers.getlist("Set-Cookie"))
    headers = sorted(pair for pair in answer.headers if pair[0] not in ("Set-Cookie", "Content-Length"))
    body = without_token(answer.text.replace(name, "NAME"))
    return answer.status_code, len(body), headers, cookies, body, spent


@pytest.mark.parametrize("address", PAGES)
def test_known_and_unknown_names_look_and_cost_the_same(app: Flask, address: str) -> None:
    for number in range(PAIRS):
        known = f"known{number:02}@mail.example"
        user = make_account(sign_in_name=known)
        make_family_member(user_id=user.id, email=known)
        assert trace(app, address, known) == trace(app, address, f"other{number:02}@mail.example")


@pytest.mark.parametrize("address", PAGES)
def test_delayed_and_disabled_accounts_look_the_same_too(app: Flask, address: str) -> None:
    make_account(sign_in_name="aaaaa@mail.example", failed_tries=99)
    make_account(sign_in_name="bbbbb@mail.example", disabled_at=NOW)
    names = ("aaaaa@mail.example", "bbbbb@mail.example", "ccccc@mail.example")
    traces = [trace(app, address, name) for name in names]
    assert traces[0] == traces[1] == traces[2]


def test_asking_twice_looks_the_same_too(app: Flask) -> None:
    user = make_account(sign_in_name="aaaaa@mail.example")
    make_family_member(user_id=user.id)
    known, unknown = (
        [trace(app, "/password/forgot", name) for _ in range(3)]
        for name in ("aaaaa@mail.example", "ccccc@mail.example")
    )
    assert known == unknown


@pytest.mark.parametrize("name", ["known@mail.example", "delayed@mail.example", "nobody@mail.example"])
def test_every_try_costs_exactly_one_hash(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    make_account(sign_in_name="known@mail.example")
    make_account(sign_in_name="delayed@mail.example", failed_tries=99)
    spent = []
    really = passphrases._hasher.verify

    class Counting:
        def verify(self, *arguments: str) -> bool:
            spent.append(arguments)
            return really(*arguments)

    monkeypatch.setattr(passphrases, "_hasher", Counting())
    post(client, "/sign-in", {"sign_in_name": name, "passphrase": "not the one that fits here"})
    assert len(spent) == 1


def test_the_mail_to_nobody_is_dropped(client: FlaskClient) -> None:
    post(client, "/password/forgot", {"sign_in_name": "nobody@mail.example"})
    message = db.session.scalars(select(OutboundMessage)).one()
    still_wanted = mail_kinds()[message.kind].still_wanted
    assert still_wanted
    assert still_wanted(message, NOW) == "no_address"
