"""Every kind of education page in a real browser, and one lesson finished by the keyboard alone."""

import re
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from sqlalchemy import select

import config
from portal.accounts.models import Audience
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.education import own, private
from portal.education import service as education
from portal.education.lesson import from_json
from portal.education.models import Module, ModuleVersion, Progress
from portal.people.models import FamilyMember, StaffMember
from tests.conftest import NOW
from tests.journeys.browser import (
    browser,
    enlarge_text,
    picture,
    served,
    sideways,
    violations,
    window,
)
from tests.journeys.people import Words
from tests.journeys.test_pages_in_the_browser import enter

__all__ = ["browser", "served"]

# Beside those that tests/journeys/test_pages_in_the_browser.py looks at.
PAGES = {
    Audience.FAMILY: (
        "/learn/{open_id}/1",
        "/learn/{open_id}/{last_part}",
        "/learn/{open_id}/check/1",
        "/learn/{done_id}/check/1",
        "/learn/{done_id}/finished",
        "/learn/{open_id}/notes",
        "/learn/{open_id}/notes/print",
        "/learn/{open_id}/print?size=large",
    ),
    Audience.STAFF: (
        "/staff/lessons",
        "/staff/lessons/{open_id}",
        "/staff/packs/ten_weeks",
        "/staff/lessons/own",
        "/staff/lessons/own/{draft_id}",
        "/staff/lessons/progress?by=pack",
        "/staff/clients/{client_id}/lessons",
    ),
}
NOTICE = "Your team sees which lessons you finish. Not your answers or private notes, unless you share them."
KEYS_MAX = 120
"""How often Tab may be pressed before what is wanted has the focus."""


@pytest.fixture
def engine() -> str:
    """The pages are the same on both databases; one is enough here."""
    return "sqlite"


def version_of(code: str) -> ModuleVersion:
    """The loaded version of a lesson of the curriculum."""
    return db.session.query(ModuleVersion).join(Module).filter(Module.code == code).one()


def lived_in(ids: dict[str, int]) -> dict[str, int]:
    """Elena read M03 to its questions, with a note and a list, and finished M02; a draft waits."""
    elena = db.session.query(FamilyMember).filter(FamilyMember.user_id.is_not(None)).one()
    me: dict[str, Any] = {"family_member_id": elena.id}
    opened, done = version_of("m03"), version_of("m02")
    parts = {each.module_id: len(from_json(each.content["en"]).parts) for each in (opened, done)}
    therapist = Actor("staff", db.session.scalars(select(StaffMember.id)).first())
    folder = config.ROOT / "portal" / "education" / "content"
    files = {
        code: (folder / code / "m03-triggers.md").read_bytes().replace(b"code: m03", b"code: c01")
        for code in ("en", "es")
    }
    with writing():
        for each in (opened, done):
            education.start(**me, module_id=each.module_id, version_id=each.id, now=NOW)
            education.advance(**me, module_id=each.module_id, part=parts[each.module_id], now=NOW)
        education.answer(**me, module_id=done.module_id, question=1, option=0, now=NOW)
        education.finish(**me, module_id=done.module_id, now=NOW)
        mine = {**me, "module_id": opened.module_id}
        private.write_note(**mine, text="Friday evenings are long.", revision=0, now=NOW)
        private.add_lines(**mine, texts=["The glass cabinet", "The bar on Main Street"])
        education.assign(
            relationship_id=ids["relationship_id"],
            module_id=opened.module_id,
            suggested_by_on=None,
            note_code="own_pace",
            pack_code="ten_weeks",
            actor=therapist,
            now=NOW,
        )
        draft = own.keep(files=files, is_library=True, actor=therapist, now=NOW)
    return {
        **ids,
        "open_id": opened.module_id,
        "last_part": parts[opened.module_id],
        "done_id": done.module_id,
        "draft_id": draft.id,
    }


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("audience", [Audience.FAMILY, Audience.STAFF], ids=str)
def test_every_kind_of_lesson_page_passes_axe_and_fits_a_small_phone(
    app: Flask, browser: Browser, served: str, audience: Audience, language: str
) -> None:
    context = window(browser, width=320, height=568, language=language)
    ids = lived_in(enter(app, context, audience, served, language))
    page, problems = context.new_page(), []
    for path in PAGES[audience]:
        answer = page.goto(served + path.format(**ids))
        assert answer is not None
        assert answer.status == 200, path
        picture(page, f"lessons-{re.sub(r'[^a-z]+', '-', path).strip('-')}-320-{language}")
        problems += [f"{path}: {each}" for each in violations(page)]
        problems += [f"{path}: {sideways(page)} px sideways"] * bool(sideways(page))
        enlarge_text(page)
        problems += [f"{path}: {sideways(page)} px sideways at 200 %"] * bool(sideways(page))
    context.close()
    assert not problems, "\n".join(problems)


def tab_to(page: Page, selector: str, text: str) -> None:
    """Press Tab until what has the focus fits `selector` and begins with `text`."""
    for _press in range(KEYS_MAX):
        page.keyboard.press("Tab")
        fits = "([selector, text]) => { const e = document.activeElement; return e.matches(selector)"
        if page.evaluate(f"{fits} && e.innerText.trim().startsWith(text) }}", [selector, text]):
            return
    raise AssertionError(f"{KEYS_MAX} times Tab never reach {text or selector} at {page.url}")


def follow(page: Page, selector: str, text: str, is_large: bool) -> None:
    """Reach it by Tab and press Enter; the page that comes fits its window."""
    tab_to(page, selector, text)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    if is_large:
        enlarge_text(page)
    assert sideways(page) <= 0, page.url


@pytest.mark.parametrize(
    ("width", "is_large", "language"),
    [(390, False, "en"), (320, True, "es")],
    ids=["390 px", "320 px with text at 200 %"],
)
def test_a_lesson_is_finished_by_the_keyboard_alone(
    app: Flask, browser: Browser, served: str, width: int, is_large: bool, language: str
) -> None:
    context = window(browser, width=width, height=844 if width == 390 else 568, language=language)
    enter(app, context, Audience.FAMILY, served, language)
    say, version = Words(language), version_of("m03")
    text = from_json(version.content[language])
    page = context.new_page()
    page.goto(f"{served}/learn")
    follow(page, "main a", text.title, is_large)
    assert say(NOTICE) in page.inner_text("main")
    follow(page, "main button", say("I understand, start"), is_large)
    for _part in text.parts[1:]:
        follow(page, "main button", say("Next part"), is_large)
    follow(page, "main button", say("Go to the questions"), is_large)
    for check in text.checks:
        tab_to(page, "main input[type=radio]", "")
        page.keyboard.press("Space")
        follow(page, "main button", say("See if it fits"), is_large)
        assert check.question in page.inner_text("main")
        follow(page, "main a.btn, main button", say("Go on"), is_large)
    assert page.inner_text("h1") == say("You finished this lesson")
    picture(page, f"lessons-finished-by-keys-{width}-{language}")
    context.close()
    db.session.rollback()  # to see what the server wrote
    progress = db.session.query(Progress).filter_by(module_id=version.module_id).one()
    assert progress.finished_at is not None
