"""Lesson files: what is wrong is said with file and line, and nothing is half loaded."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

import config
from portal.core.db import db, writing
from portal.education import curriculum, markup, service
from portal.education.models import Module, ModuleVersion
from portal.education.problems import SENTENCES, ContentError
from tests.conftest import NOW

HEAD = """---
code: m40
title: A title
minutes: 8
version: "1"
license: Own text
reviewed_on: null
reviewer: null
objectives: [One, Two, Three]
prompts: [A question]
sources:
  - {title: A source, publisher: Somebody, year: 2020, url: "https://source.example/"}
to_verify: []
---
"""
CHECK = "\n## Check: Which {}?\n\n- [x] This — Because.\n- [ ] That — Not that.\n"


def card(number: int, words: int = 60) -> str:
    return f"\n## Card: Card {number}\n\n{'word ' * words}\n"


def text(*, head: str = HEAD, words: int = 60, cards: int = 5, checks: int = 4, more: str = "") -> str:
    return (
        head
        + "".join(card(number, words) for number in range(cards))
        + "\n## Practice: Try it\n\nTry this.\n"
        + "".join(CHECK.format(number) for number in range(checks))
        + more
    )


Write = Callable[..., Path]


@pytest.fixture
def write_files(tmp_path: Path) -> Write:
    """Write one module; what is None is left out."""

    def write(english: str | None, spanish: str | None = None, name: str = "m40-small.md") -> Path:
        for language, each in (("en", english), ("es", spanish)):
            (tmp_path / language).mkdir(exist_ok=True)
            if each is not None:
                (tmp_path / language / name).write_text(each)
        return tmp_path

    return write


def complaints(folder: Path) -> str:
    with pytest.raises(ContentError) as refusal:
        curriculum.read(folder)
    return str(refusal.value)


def test_a_sound_module_is_read_in_both_languages(write_files: Write) -> None:
    module = curriculum.read(write_files(text(), text()))["m40"]
    assert set(module) == {"en", "es"}
    assert len(module["en"].parts) == 6
    assert module["en"].checks[0].right.why == "Because."


def test_the_curriculum_that_ships_is_sound() -> None:
    shipped = curriculum.read()
    assert {"m03", "m12"} <= set(shipped)
    assert all(set(module) == set(curriculum.LANGUAGES) for module in shipped.values())


def test_a_missing_translation_is_refused(write_files: Write) -> None:
    assert complaints(write_files(text())) == "es/m40-small.md:1: the translation is missing"


@pytest.mark.parametrize(("words", "is_sound"), [(59, False), (60, True), (140, True), (141, False)])
def test_a_card_has_60_to_140_words(write_files: Write, words: int, is_sound: bool) -> None:
    folder = write_files(text(words=words), text())
    if is_sound:
        curriculum.read(folder)
    else:
        assert f"en/m40-small.md:16: {words} words, wanted 60 to 140" in complaints(folder)


@pytest.mark.parametrize(("cards", "is_sound"), [(4, False), (5, True), (7, True), (8, False)])
def test_a_module_has_5_to_7_cards(write_files: Write, cards: int, is_sound: bool) -> None:
    folder = write_files(text(cards=cards), text(cards=cards))
    if is_sound:
        curriculum.read(folder)
    else:
        assert f"{cards} cards, wanted 5 to 7" in complaints(folder)


@pytest.mark.parametrize(("checks", "is_sound"), [(3, False), (4, True), (5, True), (6, False)])
def test_a_module_has_4_or_5_checks(write_files: Write, checks: int, is_sound: bool) -> None:
    folder = write_files(text(checks=checks), text(checks=checks))
    if is_sound:
        curriculum.read(folder)
    else:
        assert f"{checks} checks, wanted 4 to 5" in complaints(folder)


@pytest.mark.parametrize(
    ("before", "after", "line", "complaint"),
    [
        ("- [x] This — Because.", "- [ ] This — Because.", 40, "0 right answers, wanted exactly one"),
        ("- [ ] That — Not", "- [x] That — Not", 40, "2 right answers, wanted exactly one"),
        ("- [x] This — Because.", "- [x] This", 42, "with the explanation"),
        ("- [ ] That — Not that.", "- [ ] This — Not that.", 40, "two options read the same"),
        ("Try this.", "Try <b>this</b>.", 38, "html_inline: not in a lesson"),
        ("Try this.", "<script>alert(1)</script>", 38, "html_block: not in a lesson"),
        ("Try this.", "[x](javascript:alert)", 38, "link that is not https or tel"),
        ("Try this.", "![x](https://a.example/x.png)", 38, "image: not in a lesson"),
        ("## Practice: Try it", "## Practise: Try it", 36, "a heading is"),
        ("Try this.", "Try being clean.", 38, "“clean”: say it person-first"),
        ("minutes: 8", "minutes: eight", 4, "minutes: is not of the right kind"),
        ("minutes: 8", "minutes: 7", 4, "minutes: 7, wanted 8 to 15"),
        ("minutes: 8", "minutes: 16", 4, "minutes: 16, wanted 8 to 15"),
        ("minutes: 8", "title: Again\nminutes: 8", 4, "title: stands twice"),
        ("license: Own text\n", "", 1, "license: is missing"),
        ("reviewer: null", "reviewer: Dr. No", 8, "reviewed_on and reviewer belong together"),
        ("title: A title", "title: [A title", 4, "front matter:"),
        ("title: A title", "title: &a A title", 3, "anchors are not used"),
        ("code: m40", "code: m41", 2, "code is m41, the file's name says m40"),
        ("https://source", "http://source", 11, "url begins with https://"),
        ("to_verify: []", "to_verify: [{fact: x}]", 13, "entry 1 has exactly fact, source"),
        ("---\ncode", "code", 1, "front matter between two lines of ---"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(
    write_files: Write, before: str, after: str, line: int, complaint: str
) -> None:
    broken = text().replace(before, after, 1)
    found = complaints(write_files(broken, text()))
    assert any(
        each.startswith(f"en/m40-small.md:{line}: ") and complaint in each for each in found.splitlines()
    ), found


def test_both_languages_have_their_answers_in_the_same_order(write_files: Write) -> None:
    swapped = text().replace(
        "- [x] This — Because.\n- [ ] That — Not that.", "- [ ] That — No.\n- [x] This — Yes.", 1
    )
    assert "place of the right answers: not as in en/" in complaints(write_files(text(), swapped))


def test_a_word_may_be_spoken_about_in_quotation_marks(write_files: Write) -> None:
    spoken = text().replace("Try this.", "Say “in recovery”, not “clean”.", 1)
    curriculum.read(write_files(spoken, text()))


def test_a_file_of_10_mb_is_refused_without_being_read_whole(write_files: Write) -> None:
    assert "m40-small.md:1: is larger than 200 kB" in complaints(write_files("x" * 10_000_000, text()))


def test_a_file_that_is_not_text_is_refused_with_its_line(write_files: Write, tmp_path: Path) -> None:
    folder = write_files(text(), text())
    (tmp_path / "en" / "m40-small.md").write_bytes(b"---\n\xff\xfe")
    assert "en/m40-small.md:2: is not UTF-8 text" in complaints(folder)


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "<a href='javascript:alert(1)'>x</a>",
        "[x]: javascript:alert(1)\n\n[x]",
        "<svg/onload=alert(1)>",
        "![x](https://a.example/pixel.gif)",
        "`</p><script>alert(1)</script>`",
    ],
)
def test_hostile_markdown_is_refused_and_would_be_harmless(hostile: str) -> None:
    shown = markup.html(hostile)
    assert "<script" not in shown
    assert "<img" not in shown
    assert "<svg" not in shown
    assert 'href="java' not in shown.lower()
    assert 'href="data' not in shown.lower()
    assert markup.strangers(hostile) or "<a" not in shown


def test_loading_twice_changes_nothing_and_a_new_text_is_a_new_version(
    app: Flask, write_files: Write
) -> None:
    folder = write_files(text(), text())
    counts = []
    for _again in range(2):
        with writing():
            counts.append(service.load_content(NOW, folder))
    write_files(text().replace("Try this.", "Try that.", 1), text())
    with writing():
        counts.append(service.load_content(NOW, folder))
    assert counts == [1, 0, 1]
    versions = db.session.scalars(select(ModuleVersion).order_by(ModuleVersion.number)).all()
    assert [version.number for version in versions] == [1, 2]
    assert db.session.scalars(select(Module)).one().position == 40


def test_one_broken_file_loads_nothing(app: Flask, write_files: Write) -> None:
    write_files(text(), text())
    broken = text(head=HEAD.replace("m40", "m41"), checks=1)
    folder = write_files(broken, broken, name="m41-broken.md")
    with pytest.raises(ContentError), writing():
        service.load_content(NOW, folder)
    assert db.session.scalar(select(func.count(Module.id))) == 0


def test_the_shipped_curriculum_loads(app: Flask) -> None:
    with writing():
        assert service.load_content(NOW) == len(curriculum.read())


def test_every_problem_that_the_linter_can_find_has_its_sentence() -> None:
    rooms = ("curriculum", "front_matter", "own", "parser")
    folder = config.ROOT / "portal" / "education"
    text = "".join((folder / f"{room}.py").read_text() for room in rooms)
    used = set(re.findall(r'report\.add\([^"]*"([a-z_0-9]+)"', text))
    assert len(used) > 20
    assert used - {"reviewer"} <= set(SENTENCES)  # a key of the front matter, not a code
    unused = {code for code in SENTENCES if f'"{code}"' not in text and not code.startswith("count_")}
    assert not unused
