"""How a timetable becomes instants. Pure: plain values in, plain values out.

A block says a time on the wall of its location. Recurrence is worked out in that local
time, so 5:30 pm stays 5:30 pm when the clocks change; only then does a start become an
instant. Occurrences are computed for a window and never stored.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from portal.schedule import recurrence

MAX_WINDOW_DAYS = 400
"""Longer windows are a mistake of the caller, not a question a page asks."""


@dataclass(frozen=True)
class Change:
    """One occurrence that differs from the rule. Times are local, without a zone.

    `original_start` names it (RFC 5545's RECURRENCE-ID) and never changes.
    """

    original_start: datetime
    new_start: datetime | None = None
    new_minutes: int | None = None
    is_cancelled: bool = False
    time_revision: int = 1


@dataclass(frozen=True)
class Recurring:
    """A block as the rules need it."""

    block_id: int
    name: str
    starts_on: date
    start_time: time
    minutes: int
    rrule: str
    zone: str
    is_family_hour: bool = False
    changes: tuple[Change, ...] = ()
    ends_on: date | None = None
    """The last local day by which an occurrence may be named; None: as far as the rule goes."""


@dataclass(frozen=True)
class Occurrence:
    """One group on one day. Instants are UTC; `original_start` is local, without a zone."""

    block_id: int
    name: str
    """Empty where the reader may not know the group's name."""
    start_at: datetime
    end_at: datetime
    original_start: datetime
    time_revision: int
    zone: str
    is_family_hour: bool = False

    @property
    def subject(self) -> str:
        """How reminders and calendars name it: `block:<id>:<original local start>`."""
        return f"block:{self.block_id}:{self.original_start:%Y%m%dT%H%M}"

    @property
    def on(self) -> date:
        """The local date of the start."""
        return self.start_at.astimezone(ZoneInfo(self.zone)).date()


@dataclass(frozen=True)
class Span:
    """A stretch of program time without a gap: what a reader without group names sees."""

    start_at: datetime
    end_at: datetime
    zone: str
    parts: tuple[Occurrence, ...]

    @property
    def on(self) -> date:
        """The local date of the start."""
        return self.parts[0].on


def instant(local: datetime, zone: str) -> datetime:
    """The instant (UTC) of a time on the wall in `zone`, by RFC 5545, 3.3.5.

    A time that occurs twice (clocks go back) means the first; a time that never occurs
    (clocks go forward) is read with the offset in force before the gap, so 2:30 am
    becomes 3:30 am. `fold=0` of PEP 495 is defined to do exactly that.
    """
    return local.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


def expand(
    block: Recurring, closed: Iterable[tuple[date, date]], from_on: date, to_on: date
) -> list[Occurrence]:
    """The occurrences of a block that start on the local days `from_on` to `to_on`, in order.

    Changes come first, then closures: on a closed day nothing takes place, a moved or
    extra occurrence included. Raises ValueError for a window of more than 400 days.
    """
    if (to_on - from_on).days > MAX_WINDOW_DAYS:
        raise ValueError("the window is too long")
    changed = {change.original_start: change for change in block.changes}
    plain = [Change(start) for start in _starts(block, from_on, to_on) if start not in changed]
    taking_place = [
        change
        for change in (*plain, *block.changes)
        if not change.is_cancelled and _is_before_end(block, change.original_start)
    ]
    closures = list(closed)
    found = [
        _occurrence(block, change)
        for change in taking_place
        if from_on <= _local_start(change).date() <= to_on
        and not is_closed(_local_start(change).date(), closures)
    ]
    return sorted(found, key=lambda occurrence: (occurrence.start_at, occurrence.original_start))


def is_closed(on: date, closures: Iterable[tuple[date, date]]) -> bool:
    """Whether a location is closed on a day; a closure holds both its ends."""
    return any(first <= on <= last for first, last in closures)


def is_start(block: Recurring, original_start: datetime) -> bool:
    """Whether the block has an occurrence of that name: by its rule, or as an extra one."""
    if not _is_before_end(block, original_start):
        return False
    if any(change.original_start == original_start for change in block.changes):
        return True
    return original_start in _starts(block, original_start.date(), original_start.date())


def without_names(occurrences: Iterable[Occurrence]) -> list[Occurrence]:
    """The same times for a reader who may not know what the groups are."""
    return [replace(each, name="", is_family_hour=False) for each in occurrences]


def spans(occurrences: Sequence[Occurrence]) -> list[Span]:
    """Join occurrences that touch or overlap, so that times do not give away the groups."""
    joined: list[Span] = []
    for each in sorted(occurrences, key=lambda one: one.start_at):
        last = joined[-1] if joined else None
        if last and each.start_at <= last.end_at and each.zone == last.zone:
            end_at = max(last.end_at, each.end_at)
            joined[-1] = replace(last, end_at=end_at, parts=(*last.parts, each))
        else:
            joined.append(Span(each.start_at, each.end_at, each.zone, (each,)))
    return joined


def overlaps(start_at: datetime, end_at: datetime, occurrences: Collection[Occurrence]) -> list[Occurrence]:
    """The occurrences that share time with `start_at` to `end_at`; touching is not sharing."""
    return [each for each in occurrences if each.start_at < end_at and start_at < each.end_at]


def program_week(started_on: date, on: date) -> int:
    """In which week of care the day lies; the first seven days are week 1, days before it too."""
    return max((on - started_on).days // 7, 0) + 1


def next_revision(current: int, current_start: datetime, new_start: datetime) -> int:
    """The time revision after a change: it rises only when the start changes."""
    return current + 1 if new_start != current_start else current


def _starts(block: Recurring, from_on: date, to_on: date) -> tuple[datetime, ...]:
    first = datetime.combine(block.starts_on, block.start_time)
    after, before = datetime.combine(from_on, time.min), datetime.combine(to_on, time.max)
    return recurrence.starts(block.rrule, first, after, before)


def _is_before_end(block: Recurring, original_start: datetime) -> bool:
    return block.ends_on is None or original_start.date() <= block.ends_on


def _local_start(change: Change) -> datetime:
    return change.new_start or change.original_start


def _occurrence(block: Recurring, change: Change) -> Occurrence:
    start_at = instant(_local_start(change), block.zone)
    minutes = block.minutes if change.new_minutes is None else change.new_minutes
    return Occurrence(
        block_id=block.block_id,
        name=block.name,
        start_at=start_at,
        end_at=start_at + timedelta(minutes=minutes),
        original_start=change.original_start,
        time_revision=change.time_revision,
        zone=block.zone,
        is_family_hour=block.is_family_hour,
    )
