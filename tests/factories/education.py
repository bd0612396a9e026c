"""Modules small enough to read in a test, and what hangs on them."""

import itertools
from typing import Any

from portal.education.lesson import Card, Check, Lesson, Option, Source
from portal.education.models import Assignment, Module, ModuleVersion, Progress
from tests.factories import factory
from tests.factories.people import BEFORE, make_family_member, make_relationship, make_staff

_number = itertools.count(40)


def lesson(code: str = "m40", language: str = "en", cards: int = 2, **values: Any) -> Lesson:
    """A lesson of `cards` cards, one practice and two checks; the first option is right."""
    options = (Option("The right one", True, "Because."), Option("The other one", False, "Not quite."))
    return Lesson(
        **{
            "code": code,
            "title": {"en": "A small lesson", "es": "Una lección pequeña"}[language],
            "minutes": 8,
            "version": "1",
            "license": "Own text",
            "reviewed_on": None,
            "reviewer": None,
            "objectives": ("Know one thing.",),
            "cards": tuple(Card(f"Card {n} {language}", f"Text of card {n}.") for n in range(1, cards + 1)),
            "practice": Card("Try it", "One thing to try."),
            "checks": (Check("First question?", options), Check("Second question?", options)),
            "prompts": ("What helps?",),
            "sources": (Source("A source", "A publisher", 2020, "https://publisher.example/"),),
            "to_verify": (),
            **values,
        }
    )


def content(code: str, **values: Any) -> dict[str, Any]:
    """The stored content of a version, in both languages."""
    return {language: lesson(code, language, **values).as_json() for language in ("en", "es")}


@factory
def make_module(*, cards: int = 2, lesson_values: dict[str, Any] | None = None, **values: Any) -> Module:
    number = next(_number)
    module = Module(**{"code": f"m{number}", "position": number, **values})
    module.versions = [
        ModuleVersion(
            number=1,
            digest="1",
            content=content(module.code, cards=cards, **(lesson_values or {})),
            published_at=BEFORE,
        )
    ]
    return module


@factory
def make_version(module: Module, **values: Any) -> ModuleVersion:
    """A newer version of a module."""
    number = max(version.number for version in module.versions) + 1
    return ModuleVersion(
        module=module,
        number=number,
        digest=str(number),
        content=content(module.code, **values),
        published_at=BEFORE,
    )


@factory
def make_assignment(**values: Any) -> Assignment:
    return Assignment(
        **{
            "relationship": values.pop("relationship", None) or make_relationship(),
            "module": values.pop("module", None) or make_module(),
            "assigned_by_id": values.pop("assigned_by_id", None) or make_staff().id,
            "created_at": BEFORE,
            **values,
        }
    )


@factory
def make_progress(**values: Any) -> Progress:
    module = values.pop("module", None) or make_module()
    return Progress(
        **{
            "family_member": values.pop("family_member", None) or make_family_member(),
            "module": module,
            "version": module.versions[0],
            "started_at": BEFORE,
            **values,
        }
    )
