"""The one place that reads the clock.

Everything else is given `now`: a UTC instant, read once per request (after the
write lock is held) and once per mail.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

_read: Callable[[], datetime] = lambda: datetime.now(UTC)  # noqa: E731


def now() -> datetime:
    """The present instant, in UTC."""
    return _read()


def local_date(at: datetime, zone: str) -> date:
    """The calendar date of the instant `at` in the IANA zone `zone`."""
    return at.astimezone(ZoneInfo(zone)).date()


def midnight(on: date, zone: str) -> datetime:
    """The first instant (UTC) of the day `on` in the IANA zone `zone`."""
    return datetime.combine(on, time.min, ZoneInfo(zone)).astimezone(UTC)


@contextmanager
def stopped_at(at: datetime) -> Iterator[None]:
    """Hold the clock of the whole process at one instant (tests and the demo only)."""
    global _read
    before = _read
    _read = lambda: at  # noqa: E731
    try:
        yield
    finally:
        _read = before
