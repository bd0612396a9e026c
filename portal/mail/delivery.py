"""How many mails ended in which way, day by day, for the chart and its table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import case, func, select

from portal.core.clock import local_date
from portal.core.db import db
from portal.mail.models import FINAL_STATES, MessageState, OutboundMessage

DAYS = 14


@dataclass(frozen=True)
class Day:
    """One day (UTC) of the outbox."""

    on: date
    sent: int = 0
    dropped: int = 0
    failed: int = 0
    unconfirmed: int = 0

    @property
    def in_trouble(self) -> int:
        """Mails that somebody has to look at."""
        return self.failed + self.unconfirmed


def by_day(*, now: datetime, days: int = DAYS) -> Sequence[Day]:
    """The last days, today included, the oldest first; one statement."""
    today = local_date(now, "UTC")
    first = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days - 1)
    starts = [first + timedelta(days=offset) for offset in range(days)]
    which = case(
        *((OutboundMessage.state_changed_at < start + timedelta(days=1), n) for n, start in enumerate(starts))
    )
    rows = db.session.execute(
        select(which, OutboundMessage.state, func.count())
        .where(OutboundMessage.state_changed_at >= first, OutboundMessage.state.in_(FINAL_STATES))
        .group_by(which, OutboundMessage.state)
    )
    counts: dict[int, dict[str, int]] = {}
    for number, state, count in rows:
        if number is not None:
            counts.setdefault(number, {})[MessageState(state).value] = count
    return [Day(today - timedelta(days=days - 1 - n), **counts.get(n, {})) for n in range(days)]
