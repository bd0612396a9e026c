"""The warning before the end of a browser session, and a half-written form that outlives it."""

from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from portal.accounts.models import Audience, User
from portal.core.db import db
from portal.oversight.models import TeamMessage
from tests.conftest import NOW, HeldClock
from tests.factories.accounts import make_account
from tests.factories.people import make_family_member
from tests.journeys.browser import browser, served  # noqa: F401 - fixtures
from tests.journeys.people import Person, person
from tests.signin import sign_in


@pytest.fixture
def engine() -> str:
    """The script is the same on both databases; one is enough here."""
    return "sqlite"


def enter(app: Flask, one: Person, user_id: int) -> None:
    """Sign the window in, as the sign-in page would."""
    client = app.test_client()
    sign_in(client, db.session.get_one(User, user_id), Audience.FAMILY)
    cookie = client.get_cookie("portal")
    assert cookie
    one.page.context.add_cookies([{"name": "portal", "value": cookie.value, "url": one.address}])


def test_somebody_who_stays_is_warned_and_a_form_outlives_the_end(
    app: Flask,
    browser: Browser,  # noqa: F811
    served: str,  # noqa: F811
    held_clock: HeldClock,
) -> None:
    user_id = make_account().id
    make_family_member(user_id=user_id)
    elena = person(browser, served, "Elena", "en", "staying")
    enter(app, elena, user_id)
    elena.page.clock.install()
    elena.open("/help/contact")
    elena.types(body="He called, and we talked.")
    held_clock.at = NOW + timedelta(minutes=28, seconds=5)
    elena.page.clock.fast_forward("28:02")
    stay = elena.page.get_by_role("button", name="Stay signed in")
    expect(stay).to_be_visible()
    elena.keeps_a_picture("soon")
    stay.click()
    expect(stay).to_be_hidden()
    held_clock.at += timedelta(minutes=31)
    elena.page.clock.fast_forward("31:00")
    expect(elena.page.get_by_text("You are signed out. What you typed is still here.")).to_be_visible()
    elena.keeps_a_picture("over")
    enter(app, elena, user_id)
    elena.page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(elena.page.locator(".staying")).to_be_hidden()
    elena.presses("Send to the team")
    elena.reads("The team has it.")
    assert db.session.scalars(select(TeamMessage.body)).all() == ["He called, and we talked."]
    elena.page.context.close()
