"""A real browser on a real server: the app served in this process, Debian's Chromium in front.

`served` gives an address, `browser` the browser, `violations` what axe finds, `picture` keeps a
screenshot in tests/output/.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError
from werkzeug.serving import make_server

CHROMIUM = "/usr/bin/chromium"
OUTPUT = Path(__file__).resolve().parents[1] / "output"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve the app on a free port until the block ends; yields its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, closed when the block ends."""
    if not Path(CHROMIUM).exists():
        pytest.fail(f"{CHROMIUM} is missing: `make test` installs it, or apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture
def served(app: Flask) -> Iterator[str]:
    """The address of the app under test."""
    with serving(app) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for the tests of a module; each test opens its own context."""
    with chromium() as opened:
        yield opened


def window(browser: Browser, *, width: int, height: int = 844, language: str = "en") -> BrowserContext:
    """A fresh window without cookies, at one size, in one language."""
    return browser.new_context(viewport={"width": width, "height": height}, locale=language)


def violations(page: Page) -> list[str]:
    """What axe finds on the page, one line each."""
    page.evaluate("scrollTo(0, 0)")  # what a sticky bar covers is not too small
    options = {"runOnly": {"type": "tag", "values": list(RULES)}}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{each['id']} ({each['impact']}): {node['html'][:160]}" for each in found for node in each["nodes"]
    ]


def sideways(page: Page) -> int:
    """By how many pixels the page scrolls sideways; 0 is right."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def enlarge_text(page: Page) -> None:
    """200 % text, as the browser's own setting does it."""
    page.evaluate("document.documentElement.style.fontSize = '200%'")


def picture(page: Page, name: str) -> Path:
    """Keep a screenshot of the whole page. A busy machine's browser may need a second try."""
    OUTPUT.mkdir(exist_ok=True)
    path = OUTPUT / f"{name}.png"
    for tries_left in (3, 2, 1, 0):
        try:
            page.screenshot(path=path, full_page=True)
            break
        except PlaywrightError:
            if not tries_left:
                raise
            page.wait_for_timeout(500)
    return path
