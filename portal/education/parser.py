"""One lesson file to one `Lesson`, or to the list of what is wrong with it.

The form: front matter, then `## Card: …` (5 to 7), one `## Practice: …` and
`## Check: question` (4 or 5) with one line an option: `- [x] option — explanation`.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from portal.education import front_matter, markup
from portal.education.lesson import Card, Check, Fact, Lesson, Option, Source
from portal.education.problems import Report
from portal.education.words import unkind

MAX_BYTES = 200_000
CARDS = (5, 7)
CARD_WORDS = (60, 140)
CHECKS = (4, 5)
OPTIONS = (2, 4)

_HEADING = re.compile(r"^## (Card|Practice|Check): (.+)$")
_OPTION = re.compile(r"^- \[([ x])\] (.+?) — (.+)$")


@dataclass
class Section:
    """A heading with the lines below it."""

    kind: str
    title: str
    line: int
    lines: list[str] = field(default_factory=list)

    @property
    def body(self) -> str:
        """The Markdown below the heading."""
        return "\n".join(self.lines).strip("\n")

    @property
    def body_line(self) -> int:
        """The line of the file on which `body` begins."""
        blank = next((n for n, line in enumerate(self.lines) if line.strip()), 0)
        return self.line + 1 + blank


def parse(text: str, report: Report, language: str) -> Lesson | None:
    """The lesson in `text`; None when `report` has problems."""
    if len(text.encode()) > MAX_BYTES:
        report.add(1, "too_large", size=MAX_BYTES // 1000)
        return None
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    head = front_matter.read(text, report)
    if head is None:
        return None
    for line, word in unkind(text, language):
        report.add(line, "unkind", word=word)
    sections = _sections(text, head.body_line, report)
    cards = [_card(each, report) for each in sections if each.kind == "Card"]
    practices = [_practice(each, report) for each in sections if each.kind == "Practice"]
    checks = [_check(each, report) for each in sections if each.kind == "Check"]
    _count("cards", cards, CARDS, head.body_line, report)
    _count("practices", practices, (1, 1), head.body_line, report)
    _count("checks", checks, CHECKS, head.body_line, report)
    if report.problems:
        return None
    return _lesson(head.values, cards, practices[0], checks)


def _sections(text: str, body_line: int, report: Report) -> list[Section]:
    found: list[Section] = []
    for number, line in enumerate(text.split("\n")[body_line:], body_line + 1):
        heading = _HEADING.match(line)
        if heading:
            found.append(Section(heading[1], heading[2].strip(), number))
        elif line.startswith("#"):
            report.add(number, "heading")
        elif found:
            found[-1].lines.append(line)
        elif line.strip():
            report.add(number, "before_first")
    order = [("Card", "Practice", "Check").index(each.kind) for each in found]
    if order != sorted(order):
        report.add(body_line, "order")
    return found


def _card(section: Section, report: Report) -> Card:
    _check_markup(section, report)
    count = markup.words(section.body)
    if not CARD_WORDS[0] <= count <= CARD_WORDS[1]:
        report.add(section.line, "card_words", number=count, low=CARD_WORDS[0], high=CARD_WORDS[1])
    return Card(section.title, section.body)


def _practice(section: Section, report: Report) -> Card:
    _check_markup(section, report)
    if not section.body:
        report.add(section.line, "practice_empty")
    return Card(section.title, section.body)


def _check_markup(section: Section, report: Report) -> None:
    for line, what in markup.strangers(section.body):
        report.add(section.body_line + line, "markup_text", what=what)
    for _line, what in markup.strangers(section.title):
        report.add(section.line, "markup_heading", what=what)


def _check(section: Section, report: Report) -> Check:
    options: list[Option] = []
    for number, line in _unwrapped(section):
        option = _OPTION.match(line)
        if option is None:
            report.add(number, "option")
            continue
        options.append(Option(option[2].strip(), option[1] == "x", option[3].strip()))
        for _line, what in markup.strangers(f"{option[2]} {option[3]}"):
            report.add(number, "markup_answer", what=what)
    for _line, what in markup.strangers(section.title):
        report.add(section.line, "markup_question", what=what)
    rights = sum(option.is_right for option in options)
    if rights != 1:
        report.add(section.line, "rights", number=rights)
    _count("options", options, OPTIONS, section.line, report)
    if len({option.text for option in options}) != len(options):
        report.add(section.line, "options_same")
    return Check(section.title, tuple(options))


def _unwrapped(section: Section) -> list[tuple[int, str]]:
    """The options with their first line's number; an indented line continues the one above."""
    whole: list[tuple[int, str]] = []
    for number, line in enumerate(section.lines, section.line + 1):
        if line.startswith("  ") and line.strip() and whole:
            first, above = whole[-1]
            whole[-1] = first, f"{above} {line.strip()}"
        elif line.strip():
            whole.append((number, line.rstrip()))
    return whole


def _count(what: str, things: list[Any], limits: tuple[int, int], line: int, report: Report) -> None:
    low, high = limits
    if not low <= len(things) <= high:
        wanted = f"{low}" if low == high else f"{low} to {high}"
        report.add(line, f"count_{what}", number=len(things), wanted=wanted)


def _lesson(values: dict[str, Any], cards: list[Card], practice: Card, checks: list[Check]) -> Lesson:
    return Lesson(
        code=values["code"],
        title=values["title"],
        minutes=values["minutes"],
        version=values["version"],
        license=values["license"],
        reviewed_on=values["reviewed_on"].isoformat() if values["reviewed_on"] else None,
        reviewer=values["reviewer"],
        objectives=tuple(values["objectives"]),
        cards=tuple(cards),
        practice=practice,
        checks=tuple(checks),
        prompts=tuple(values["prompts"]),
        sources=tuple(Source(**source) for source in values["sources"]),
        to_verify=tuple(Fact(**fact) for fact in values["to_verify"]),
    )
