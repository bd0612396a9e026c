"""Which recurrence rules a block may have: the part of RFC 5545's RRULE that a timetable needs.

Everything finer than a day, and every combination that might match nothing for ever, is
refused when it is entered: python-dateutil would search such a rule until the year 9999.
"""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice

from dateutil.rrule import rrule, rrulestr

PARTS: dict[str, frozenset[str]] = {
    "DAILY": frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL"}),
    "WEEKLY": frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST"}),
    "MONTHLY": frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY"}),
}
"""What may stand beside each frequency. Each of these has a match at least once in 60 months."""

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MAX_INTERVAL = 52
MAX_COUNT = 1000
LAST_YEAR = 2100


class BadRule(ValueError):
    """The text is not a recurrence that a timetable may have."""


def checked(text: str) -> str:
    """The rule in its plain form, such as `FREQ=WEEKLY;BYDAY=TU;UNTIL=20260514T235959`.

    UNTIL is local, as the start is (RFC 5545 asks for UTC only where a zone is attached).
    Raises BadRule for everything else.
    """
    parts = _parts(text)
    frequency = parts.get("FREQ", "")
    if frequency not in PARTS or not set(parts) <= PARTS[frequency]:
        raise BadRule(text)
    _check_number(parts.get("INTERVAL", "1"), MAX_INTERVAL)
    _check_number(parts.get("COUNT", "1"), MAX_COUNT)
    _check_days(parts.get("BYDAY"), with_ordinal=frequency == "MONTHLY")
    _check_month_days(parts.get("BYMONTHDAY"))
    if "UNTIL" in parts and "COUNT" in parts:
        raise BadRule(text)
    if "BYDAY" in parts and "BYMONTHDAY" in parts:
        raise BadRule(text)
    if parts.get("WKST", "MO") not in WEEKDAYS:
        raise BadRule(text)
    if "UNTIL" in parts:
        parts["UNTIL"] = _until(parts["UNTIL"])
    return ";".join(f"{name}={value}" for name, value in parts.items())


def weekly(days: list[int], until: date | None = None, every: int = 1) -> str:
    """The rule "every week, or every so many, on these days" (0 is Monday), to the end of `until`."""
    interval = f"INTERVAL={every};" if every > 1 else ""
    text = f"FREQ=WEEKLY;{interval}BYDAY=" + ",".join(WEEKDAYS[day] for day in sorted(set(days)))
    return text + _to_end_of(until)


def monthly(first: date, until: date | None = None) -> str:
    """The rule "once a month, on this weekday of this week": the second Tuesday, the last Friday."""
    week = (first.day - 1) // 7 + 1
    return f"FREQ=MONTHLY;BYDAY={week if week < 5 else -1}{WEEKDAYS[first.weekday()]}" + _to_end_of(until)


def _to_end_of(until: date | None) -> str:
    return f";UNTIL={until:%Y%m%d}T235959" if until else ""


def days_of(text: str) -> frozenset[int]:
    """The days of the week (0 is Monday) on which a rule can match; all seven if it does not say."""
    named = _parts(text).get("BYDAY")
    return frozenset(WEEKDAYS.index(day[-2:]) for day in named.split(",")) if named else frozenset(range(7))


def until_of(text: str) -> date | None:
    """The last local day that a rule allows; None where it has no UNTIL."""
    until = _parts(text).get("UNTIL")
    return datetime.strptime(until[:8], "%Y%m%d").date() if until else None  # noqa: DTZ007


@lru_cache(maxsize=1024)
def starts(text: str, first: datetime, after: datetime, before: datetime) -> tuple[datetime, ...]:
    """The local starts of the rule in `after` to `before`, both included; `first` is DTSTART.

    Kept: everybody with a relative on a track asks for the same week.
    """
    return tuple(_rule(text, _skipped(text, first, after)).between(after, before, inc=True))


def first_on(text: str, starts_on: date, at: time) -> date | None:
    """The first day on or after `starts_on` on which the rule matches; None: it never does."""
    found = next(islice(_rule(text, datetime.combine(starts_on, at)), 1), None)
    return found.date() if found else None


def _skipped(text: str, first: datetime, after: datetime) -> datetime:
    """A later DTSTART that gives the same starts from `after` on.

    Whole intervals of days or weeks are left out, so that a group that began years ago costs
    no more than a new one. A rule with COUNT, or by the month, keeps its own.
    """
    parts = _parts(text)
    unit = {"DAILY": timedelta(days=1), "WEEKLY": timedelta(weeks=1)}.get(parts["FREQ"])
    if unit is None or "COUNT" in parts or after <= first:
        return first
    interval = unit * int(parts.get("INTERVAL", "1"))
    return first + interval * max((after - first) // interval - 1, 0)


@lru_cache(maxsize=256)
def _rule(text: str, first: datetime) -> rrule:
    rule = rrulestr(text, dtstart=first)
    assert isinstance(rule, rrule)
    return rule


def _parts(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in text.strip().upper().split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value or name in parts:
            raise BadRule(text)
        parts[name] = value
    return parts


def _check_number(value: str, most: int) -> None:
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= most):
        raise BadRule(value)


def _check_days(value: str | None, *, with_ordinal: bool) -> None:
    for day in value.split(",") if value is not None else ():
        ordinal = day[:-2].removeprefix("+").removeprefix("-")
        if day[-2:] not in WEEKDAYS or (day[:-2] and ordinal not in ("1", "2", "3", "4")):
            raise BadRule(day)
        if day[:-2] and not with_ordinal:
            raise BadRule(day)


def _check_month_days(value: str | None) -> None:
    """Days 1 to 28 and -1 to -28: every month has them."""
    for day in value.split(",") if value is not None else ():
        _check_number(day.removeprefix("-"), 28)


def _until(value: str) -> str:
    """UNTIL as the end of a local day or a local second; a UTC one is refused."""
    try:
        if len(value) == 8:
            until = datetime.strptime(value, "%Y%m%d") + timedelta(hours=24, seconds=-1)  # noqa: DTZ007
        else:
            until = datetime.strptime(value, "%Y%m%dT%H%M%S")  # noqa: DTZ007
    except ValueError as error:
        raise BadRule(value) from error
    if until.year > LAST_YEAR:
        raise BadRule(value)
    return f"{until:%Y%m%dT%H%M%S}"
