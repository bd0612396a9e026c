"""Signing in for tests: the same row and cookie as the sign-in page leaves, without hashing."""

import hashlib
import secrets
from datetime import datetime
from typing import Any

from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from portal.accounts import service
from portal.accounts.models import Audience, BrowserSession, User
from portal.core import clock
from portal.core.db import db, writing


def sign_in(
    client: FlaskClient,
    user: User | None,
    audience: Audience | str,
    second_factor: bool = True,
    now: datetime | None = None,
    kept: bool = False,
) -> BrowserSession:
    """Sign the browser in as `user`, in one audience, with a fresh cookie."""
    assert user is not None, "this person has no account"
    user_id = user.id
    with writing():
        row, secret = service.open_browser_session(
            user=db.session.get_one(User, user_id),
            audience=Audience(audience),
            now=now or clock.now(),
            kept=kept,
            second_factor=second_factor,
        )
    with client.session_transaction() as cookie:
        cookie.clear()
        cookie["_user_id"] = secret
        cookie["_fresh"] = True
    return row


def csrf_token(client: FlaskClient) -> str:
    """A token that belongs to this browser's cookie."""
    with client.session_transaction() as cookie:
        raw = cookie.setdefault("csrf_token", hashlib.sha256(secrets.token_bytes(32)).hexdigest())
    key = client.application.secret_key
    assert isinstance(key, str)
    return str(URLSafeTimedSerializer(key, salt="wtf-csrf-token").dumps(raw))


def post(client: FlaskClient, url: str, data: dict[str, Any] | None = None, **kwargs: Any) -> TestResponse:
    """Post a form with a valid CSRF token."""
    return client.post(url, data={**(data or {}), "csrf_token": csrf_token(client)}, **kwargs)
