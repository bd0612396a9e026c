"""Mail that can wait: the weekly digest and the word about a lesson. Pure.

One optional mail a day and person: reminders of a fixed time always go, these two give way to
them, the lesson also to the digest, and come on the next free morning instead.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from portal.reminders.rules import DAY, MIN_NOTICE, Event, Item, Quiet, Reminder

MORNING = time(10)
"""On the reader's own wall."""
DIGEST_WEEKDAY = 6
"""Sunday, for the week that begins on Monday."""
DIGEST_MORNINGS = 3
"""It may give way until Tuesday; after that the week is no news."""
UNREAD_FOR = timedelta(days=3)
"""A lesson that was picked is mentioned when it lies unopened for so long."""
NUDGE_EVERY = timedelta(days=7)
LOOK_AHEAD = 9


@dataclass(frozen=True)
class Waits:
    """A lesson that the care team picked, as far as its reader has come. Instants are UTC."""

    picked_at: datetime
    started_at: datetime | None = None
    last_step_at: datetime | None = None
    finished_at: datetime | None = None

    def ripe_at(self, stuck_after: timedelta) -> datetime | None:
        """From when on it may be mentioned; None: it is read."""
        if self.finished_at is not None:
            return None
        if self.started_at is None:
            return self.picked_at + UNREAD_FOR
        return (self.last_step_at or self.started_at) + stuck_after


def week_of_digest(today: date) -> date:
    """The Monday of the week that the running digest, or else the next one, tells of."""
    monday = today - timedelta(days=today.weekday())
    return monday if today.weekday() < DIGEST_MORNINGS - 1 else monday + timedelta(days=7)


def week_bounds(monday: date, zone: str) -> tuple[datetime, datetime]:
    """The instants (UTC) between which the week lies on the reader's wall."""
    starts, ends = (
        datetime.combine(day, time(), ZoneInfo(zone)) for day in (monday, monday + timedelta(days=7))
    )
    return starts.astimezone(UTC), ends.astimezone(UTC)


def digest(*, told: Collection[str], taken: Collection[date], quiet: Quiet, now: datetime) -> Reminder | None:
    """The next digest; None: told already, or each of its mornings is taken."""
    monday = week_of_digest(now.astimezone(ZoneInfo(quiet.zone)).date())
    mornings = [monday + timedelta(days=offset) for offset in range(-1, DIGEST_MORNINGS - 1)]
    if digest_subject(monday) in told:
        return None
    at = _first_free(mornings, now=now, taken=taken, quiet=quiet)
    last = datetime.combine(mornings[-1] + DAY, time(), ZoneInfo(quiet.zone)).astimezone(UTC)
    return _reminder(digest_subject(monday), at, last, quiet.zone) if at else None


def nudge(
    *, ripe_at: datetime, last_at: datetime | None, taken: Collection[date], quiet: Quiet, now: datetime
) -> Reminder | None:
    """The next word about a lesson, ripe at `ripe_at`; the last one went at `last_at`."""
    earliest = max(now, ripe_at, last_at + NUDGE_EVERY if last_at else ripe_at)
    first = earliest.astimezone(ZoneInfo(quiet.zone)).date()
    days = [first + timedelta(days=offset) for offset in range(LOOK_AHEAD)]
    at = _first_free(days, now=earliest, taken=taken, quiet=quiet)
    if at is None:
        return None
    day = at.astimezone(ZoneInfo(quiet.zone)).date()
    over = datetime.combine(day + DAY, time(), ZoneInfo(quiet.zone)).astimezone(UTC)
    return _reminder(f"lessons:{day}", at, over, quiet.zone)


def digest_subject(monday: date) -> str:
    """How the outbox names the digest of a week."""
    return f"week:{monday}"


def _first_free(
    days: Iterable[date], *, now: datetime, taken: Collection[date], quiet: Quiet
) -> datetime | None:
    """The first instant from `now` on: mornings, or what is left of today."""
    zone = ZoneInfo(quiet.zone)
    for day in days:
        morning = datetime.combine(day, MORNING, zone).astimezone(UTC)
        at = quiet.after(max(morning, now))
        if at.astimezone(zone).date() == day and day not in taken:
            return at
    return None


def _reminder(subject: str, at: datetime, over: datetime, zone: str) -> Reminder:
    """`over` is the instant from which it is of no use."""
    return Reminder(at, (Item(Event(subject, 1, over + MIN_NOTICE, zone), 0, at),))
