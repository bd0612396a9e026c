"""All lesson files of a folder, complete and in both languages, or nothing.

`en/m03-triggers.md` and `es/m03-triggers.md` are one module. A reader may change the
language in the middle: so both have the same parts, and answers in the same order.
"""

import re
from pathlib import Path

from portal.education.lesson import Lesson
from portal.education.parser import MAX_BYTES, parse
from portal.education.problems import SENTENCES, ContentError, Problem, Report

LANGUAGES = ("en", "es")
FOLDER = Path(__file__).parent / "content"

Module = dict[str, Lesson]
"""By language."""

_NAME = re.compile(r"^(m\d\d)-[a-z0-9-]+\.md$")


def read(folder: Path = FOLDER) -> dict[str, Module]:
    """Every module by its code, in order. Raises ContentError with all that is wrong."""
    names = sorted({path.name for language in LANGUAGES for path in (folder / language).glob("*.md")})
    report = Report("", [])
    modules: dict[str, Module] = {}
    for name in names:
        module = _read_module(folder, name, report)
        for code in {lesson.code for lesson in module.values()}:
            if code in modules:
                report.problems.append(Problem(f"en/{name}", 1, "code_twice", {"code": code}))
            modules[code] = module
    if report.problems:
        raise ContentError(report.problems)
    return dict(sorted(modules.items()))


def _read_module(folder: Path, name: str, report: Report) -> Module:
    module: Module = {}
    for language in LANGUAGES:
        own = Report(f"{language}/{name}", [])
        lesson = _read_file(folder / language / name, own, language)
        report.problems.extend(own.problems)
        if lesson:
            module[language] = lesson
    if len(module) == len(LANGUAGES):
        report.problems.extend(differences(module, name))
    return module


def _read_file(path: Path, report: Report, language: str) -> Lesson | None:
    code = _NAME.match(path.name)
    if code is None:
        report.add(1, "name")
    if not path.is_file():
        report.add(1, "no_translation")
        return None
    with path.open("rb") as file:
        raw = file.read(MAX_BYTES + 1)  # never a large file whole
    lesson = read_bytes(raw, report, language)
    if lesson and code and lesson.code != code[1]:
        report.add(2, "code_not_name", code=lesson.code, wanted=code[1])
    return lesson


def read_bytes(raw: bytes, report: Report, language: str) -> Lesson | None:
    """The lesson in the bytes of one file; None when `report` has problems."""
    try:
        return parse(raw.decode("utf-8", "ignore" if len(raw) > MAX_BYTES else "strict"), report, language)
    except UnicodeDecodeError as error:
        report.add(raw[: error.start].count(b"\n") + 1, "not_utf8")
        return None


def _shape(lesson: Lesson) -> dict[str, object]:
    return {
        "code": lesson.code,
        "minutes": lesson.minutes,
        "version": lesson.version,
        "reviewed_on": lesson.reviewed_on,
        "differs_objectives": len(lesson.objectives),
        "differs_cards": len(lesson.cards),
        "differs_prompts": len(lesson.prompts),
        "differs_answers": [[option.is_right for option in check.options] for check in lesson.checks],
        "sources": [source.url for source in lesson.sources],
        "differs_facts": len(lesson.to_verify),
    }


def differences(module: Module, name: str) -> list[Problem]:
    """What a reader who changes the language in the middle would stumble over."""
    english, spanish = _shape(module["en"]), _shape(module["es"])
    return [
        Problem(f"es/{name}", 1, what if what in SENTENCES else "differs", {"key": what, "name": name})
        for what in english
        if english[what] != spanish[what]
    ]
