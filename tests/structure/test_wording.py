"""Every reason to refuse has its sentence, and every sentence its reason."""

import ast
import re
from collections.abc import Iterator

import pytest

import config
from portal.web.wording import SENTENCES

SOURCES = sorted((config.ROOT / "portal").rglob("*.py"))
RAISED_BY_DEFAULT = {"changed_meanwhile"}
"""`TooLate()` without a code."""


def calls() -> Iterator[ast.Call]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Refused", "TooLate"):
                yield node


def codes(node: ast.expr) -> set[str]:
    """The strings that a code expression can be: a literal, or one of two."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    if isinstance(node, ast.IfExp):
        return codes(node.body) | codes(node.orelse)
    return set()


def raised() -> set[str]:
    return RAISED_BY_DEFAULT | {
        code for call in calls() for argument in call.args[:1] for code in codes(argument)
    }


def strings() -> set[str]:
    """Every string of the portal outside the table itself, for codes that travel in a variable."""
    found = set()
    for path in SOURCES:
        if path.name == "wording.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


def beginnings() -> set[str]:
    """The fixed beginnings of codes that are built, such as `missing_` and the element's name."""
    return {
        part.value
        for call in calls()
        for argument in call.args[:1]
        if isinstance(argument, ast.JoinedStr)
        for part in argument.values[:1]
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }


def test_every_code_has_a_sentence() -> None:
    assert raised() - set(SENTENCES) == set()


def test_no_sentence_is_unused() -> None:
    unused = set(SENTENCES) - strings() - RAISED_BY_DEFAULT
    assert {code for code in unused if not code.startswith(tuple(beginnings()))} == set()


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_a_sentence_is_calm(code: str) -> None:
    text = str(SENTENCES[code])
    assert re.match(r"[“]?(%\(\w+\)s|[A-Z])", text)
    assert text.endswith(".")
    assert "!" not in text
    assert not re.search(r"\b(invalid|please|failed|wrong input|oops)\b", text, re.IGNORECASE)
    assert max(len(each.split()) for each in re.split(r"(?<=[.:;])\s", text)) <= 22
