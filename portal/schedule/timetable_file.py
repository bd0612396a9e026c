"""A track's timetable as a calendar file (RFC 5545) with its rules, for the center's other systems.

No client stands in it. What differs from a rule stands beside it: EXDATE for what is
cancelled or falls on a closed day, RDATE for extra times, and an event with a RECURRENCE-ID
for each time that was moved. `imports.calendars` reads the same file back.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vRecur

from portal.schedule import recurrence, rules
from portal.schedule.ics import DOMAIN
from portal.schedule.rules import Change, Recurring

Closed = Iterable[tuple[date, date]]


def file(
    blocks: Iterable[Recurring], *, name: str, location: str, closed: Closed = (), now: datetime
) -> bytes:
    """The file with these groups in their own zones, VTIMEZONE included. `now` is its stamp."""
    calendar = Calendar()
    calendar.add("prodid", "-//Calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    days = list(closed)
    for block in blocks:
        for event in _events(block, days, location, now):
            calendar.add_component(event)
    calendar.add_missing_timezones()
    return calendar.to_ical()


def _events(
    block: Recurring, closed: list[tuple[date, date]], location: str, now: datetime
) -> Iterator[Event]:
    named = {change.original_start for change in block.changes}
    standing = [each for each in block.changes if _stands(block, each, closed)]
    on_rule = {start for start in named if _is_by_rule(block, start)}
    main = _event(block, _first(block), block.minutes, location, now)
    main.add("rrule", _rule(block))
    # A moved time keeps its place in the rule: its own event says where it went.
    kept = {each.original_start for each in standing}
    left_out = sorted((on_rule - kept) | set(_closed_starts(block, closed, named)))
    extra = sorted(kept - on_rule)
    for key, starts in (("exdate", left_out), ("rdate", extra)):
        if starts:
            main.add(key, [_zoned(start, block) for start in starts])
    yield main
    for change in standing:
        if change.new_start is not None or change.new_minutes is not None:
            yield _difference(block, change, location, now)


def _event(block: Recurring, start: datetime, minutes: int, location: str, now: datetime) -> Event:
    event = Event()
    event.add("uid", f"block-{block.block_id}@{DOMAIN}")
    event.add("dtstamp", now)
    event.add("dtstart", _zoned(start, block))
    # A length and no end: the end of a first night with a change of the clocks would mislead.
    event.add("duration", timedelta(minutes=minutes))
    event.add("sequence", max((change.time_revision for change in block.changes), default=1))
    event.add("summary", block.name)
    event.add("class", "PRIVATE")
    if location:
        event.add("location", location)
    if block.is_family_hour:
        event.add("x-family-hour", "TRUE")
    return event


def _difference(block: Recurring, change: Change, location: str, now: datetime) -> Event:
    minutes = block.minutes if change.new_minutes is None else change.new_minutes
    event = _event(block, change.new_start or change.original_start, minutes, location, now)
    event.add("recurrence-id", _zoned(change.original_start, block))
    return event


def _stands(block: Recurring, change: Change, closed: list[tuple[date, date]]) -> bool:
    """Whether it takes place: not cancelled, not after the group's end, not on a closed day."""
    ended = block.ends_on is not None and change.original_start.date() > block.ends_on
    on = (change.new_start or change.original_start).date()
    return not change.is_cancelled and not ended and not rules.is_closed(on, closed)


def _closed_starts(
    block: Recurring, closed: list[tuple[date, date]], named: set[datetime]
) -> Iterator[datetime]:
    for first, last in closed:
        found = recurrence.starts(block.rrule, _first(block), _begin(first), _end_of(last))
        yield from (start for start in found if start not in named)


def _is_by_rule(block: Recurring, start: datetime) -> bool:
    return start in recurrence.starts(block.rrule, _first(block), start, start)


def _rule(block: Recurring) -> vRecur:
    """The rule with the group's end in it, and with UNTIL in UTC, as a zone beside it asks for."""
    rule: vRecur = vRecur.from_ical(block.rrule)
    until = recurrence.until_of(block.rrule)
    if block.ends_on is not None and (until is None or block.ends_on < until):
        if _goes_on(block, block.ends_on):
            rule.pop("COUNT", None)  # RFC 5545 allows a number or an end, not both
        until = None if "COUNT" in rule else block.ends_on
    if until is not None:
        rule["UNTIL"] = [rules.instant(_end_of(until).replace(microsecond=0), block.zone).astimezone(UTC)]
    return rule


def _goes_on(block: Recurring, ends_on: date) -> bool:
    """Whether the rule by itself has a start after a day."""
    after = _begin(ends_on + timedelta(days=1))
    return bool(recurrence.starts(block.rrule, _first(block), after, after + timedelta(days=5 * 366)))


def _first(block: Recurring) -> datetime:
    return datetime.combine(block.starts_on, block.start_time)


def _begin(on: date) -> datetime:
    return datetime.combine(on, time.min)


def _end_of(on: date) -> datetime:
    return datetime.combine(on, time.max)


def _zoned(start: datetime, block: Recurring) -> datetime:
    return start.replace(tzinfo=ZoneInfo(block.zone), fold=0)
