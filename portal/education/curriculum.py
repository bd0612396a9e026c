"""All lesson files of a folder, complete and in both languages, or nothing.

`en/m03-triggers.md` and `es/m03-triggers.md` are one module. A reader may change the
language in the middle: so both have the same parts, and answers in the same order.
"""

import re
from pathlib import Path

from portal.education.lesson import Lesson
from portal.education.parser import MAX_BYTES, parse
from portal.education.problems import ContentError, Problem, Report

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
                report.problems.append(Problem(f"en/{name}", 1, f"code {code} stands in another file too"))
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
        report.add(1, "a file is named like m03-triggers.md")
    if not path.is_file():
        report.add(1, "the translation is missing")
        return None
    with path.open("rb") as file:
        raw = file.read(MAX_BYTES + 1)  # never a large file whole
    lesson = read_bytes(raw, report, language)
    if lesson and code and lesson.code != code[1]:
        report.add(2, f"code is {lesson.code}, the file's name says {code[1]}")
    return lesson


def read_bytes(raw: bytes, report: Report, language: str) -> Lesson | None:
    """The lesson in the bytes of one file; None when `report` has problems."""
    try:
        return parse(raw.decode("utf-8", "ignore" if len(raw) > MAX_BYTES else "strict"), report, language)
    except UnicodeDecodeError as error:
        report.add(raw[: error.start].count(b"\n") + 1, "is not UTF-8 text")
        return None


def _shape(lesson: Lesson) -> dict[str, object]:
    return {
        "code": lesson.code,
        "minutes": lesson.minutes,
        "version": lesson.version,
        "reviewed_on": lesson.reviewed_on,
        "number of objectives": len(lesson.objectives),
        "number of cards": len(lesson.cards),
        "number of prompts": len(lesson.prompts),
        "place of the right answers": [
            [option.is_right for option in check.options] for check in lesson.checks
        ],
        "sources": [source.url for source in lesson.sources],
        "number of facts to verify": len(lesson.to_verify),
    }


def differences(module: Module, name: str) -> list[Problem]:
    """What a reader who changes the language in the middle would stumble over."""
    english, spanish = _shape(module["en"]), _shape(module["es"])
    return [
        Problem(f"es/{name}", 1, f"{what}: not as in en/{name}")
        for what in english
        if english[what] != spanish[what]
    ]
