"""A browser session is a row: its limits, and its end for every copy of the cookie."""

from datetime import timedelta

import pytest
from flask import Flask

from portal.accounts import service
from portal.accounts.models import Audience
from portal.core.actor import VISITOR
from portal.core.db import db, writing
from tests.conftest import NOW
from tests.factories.accounts import make_account


@pytest.mark.parametrize(
    ("audience", "kept", "idle"),
    [
        ("staff", False, timedelta(minutes=15)),
        ("family", False, timedelta(minutes=30)),
        ("client", False, timedelta(minutes=30)),
        ("family", True, timedelta(days=30)),
        ("client", True, timedelta(minutes=30)),
        ("staff", True, timedelta(minutes=15)),
    ],
)
def test_a_browser_session_ends_after_its_idle_limit(
    app: Flask, audience: str, kept: bool, idle: timedelta
) -> None:
    user = make_account()
    with writing():
        _, secret = service.open_browser_session(user=user, audience=Audience(audience), now=NOW, kept=kept)
    second = timedelta(seconds=1)
    assert service.live_browser_session(secret, now=NOW + idle - second)
    assert not service.live_browser_session(secret, now=NOW + idle)
    assert not service.live_browser_session(secret, now=NOW + idle + second)


def test_ending_ends_all_but_the_one_named(app: Flask) -> None:
    user = make_account()
    with writing():
        kept, secret = service.open_browser_session(user=user, audience=Audience.FAMILY, now=NOW)
        _, other = service.open_browser_session(user=user, audience=Audience.FAMILY, now=NOW)
    with writing():
        count = service.end_browser_sessions(
            user_id=user.id, reason="test", now=NOW, actor=VISITOR, but=kept.id
        )
    assert count == 1
    assert service.live_browser_session(secret, now=NOW)
    assert not service.live_browser_session(other, now=NOW)


def test_a_disabled_account_has_no_browser_session(app: Flask) -> None:
    user = make_account()
    with writing():
        _, secret = service.open_browser_session(user=user, audience=Audience.FAMILY, now=NOW)
        db.session.merge(user).disabled_at = NOW
    assert not service.live_browser_session(secret, now=NOW)
