"""What no template may hold, and what each page template must say."""

import re
from pathlib import Path

import pytest

import config

TEMPLATES = config.ROOT / "templates"
EVERY = sorted(TEMPLATES.rglob("*.html"))
PAGES = [
    path
    for path in EVERY
    if path.parts[-2] not in ("parts", "mail")
    and path.name not in ("base.html", "layout.html")
    and "{% extends" in path.read_text()
]
ON_SCREEN = [path for path in EVERY if path.parts[-2] != "mail"]
"""Mails have tests of their own."""

SAFE_WITH_REASON: dict[str, str] = {}
"""Template → why its text may be marked safe. Empty: nothing is."""


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(TEMPLATES)) for path in paths]


@pytest.mark.parametrize("name", names(ON_SCREEN))
def test_a_template_has_no_inline_style_or_script(name: str) -> None:
    text = (TEMPLATES / name).read_text()
    assert not re.search(r"\sstyle=", text)
    assert not re.search(r"<style\b", text)
    assert not re.search(r"\son\w+=", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)


@pytest.mark.parametrize("name", names(EVERY))
def test_nothing_is_marked_safe_without_a_reason(name: str) -> None:
    text = (TEMPLATES / name).read_text()
    assert name in SAFE_WITH_REASON or not re.search(r"\|\s*safe\b|autoescape\s+false", text)


@pytest.mark.parametrize("name", names(PAGES))
def test_a_page_fills_title_and_main_and_has_one_h1(name: str) -> None:
    text = (TEMPLATES / name).read_text()
    assert "{% block title %}" in text
    assert "{% block main %}" in text
    assert re.search(r"<h1\b|bits\.hello\(", text), "no h1"


@pytest.mark.parametrize("name", names(ON_SCREEN))
def test_every_word_is_translatable(name: str) -> None:
    """Text between tags, once expressions, blocks and comments are taken out, holds no letters."""
    text = (TEMPLATES / name).read_text()
    for pattern in (r"{#.*?#}", r"{%.*?%}", r"{{.*?}}", r"<!--.*?-->", r"<svg.*?</svg>"):
        text = re.sub(pattern, " ", text, flags=re.S)
    words = re.findall(r"[A-Za-zÀ-ÿ]{3,}", " ".join(re.findall(r">([^<]*)<", text)))
    assert set(words) <= PROPER_NAMES, words


PROPER_NAMES = {
    *("Marcus", "Elena", "Hannah"),  # the invented people of the page of parts
    *("hint", "error", "month", "yes"),  # the ends of ids in `parts/forms.html`
    *("Read", "English", "Leerlo", "español"),  # each said in its own language, whatever the page's
}
