"""Random histories: every mail was due and permitted when it went, and no due mail is missing.

Bookings, moves, cancellations, closures, choices, withdrawals, changed addresses, a worker killed
between preparing and sending, and steps of the clock, across the night and the change to summer
time. What was sent is captured where it would go to the server.
"""

import os
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.core.db import db
from tests.conftest import NOW, HeldClock, _apps
from tests.reminders.history import KINDS, Town

EXAMPLES = {"sqlite": 140, "postgresql": 60}
LONG = bool(os.environ.get("PORTAL_LONG"))

READER, EVENING = st.integers(0, 1), st.integers(0, 2)
STEP = st.one_of(
    st.tuples(st.just("book"), READER, EVENING),
    st.tuples(st.just("book"), READER, EVENING),
    st.tuples(st.just("pass_time"), st.sampled_from([1, 3, 5, 12, 23, 26, 49])),
    st.tuples(st.just("pass_time"), st.sampled_from([1, 3, 5, 12, 23, 26, 49])),
    st.tuples(st.just("give_up"), READER, EVENING),
    st.tuples(st.just("move"), EVENING, st.sampled_from([-26, -3, 2, 5, 24, 51])),
    st.tuples(st.just("cancel"), EVENING),
    st.tuples(st.just("close_the_center")),
    st.tuples(st.just("choose"), READER, st.sampled_from([(), KINDS])),
    st.tuples(st.just("withdraw"), READER),
    st.tuples(st.just("sign"), READER),
    st.tuples(st.just("change_address"), READER),
    st.tuples(st.just("confirm"), READER),
    st.tuples(st.just("only_prepare"), st.sampled_from([2, 3, 5, 24])),
    st.tuples(st.just("only_prepare"), st.sampled_from([2, 3, 5, 24])),
)


def live(app: Flask, clock: HeldClock, steps: list[tuple[Any, ...]]) -> Town:
    """One history from a clean center; at the end a day passes in daylight steps."""
    clock.at = NOW
    town = Town(app, clock)
    town.book(0, 0)
    for verb, *values in steps:
        getattr(town, verb)(*values)
    for hours in (5, 18):
        town.pass_time(hours)
    return town


def test_every_mail_was_due_and_permitted_and_none_is_missing(
    app: Flask, engine: str, held_clock: HeldClock
) -> None:
    @settings(
        max_examples=1000 if LONG else EXAMPLES[engine],
        deadline=None,
        database=None,
        derandomize=not LONG,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(steps=st.lists(STEP, min_size=2, max_size=8))
    def histories(steps: list[tuple[Any, ...]]) -> None:
        try:
            live(app, held_clock, steps)
        finally:
            db.session.remove()
            _apps[engine][1].clean()

    histories()


def test_the_reckoning_sees_reminders_at_all(app: Flask, held_clock: HeldClock) -> None:
    town = live(app, held_clock, [("book", 1, 1), ("pass_time", 5), ("pass_time", 26), ("pass_time", 23)])
    assert len(town.told) >= 3


@pytest.mark.parametrize(
    "change",
    [
        ("move", 0, 24),
        ("cancel", 0),
        ("give_up", 0, 0),
        ("withdraw", 0),
        ("choose", 0, ()),
        ("change_address", 0),
    ],
    ids=lambda change: str(change[0]),
)
def test_a_change_after_preparing_is_followed(
    app: Flask, held_clock: HeldClock, change: tuple[Any, ...]
) -> None:
    town = live(app, held_clock, [("only_prepare", 3), change, ("pass_time", 1)])
    assert (0, 0, 1, 24) not in town.told


def test_a_place_booked_an_hour_before_its_reminder_is_not_reminded(
    app: Flask, held_clock: HeldClock
) -> None:
    town = live(app, held_clock, [("pass_time", 1), ("book", 1, 0), ("pass_time", 5)])
    assert {key for key in town.told if key[:2] == (1, 0)} == set()
    assert (0, 0, 1, 24) in town.told
