"""Guessing one account: a growing delay, a hard stop, one count for all addresses."""

from datetime import timedelta

import pytest
from flask import Flask

from portal.accounts import tries
from portal.accounts.models import User
from portal.accounts.rules import HARD_STOP, delay_after, may_try
from portal.core.db import db, writing
from tests.conftest import NOW
from tests.factories.accounts import make_account


@pytest.mark.parametrize(
    ("wrong_tries", "minutes"), [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (8, 8), (9, 15), (10, 15), (94, 15)]
)
def test_the_delay_grows_to_fifteen_minutes(wrong_tries: int, minutes: int) -> None:
    assert delay_after(wrong_tries) == timedelta(minutes=minutes)


def test_the_hard_stop_is_below_a_hundred() -> None:
    assert HARD_STOP < 100
    assert may_try(wrong_tries=HARD_STOP - 1, next_try_at=None, now=NOW)
    assert not may_try(wrong_tries=HARD_STOP, next_try_at=None, now=NOW)


@pytest.mark.parametrize(("seconds", "allowed"), [(-1, False), (0, True), (1, True)])
def test_a_try_is_looked_at_again_exactly_when_the_delay_is_over(seconds: int, allowed: bool) -> None:
    at = NOW + timedelta(seconds=seconds)
    assert may_try(wrong_tries=5, next_try_at=NOW, now=at) is allowed


def test_a_thousand_guesses_get_fewer_than_a_hundred_comparisons(app: Flask) -> None:
    user = make_account()
    compared, at = 0, NOW
    for _ in range(1_000):  # one guess every three minutes, for two days
        with writing():
            compared += tries.begin(sign_in_name=user.sign_in_name, now=at).stored is not None
        at += timedelta(minutes=3)
    assert compared <= HARD_STOP < 100


def test_fifty_guesses_at_once_are_five_comparisons(app: Flask) -> None:
    user = make_account()
    compared = 0
    for _ in range(50):  # each is counted before anything is compared, so none runs ahead
        with writing():
            compared += tries.begin(sign_in_name=user.sign_in_name, now=NOW).stored is not None
    assert compared == 5


def test_a_try_during_the_delay_does_not_lengthen_it(app: Flask) -> None:
    user = make_account(failed_tries=5, next_try_at=NOW + timedelta(minutes=1))
    with writing():
        assert tries.begin(sign_in_name=user.sign_in_name, now=NOW).stored is None
    again = db.session.get_one(User, user.id)
    assert (again.failed_tries, again.next_try_at) == (5, NOW + timedelta(minutes=1))
