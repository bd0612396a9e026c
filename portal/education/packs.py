"""Packs: lessons that belong together, by week, from `packs.yaml`.

The order shown is the order in which they help. It is a recommendation, never a lock.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import yaml

from portal.core.errors import NotFound

FILE = Path(__file__).parent / "packs.yaml"


@dataclass(frozen=True)
class Pack:
    """A pack with its name and purpose by language; `weeks` holds the codes of lessons."""

    code: str
    title: dict[str, str]
    about: dict[str, str]
    weeks: tuple[tuple[str, ...], ...]

    @property
    def lessons(self) -> tuple[str, ...]:
        """Every code in order."""
        return tuple(code for week in self.weeks for code in week)


@cache
def packs() -> dict[str, Pack]:
    """Every pack by its code, in the order of the file."""
    entries = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {entry["code"]: _pack(entry) for entry in entries}


def pack(code: str) -> Pack:
    """One pack, or NotFound."""
    found = packs().get(code)
    if found is None:
        raise NotFound
    return found


def days(one: Pack, *, first_day: date | None, today: date) -> dict[str, date | None]:
    """Lesson → the last day of its week, when week 1 begins on `first_day`.

    A week that lies behind gives no day: nothing begins late. All are local days.
    """
    return {
        code: last_day(first_day, number, today) for number, week in enumerate(one.weeks, 1) for code in week
    }


def last_day(first_day: date | None, week: int, today: date) -> date | None:
    """The last day of this week, counted from 1 on `first_day`; None when it lies behind."""
    if first_day is None:
        return None
    last = first_day + timedelta(days=7 * week - 1)
    return last if last >= today else None


def _pack(entry: dict[str, object]) -> Pack:
    weeks = entry["weeks"]
    assert isinstance(weeks, list)
    title, about = entry["title"], entry["about"]
    assert isinstance(title, dict)
    assert isinstance(about, dict)
    return Pack(str(entry["code"]), title, about, tuple(tuple(week) for week in weeks))
