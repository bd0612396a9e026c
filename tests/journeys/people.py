"""The people of a journey, each in a browser of their own, and the words that they read."""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyotp
from babel.support import Translations
from playwright.sync_api import Browser, Locator, Page, expect

import config
from tests.journeys.browser import picture, sideways, violations, window

PATIENCE = 30_000  # milliseconds; a busy machine is no failure
PASSPHRASE = "seven quiet boats at dusk"


@dataclass(frozen=True)
class Words:
    """The catalogue's words, so that one journey reads both languages."""

    language: str

    def __call__(self, text: str, **values: object) -> str:
        """The text as a person of this language reads it."""
        catalogue = Translations.load(str(config.ROOT / "portal" / "translations"), [self.language])
        found = catalogue.gettext(text) if self.language != "en" else text
        assert self.language == "en" or isinstance(catalogue, Translations), "compile the catalogue first"
        return found % values if values else found


@dataclass
class Person:
    """Somebody at a browser: goes somewhere, reads, types, presses; each step checks where it is."""

    page: Page
    address: str
    say: Words
    name: str
    pictures: str
    key: str = ""

    def open(self, path: str) -> None:
        """Type an address."""
        self.page.goto(path if path.startswith("http") else self.address + path)

    def reads(self, text: str, **values: object) -> None:
        """The page has this sentence."""
        wanted = self.say(text, **values)
        try:
            expect(self.page.locator("body")).to_contain_text(wanted, timeout=PATIENCE)
        except AssertionError:
            shown = " ".join(self.page.inner_text("main").split())
            picture(self.page, f"{self.pictures}-failed")
            raise AssertionError(
                f"{self.name} does not read {wanted!r} at {self.page.url}: {shown}"
            ) from None

    def does_not_read(self, *texts: str) -> None:
        """None of these stands anywhere on the page, markup included."""
        content = self.page.content()
        for text in texts:
            assert text not in content, f"{self.name} can read {text!r} at {self.page.url}"

    def is_at(self, path: str) -> None:
        """The address is this one; a pattern."""
        assert re.search(path + r"([?#].*)?$", self.page.url), (
            f"{self.name} is at {self.page.url}, not {path}"
        )

    def types(self, **fields: str) -> None:
        """Fill fields by their names (`__` stands for a dash)."""
        for name, text in fields.items():
            field = self.page.locator(f"main [name='{name.replace('__', '-')}']").first
            if field.evaluate("e => e.tagName") == "SELECT":
                field.select_option(text)
            else:
                field.fill(text)

    def ticks(self, name: str, *values: str) -> None:
        """Tick boxes or choose a radio by name and value."""
        for value in values or ("y",):
            self.page.locator(f"main [name='{name.replace('__', '-')}'][value='{value}']").check()

    def presses(self, label: str, within: str = "main", **values: object) -> None:
        """Press the button with this label."""
        exact = re.compile(rf"^\s*{re.escape(self.say(label, **values))}\s*$")
        self.goes_by(self.page.locator(f"{within} button").filter(has_text=exact))

    def goes_by(self, control: Locator) -> None:
        """Click what leads to another page, and wait until that page is there."""
        with self.page.expect_navigation():
            control.first.click()

    def follows(self, label: str, within: str = "main", **values: object) -> None:
        """Follow the link with this label."""
        self.goes_by(self.page.locator(f"{within} a").filter(has_text=self.say(label, **values)))

    def signs_in(self, sign_in_name: str, at: datetime | None = None) -> None:
        """Passphrase, and for staff the code of the moment."""
        self.open("/sign-in")
        self.types(sign_in_name=sign_in_name, passphrase=PASSPHRASE)
        self.presses("Sign in")
        if at:
            self.types(code=pyotp.TOTP(self.key).at(at))
            self.presses("Go on")

    def sets_up_the_second_factor(self, at: datetime) -> None:
        """Copy the key from the page into the code app, then type its first code."""
        self.key = self.page.locator(".code, code").first.inner_text().replace(" ", "")
        self.types(code=pyotp.TOTP(self.key).at(at))
        self.goes_by(self.page.locator("main form button"))

    def keeps_a_picture(self, name: str) -> None:
        """Keep a screenshot, and hold the page to its promises: axe clean, nothing sideways."""
        picture(self.page, f"{self.pictures}-{name}")
        assert violations(self.page) == [], f"{name}: {violations(self.page)}"
        assert sideways(self.page) <= 0, name


def person(
    browser: Browser, address: str, name: str, language: str, pictures: str, width: int = 390
) -> Person:
    """Open a browser for somebody."""
    context = window(browser, width=width, language=language)
    context.set_default_timeout(PATIENCE)
    return Person(context.new_page(), address, Words(language), name, pictures)


def link_in(text: str, path: str) -> str:
    """The address below `path` in a mail's text."""
    found = re.search(rf"https?://[^\s<>\"]+{path}[^\s<>\"]*", text)
    assert found, text
    return "/" + found.group(0).split("/", 3)[3]


def folder() -> Path:
    """Where the pictures are."""
    return config.ROOT / "tests" / "output"
