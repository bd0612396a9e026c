"""One lesson back to its Markdown file: what `parser.parse` reads, it writes."""

from typing import Any

import yaml

from portal.education.front_matter import FENCE
from portal.education.lesson import Card, Check, Lesson


def markdown(lesson: Lesson) -> str:
    """The file of this lesson; reading it again gives the same lesson."""
    head = yaml.safe_dump(_front(lesson), allow_unicode=True, sort_keys=False, width=1000)
    parts = [
        *(_card("Card", card) for card in lesson.cards),
        _card("Practice", lesson.practice),
        *(_check(check) for check in lesson.checks),
    ]
    return f"{FENCE}\n{head}{FENCE}\n\n" + "\n\n".join(parts) + "\n"


def _front(lesson: Lesson) -> dict[str, Any]:
    stored = lesson.as_json()
    front = {key: stored[key] for key in ("code", "title", "minutes", "version", "license")}
    front["reviewed_on"] = lesson.reviewed_day
    front["reviewer"] = lesson.reviewer
    return front | {key: list(stored[key]) for key in ("objectives", "prompts", "sources", "to_verify")}


def _card(kind: str, card: Card) -> str:
    return f"## {kind}: {card.title}\n\n{card.body}"


def _check(check: Check) -> str:
    lines = [
        f"- [{'x' if option.is_right else ' '}] {option.text} — {option.why}" for option in check.options
    ]
    return "\n".join([f"## Check: {check.question}", "", *lines])
