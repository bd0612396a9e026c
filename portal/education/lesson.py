"""What a lesson is made of, in one language. Plain values; stored as JSON in a version."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class Card:
    """One screen of text; `body` is Markdown."""

    title: str
    body: str


@dataclass(frozen=True)
class Option:
    """One answer to a check. Every option, right or not, says why."""

    text: str
    is_right: bool
    why: str


@dataclass(frozen=True)
class Check:
    """One question with exactly one right option."""

    question: str
    options: tuple[Option, ...]

    @property
    def right(self) -> Option:
        """The right option."""
        return next(option for option in self.options if option.is_right)


@dataclass(frozen=True)
class Source:
    """Where the facts come from. We cite and paraphrase; nothing is reprinted."""

    title: str
    publisher: str
    year: int
    url: str


@dataclass(frozen=True)
class Fact:
    """A statement that a clinician checks against `source` before the lesson counts as reviewed."""

    fact: str
    source: str


@dataclass(frozen=True)
class Lesson:
    """One module in one language."""

    code: str
    title: str
    minutes: int
    version: str
    license: str
    reviewed_on: str | None
    """An ISO date; None while the text awaits clinical review."""
    reviewer: str | None
    objectives: tuple[str, ...]
    cards: tuple[Card, ...]
    practice: Card
    checks: tuple[Check, ...]
    prompts: tuple[str, ...]
    """Questions to bring to the family session."""
    sources: tuple[Source, ...]
    to_verify: tuple[Fact, ...]

    @property
    def parts(self) -> tuple[Card, ...]:
        """The screens in order: the cards, then the practice."""
        return (*self.cards, self.practice)

    @property
    def reviewed_day(self) -> date | None:
        """The day of the clinical review; None while it is awaited."""
        return date.fromisoformat(self.reviewed_on) if self.reviewed_on else None

    def as_json(self) -> dict[str, Any]:
        """The stored form."""
        return asdict(self)


def from_json(stored: dict[str, Any]) -> Lesson:
    """The lesson from its stored form, `Lesson.as_json`."""
    return Lesson(
        **{
            **stored,
            "objectives": tuple(stored["objectives"]),
            "cards": tuple(Card(**card) for card in stored["cards"]),
            "practice": Card(**stored["practice"]),
            "checks": tuple(_check(check) for check in stored["checks"]),
            "prompts": tuple(stored["prompts"]),
            "sources": tuple(Source(**source) for source in stored["sources"]),
            "to_verify": tuple(Fact(**fact) for fact in stored["to_verify"]),
        }
    )


def _check(stored: dict[str, Any]) -> Check:
    return Check(stored["question"], tuple(Option(**option) for option in stored["options"]))
