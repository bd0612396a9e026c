"""What is due: a pure function of the present. No database, no clock, no Flask.

Nothing is scheduled ahead, so nothing has to be cancelled: what moved, ended or was
forbidden is simply not due any more.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

AFTER_BOOKING = timedelta(hours=2)
"""A reminder that would go within this time after booking is left out: it was just said."""
MERGE_WITHIN = timedelta(hours=24)
MIN_NOTICE = timedelta(hours=1)
"""Closer to the start than this a reminder is of no use."""
_BEFORE_QUIET = timedelta(minutes=30)
"""Moved out of the quiet hours, a reminder goes this long before they begin."""
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Event:
    """Something that one person is to be reminded of. Instants are UTC."""

    subject: str
    """`session:<id>` or `block:<id>:<original local start>`."""
    time_revision: int
    starts_at: datetime
    zone: str
    """In which its time is shown, IANA."""
    booked_at: datetime | None = None
    lead_hours: tuple[int, ...] = ()
    """How long before it is reminded of, in hours, unless the reader has chosen otherwise."""


class Verdict(StrEnum):
    """What becomes of one lead of one event."""

    COMING = "coming"
    TOLD = "told"
    JUST_BOOKED = "just_booked"
    """It would have gone within two hours after booking."""
    OVERTAKEN = "overtaken"
    """A later lead has come meanwhile and tells the same."""
    TOO_LATE = "too_late"


@dataclass(frozen=True)
class Quiet:
    """The hours in which no reminder arrives, on the reader's own wall."""

    from_time: time
    until_time: time
    zone: str

    def holds(self, at: datetime) -> bool:
        """Whether the instant lies in the quiet hours."""
        wall = at.astimezone(ZoneInfo(self.zone)).time()
        if self.from_time <= self.until_time:
            return self.from_time <= wall < self.until_time
        return wall >= self.from_time or wall < self.until_time

    def after(self, at: datetime) -> datetime:
        """The instant itself, or the end of the quiet hours in which it lies: only what is late waits."""
        if not self.holds(at):
            return at
        zone = ZoneInfo(self.zone)
        wall = at.astimezone(zone)
        ends = datetime.combine(wall.date(), self.until_time, zone)
        if ends <= wall:
            ends = datetime.combine(wall.date() + DAY, self.until_time, zone)
        return ends.astimezone(at.tzinfo)

    def before(self, at: datetime) -> datetime:
        """The instant itself, or moved earlier out of the quiet hours; never later."""
        if not self.holds(at):
            return at
        zone = ZoneInfo(self.zone)
        wall = at.astimezone(zone)
        begins = datetime.combine(wall.date(), self.from_time, zone)
        if begins > wall:
            begins = datetime.combine(wall.date() - DAY, self.from_time, zone)
        return begins.astimezone(at.tzinfo) - _BEFORE_QUIET


@dataclass(frozen=True)
class Item:
    """One reminder of one event at one lead. Told once, ever, per `key`."""

    event: Event
    lead_hours: int
    send_at: datetime

    @property
    def key(self) -> tuple[str, int, int]:
        """What makes it the same reminder: subject, time revision, lead."""
        return self.event.subject, self.event.time_revision, self.lead_hours


@dataclass(frozen=True)
class Reminder:
    """One mail with one or more items, the earliest event first."""

    send_at: datetime
    items: tuple[Item, ...]

    @property
    def useful_until(self) -> datetime:
        """From this instant on it is too late for its first event."""
        return min(item.event.starts_at for item in self.items) - MIN_NOTICE


def upcoming(
    events: Iterable[Event],
    *,
    lead_hours: Collection[int],
    told: Collection[tuple[str, int, int]],
    quiet: Quiet,
    now: datetime,
) -> list[Reminder]:
    """Every reminder that one person still gets, in order of sending.

    After the worker stood still, the look-back is the lead time: what should have gone
    earlier goes now, but only its last lead, and not in the quiet hours.
    """
    items = [
        item
        for event in events
        for item, verdict in judged(event, lead_hours=lead_hours, told=told, quiet=quiet, now=now)
        if verdict is Verdict.COMING
    ]
    return _merged(items, quiet, now)


def due(reminders: Iterable[Reminder], now: datetime) -> list[Reminder]:
    """Those whose time has come."""
    return [reminder for reminder in reminders if reminder.send_at <= now]


def judged(
    event: Event,
    *,
    lead_hours: Collection[int],
    told: Collection[tuple[str, int, int]],
    quiet: Quiet,
    now: datetime,
) -> list[tuple[Item, Verdict]]:
    """Each lead of one event with what becomes of it, the longest first.

    The same answers that `upcoming` rests on, for whoever asks why no reminder came.
    """
    leads = sorted(set(lead_hours or event.lead_hours), reverse=True)
    items = [
        Item(event, lead, quiet.before(event.starts_at - timedelta(hours=lead))) for lead in leads if lead > 0
    ]
    passed = [item for item in items if item.send_at <= now and not _is_just_booked(item)]
    last = passed[-1] if passed else None
    return [(item, _verdict(item, last, told, now)) for item in items]


def _verdict(item: Item, last: Item | None, told: Collection[tuple[str, int, int]], now: datetime) -> Verdict:
    """`last` is the latest lead whose time has come."""
    if item.key in told:
        return Verdict.TOLD
    if _is_just_booked(item):
        return Verdict.JUST_BOOKED
    if now >= item.event.starts_at - MIN_NOTICE:
        return Verdict.TOO_LATE
    if item.send_at <= now and item is not last:
        return Verdict.OVERTAKEN
    return Verdict.COMING


def _is_just_booked(item: Item) -> bool:
    booked_at = item.event.booked_at
    return booked_at is not None and item.send_at < booked_at + AFTER_BOOKING


def _merged(items: Sequence[Item], quiet: Quiet, now: datetime) -> list[Reminder]:
    """Items that fall due within 24 hours after the first of them share its mail."""
    waiting = sorted(items, key=lambda item: (item.send_at, item.event.starts_at, item.event.subject))
    reminders: list[Reminder] = []
    while waiting:
        send_at = quiet.after(max(waiting[0].send_at, now))
        together = [waiting[0], *(item for item in waiting[1:] if _joins(item, send_at))]
        waiting = [item for item in waiting if item not in together]
        together = [item for item in together if send_at < item.event.starts_at - MIN_NOTICE]
        if together:
            together.sort(key=lambda item: (item.event.starts_at, item.event.subject, item.lead_hours))
            reminders.append(Reminder(send_at, tuple(together)))
    return reminders


def _joins(item: Item, send_at: datetime) -> bool:
    booked_at = item.event.booked_at
    just_booked = booked_at is not None and send_at < booked_at + AFTER_BOOKING
    return item.send_at < send_at + MERGE_WITHIN and not just_booked
