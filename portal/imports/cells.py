"""What people write into a cell: days of the week, times, dates, yes and no.

Pure. Each raises Unreadable for what it cannot read.
"""

import re
from datetime import date, datetime, time

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_NAMES = {
    **{day: number for number, day in enumerate(DAYS)},
    "monday": 0,
    "tues": 1,
    "tuesday": 1,
    "wednesday": 2,
    "thur": 3,
    "thurs": 3,
    "thursday": 3,
    "friday": 4,
    "saturday": 5,
    "sunday": 6,
}
YES = frozenset({"yes", "y", "true", "1", "x"})
NO = frozenset({"", "no", "n", "false", "0"})
TIME = re.compile(r"(\d{1,2}):(\d{2})(?::00)? ?([ap])?\.?m?\.?")


class Unreadable(ValueError):
    """The text of a cell is not what its column holds."""


def weekdays(text: str) -> list[int]:
    """ "Mon-Thu", "Mon Wed Thu", "Tuesday" as numbers, Monday is 0."""
    found: set[int] = set()
    plain = re.sub(r"\s*[-–]\s*", "-", text.lower())
    for part in re.split(r"[\s,;/]+", plain.strip()):
        first, dash, last = part.partition("-")
        found.update(_days_between(_day(first), _day(last if dash else first)))
    return sorted(found)


def clock_time(text: str) -> time:
    """ "17:30", "5:30 PM", "9:00 am" as a time of day."""
    match = TIME.fullmatch(text.strip().lower())
    if match is None:
        raise Unreadable(text)
    hour, minute, half = int(match[1]), int(match[2]), match[3]
    if half:
        if not 1 <= hour <= 12:
            raise Unreadable(text)
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23 or minute > 59:
        raise Unreadable(text)
    return time(hour, minute)


def day(text: str) -> date:
    """ "2026-01-05" or "1/5/2026" (the month first) as a date of this century."""
    return _date_between(text, 2000, 2100)


def birth_day(text: str) -> date:
    """A date of birth, written as `day` is."""
    return _date_between(text, 1900, 2100)


def _date_between(text: str, first_year: int, end_year: int) -> date:
    for pattern in ("%Y-%m-%d", "%m/%d/%Y"):
        try:
            found = datetime.strptime(text.strip(), pattern).date()  # noqa: DTZ007
        except ValueError:
            continue
        if first_year <= found.year < end_year:
            return found
    raise Unreadable(text)


def yes_or_no(text: str) -> bool:
    """ "yes" and "no"; an empty cell is no."""
    plain = text.strip().lower()
    if plain in YES:
        return True
    if plain in NO:
        return False
    raise Unreadable(text)


def _day(text: str) -> int:
    if text.rstrip(".") not in DAY_NAMES:
        raise Unreadable(text)
    return DAY_NAMES[text.rstrip(".")]


def _days_between(first: int, last: int) -> range:
    if last < first:
        raise Unreadable("the days run backward")
    return range(first, last + 1)
