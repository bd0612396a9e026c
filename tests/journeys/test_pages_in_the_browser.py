"""Key pages in a real browser: axe finds nothing, nothing scrolls sideways, in both languages."""

import re

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext

from portal.accounts.models import Audience, User
from portal.core.db import db, writing
from tests.journeys.browser import (
    browser,
    enlarge_text,
    picture,
    served,
    sideways,
    violations,
    window,
)
from tests.journeys.world import settle
from tests.signin import sign_in

__all__ = ["browser", "served"]

SMALLEST, PHONE, DESK = 320, 390, 1280
"""Pixels. axe looks at each; pictures are kept of the two that people mostly use."""

PAGES = {
    None: (
        "/sign-in",
        "/password/forgot",
        "/urgent-help",
        "/help",
        "/nothing-here",
        "/desk",
        "/dev/components",
    ),
    Audience.FAMILY: (
        "/home",
        "/sessions",
        "/sessions/{session_id}",
        "/sessions/{session_id}/cancel",
        "/sessions/{session_id}/needs",
        "/calendar",
        "/calendar/feed",
        "/calendar/print/choose",
        "/learn",
        "/learn/{module_id}",
        "/permissions",
        "/settings/email",
        "/settings/sign-in",
        "/more",
        "/help/contact",
        "/settings/sign-in/backup-codes",
        "/support",
    ),
    Audience.CLIENT: (
        "/my/home",
        "/my/people",
        "/my/people/{relationship_id}",
        "/my/people/new",
        "/my/permissions/{pending_id}/sign",
        "/my/permissions/{pending_id}/sign/what",
        "/my/permissions/{active_id}/change",
        "/my/permissions/{active_id}/stop",
        "/my/shared",
        "/my/calendar",
        "/my/settings",
    ),
    Audience.STAFF: (
        "/staff",
        "/staff/caseload",
        "/staff/tasks",
        "/staff/second-steps",
        "/staff/intake",
        "/staff/clients/{client_id}",
        "/staff/clients/{client_id}/family/{relationship_id}/reminders",
        "/staff/clients/{client_id}/birth-date",
        "/staff/consents",
        "/staff/consents/{active_id}",
        "/staff/consents/{active_id}/error",
        "/staff/invitations",
        "/staff/sessions",
        "/staff/sessions/new",
        "/staff/sessions/{session_id}/roster",
        "/staff/today",
        "/staff/sessions/{session_id}/check-in",
        "/staff/clients/{client_id}/lessons/new",
        "/staff/schedule",
        "/staff/schedule/closures",
        "/staff/clients/{client_id}/schedule",
        "/staff/clients/{client_id}/care",
        "/staff/imports/new?kind=census",
        "/staff/packs",
        "/staff/lessons/progress",
        "/admin/locations",
        "/admin/settings",
        "/admin/users",
        "/admin/outbox",
        "/privacy-office",
    ),
}


@pytest.fixture
def engine() -> str:
    """The pages are the same on both databases; one is enough here."""
    return "sqlite"


def enter(
    app: Flask, context: BrowserContext, audience: Audience | None, address: str, language: str
) -> dict[str, int]:
    """Sign the browser in as a person of this audience and language; returns the ids for addresses."""
    if audience is None:
        return {}
    world = settle()
    client, user = app.test_client(), getattr(world, audience.value)
    with writing():
        db.session.get_one(User, user.id).language = language
    sign_in(client, user, audience)
    cookie = client.get_cookie("portal")
    assert cookie is not None
    context.add_cookies([{"name": "portal", "value": cookie.value, "url": address}])
    return world.ids


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("width", [SMALLEST, PHONE, DESK])
@pytest.mark.parametrize("audience", list(PAGES), ids=str)
def test_pages_pass_axe_and_never_scroll_sideways(
    app: Flask, browser: Browser, served: str, audience: Audience | None, width: int, language: str
) -> None:
    context = window(browser, width=width, height=568 if width == 320 else 844, language=language)
    ids = enter(app, context, audience, served, language)
    page, problems = context.new_page(), []
    page.on("pageerror", lambda error: problems.append(f"script: {error}"))
    for path in PAGES[audience]:
        answer = page.goto(served + path.format(**ids))
        if answer is None or (answer.status != 200 and path != "/nothing-here"):
            problems.append(f"{path}: answered {answer.status if answer else None}")
            continue
        assert page.get_attribute("html", "lang") == language, path
        problems += [f"{path}: {each}" for each in violations(page)]
        if width != SMALLEST:
            picture(page, f"{re.sub(r'[/{}]+', '-', path).strip('-')}-{width}-{language}")
        problems += [f"{path}: {sideways(page)} px sideways"] * bool(sideways(page))
        if width == SMALLEST:
            enlarge_text(page)
            problems += [f"{path}: {sideways(page)} px sideways at 200 %"] * bool(sideways(page))
    context.close()
    assert not problems, "\n".join(problems)


def test_targets_are_large_enough_for_a_thumb(browser: Browser, served: str) -> None:
    context = window(browser, width=390)
    page = context.new_page()
    page.goto(served + "/dev/components")
    small = page.evaluate(
        """() => [...document.querySelectorAll(
            'a.btn, button, .tabs a, .leave, .links a, summary, select, input')]
        .filter((each) => each.type !== 'hidden' && each.type !== 'checkbox' && each.type !== 'radio')
        .filter((each) => each.getBoundingClientRect().height < 44)
        .map((each) => each.outerHTML.slice(0, 90))"""
    )
    context.close()
    assert small == []


def test_leaving_by_the_keyboard_blanks_the_page(browser: Browser, served: str) -> None:
    context = window(browser, width=1280)
    context.route("https://www.weather.gov/**", lambda route: route.fulfill(body="<h1>Weather</h1>"))
    page = context.new_page()
    page.goto(served + "/help")
    for _press in range(3):
        page.keyboard.press("Shift")
    page.wait_for_url("https://www.weather.gov/**")
    assert "Weather" in page.content()
    context.close()


def test_the_passphrase_can_be_shown(browser: Browser, served: str) -> None:
    context = window(browser, width=390)
    page = context.new_page()
    page.goto(served + "/dev/components")
    page.fill("#good-passphrase", "quiet harbor evening light")
    page.locator(".reveal button").first.click()
    assert page.locator("#good-passphrase").get_attribute("type") == "text"
    context.close()
