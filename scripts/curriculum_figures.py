#!/usr/bin/env python3
"""Write docs/curriculum.md from the lesson files: words, grade, checks, sources, what to verify.

    .venv/bin/python scripts/curriculum_figures.py           writes the page
    .venv/bin/python scripts/curriculum_figures.py --check   fails when the page is not current

Reading grade comes from textstat's formulas that need no word list: for English the
automated readability index and Coleman-Liau (both US grades), for Spanish
Fernández Huerta and Szigriszt-Pazos (0 to 100, higher is easier).
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import textstat  # noqa: E402

from portal.education import curriculum, markup  # noqa: E402
from portal.education.lesson import Lesson  # noqa: E402

PAGE = ROOT / "docs" / "curriculum.md"
HARDEST_GRADE = 8.0
"""English: the higher of the two grades."""
LEAST_EASE = {"Fernández Huerta": 70.0, "Szigriszt-Pazos": 65.0}
"""Spanish: 70 is read in grade 7 (Fernández Huerta); 65 is "quite easy" (Szigriszt-Pazos, INFLESZ)."""

MANY_PAGES = {"library.samhsa.gov", "www.niaaa.nih.gov", "ovc.ojp.gov"}
"""Publishers whose first page is not yet the source: no exact address was at hand."""

HEAD = """# The curriculum in figures

Written by `scripts/curriculum_figures.py` from `portal/education/content/`; a test fails when it is not
current. The texts are our own words; sources are cited, none is reprinted. A lesson whose review is awaited
says so to families and to staff.

Reading grade: English by the automated readability index and Coleman-Liau (US grades, at most 8); Spanish by
Fernández Huerta (at least 70, read in grade 7) and Szigriszt-Pazos (at least 65, "quite easy").
"""


@dataclass(frozen=True)
class Grade:
    """The two figures of one text and whether both are within their limit."""

    figures: dict[str, float]
    is_easy: bool


def reading(lesson: Lesson) -> str:
    """All that a reader reads, as plain sentences."""
    checks = (
        f"{check.question}\n" + "\n".join(f"{option.text}.\n{option.why}" for option in check.options)
        for check in lesson.checks
    )
    return "\n".join([*(markup.plain(part.body) for part in lesson.parts), *checks])


def grade(lesson: Lesson, language: str) -> Grade:
    """How hard the lesson is to read."""
    text = reading(lesson)
    textstat.set_lang(language)
    if language == "en":
        figures = {
            "ARI": textstat.automated_readability_index(text),
            "Coleman-Liau": textstat.coleman_liau_index(text),
        }
        return Grade(figures, max(figures.values()) <= HARDEST_GRADE)
    figures = {
        "Fernández Huerta": textstat.fernandez_huerta(text),
        "Szigriszt-Pazos": textstat.szigriszt_pazos(text),
    }
    return Grade(figures, all(figures[name] >= least for name, least in LEAST_EASE.items()))


def row(lesson: Lesson, language: str) -> str:
    """One line of the table."""
    words = [markup.words(card.body) for card in lesson.cards]
    figures = "; ".join(f"{name} {value:.1f}" for name, value in grade(lesson, language).figures.items())
    cells = (
        f"{lesson.code.upper()} {lesson.title}",
        language,
        len(lesson.cards),
        f"{min(words)} to {max(words)}",
        sum(words) + markup.words(lesson.practice.body),
        len(lesson.checks),
        figures,
        f"{lesson.reviewed_on}, {lesson.reviewer}" if lesson.reviewed_on else "awaited",
    )
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def unconfirmed(url: str) -> str:
    """The mark of an address that only leads to the publisher's first page."""
    is_first_page = urlsplit(url).path in ("", "/") and urlsplit(url).netloc in MANY_PAGES
    return " (the publisher's first page; exact address to be confirmed at clinical review)" * is_first_page


def details(lesson: Lesson) -> Iterator[str]:
    """The sources of one module and the facts that a clinician is to verify."""
    yield f"\n### {lesson.code.upper()} {lesson.title}\n"
    for source in lesson.sources:
        yield f"- {source.title}. {source.publisher}, {source.year}. <{source.url}>{unconfirmed(source.url)}"
    if lesson.to_verify:
        yield "\nTo verify before it counts as reviewed:\n"
    for fact in lesson.to_verify:
        yield f"- {fact.fact} *Look in: {fact.source}.*"


def page() -> str:
    """The whole page."""
    modules = curriculum.read()
    rows = [row(lesson, language) for module in modules.values() for language, lesson in module.items()]
    lines = [
        HEAD,
        "| Lesson | Language | Cards | Words a card | Words | Checks | Reading | Clinical review |",
        "|---|---|---|---|---|---|---|---|",
        *rows,
        "\n## Sources, and facts to verify",
        *(line for module in modules.values() for line in details(module["en"])),
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write or check; 1 when the check fails."""
    if "--check" not in sys.argv:
        PAGE.write_text(page())
    elif PAGE.read_text() != page():
        print("docs/curriculum.md is not current: run .venv/bin/python scripts/curriculum_figures.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
