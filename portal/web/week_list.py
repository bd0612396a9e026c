"""The lines of a week, ready for the macro `days` of `parts/bits.html`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class Entry:
    """One line of a day."""

    start_at: datetime
    text: str
    note: str = ""
    own: bool = False
    href: str | None = None
    file: str | None = None
    """The address of the line as one event for one's own calendar."""


@dataclass(frozen=True)
class Day:
    """One day with its lines in order."""

    on: date
    entries: list[Entry]


def days_of(days: Sequence[date], entries: Iterable[tuple[date, Entry]]) -> list[Day]:
    """Each day with its entries by their start; an entry of another day is left out."""
    lines: dict[date, list[Entry]] = {day: [] for day in days}
    for on, entry in entries:
        if on in lines:
            lines[on].append(entry)
    return [Day(day, sorted(found, key=lambda entry: entry.start_at)) for day, found in lines.items()]
