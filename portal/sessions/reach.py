"""Whether news about a session reaches somebody by mail, or somebody has to call. Pure.

A mail promises nothing about being read: one that goes out less than `LEAST` before the
start counts as too late, and the person is called as well.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LEAST = timedelta(hours=2)


class ChangeKind(StrEnum):
    """What happened to a session that everybody in it has to know."""

    MOVED = "moved"
    CANCELLED = "cancelled"
    HELD_AGAIN = "held_again"
    """It was cancelled with the center's closed day, and takes place after all."""


class Reach(StrEnum):
    """How the news stands with one person."""

    CALLED = "called"
    ANSWERED = "answered"
    """They said by themselves that they can come."""
    MAILED = "mailed"
    ON_ITS_WAY = "on_its_way"
    NO_ADDRESS = "no_address"
    NOT_CHOSEN = "not_chosen"
    NOT_ARRIVED = "not_arrived"
    TOO_LATE = "too_late"
    NOT_MAILED = "not_mailed"
    """Nobody wrote on purpose."""
    NOT_NEEDED = "not_needed"
    """A later change took its place, or the person never heard of the first one."""
    NO_PERMISSION = "no_permission"
    """The consent is not usable now: nobody calls (42 CFR 2.13)."""


TO_CALL: frozenset[Reach] = frozenset(
    {Reach.NO_ADDRESS, Reach.NOT_CHOSEN, Reach.NOT_ARRIVED, Reach.TOO_LATE, Reach.NOT_MAILED}
)

REACHED: frozenset[Reach] = frozenset({Reach.ANSWERED, Reach.MAILED, Reach.ON_ITS_WAY})

_DROPPED = {
    "opted_out": Reach.NOT_CHOSEN,
    "address_not_confirmed": Reach.NO_ADDRESS,
    "no_address": Reach.NO_ADDRESS,
    "suppressed": Reach.NO_ADDRESS,
    "too_late": Reach.TOO_LATE,
    "no_permission": Reach.NO_PERMISSION,
    "access_ended": Reach.NO_PERMISSION,
}


@dataclass(frozen=True)
class Mailed:
    """The mail that tells one person, as it stands in the outbox; `state` is its state's name."""

    state: str
    reason: str | None
    goes_at: datetime
    """When it went, or may go at the earliest."""
    has_address: bool
    has_chosen: bool


def reach(
    *,
    is_called: bool,
    may_be_told: bool,
    is_needed: bool,
    has_answered: bool,
    mailed: Mailed | None,
    starts_at: datetime,
) -> Reach:
    """How the news stands; `starts_at` is the earlier of the old and the new start."""
    if is_called:
        return Reach.CALLED
    if not may_be_told:
        return Reach.NO_PERMISSION
    if not is_needed:
        return Reach.NOT_NEEDED
    if has_answered:
        return Reach.ANSWERED
    return _by_mail(mailed, starts_at) if mailed else Reach.NOT_MAILED


def _by_mail(mailed: Mailed, starts_at: datetime) -> Reach:
    if mailed.state in ("failed", "unconfirmed"):
        return Reach.NOT_ARRIVED
    if mailed.state == "dropped":
        return _DROPPED.get(mailed.reason or "", Reach.NOT_NEEDED)
    is_sent = mailed.state == "sent"
    if not is_sent and not mailed.has_address:
        return Reach.NO_ADDRESS
    if not is_sent and not mailed.has_chosen:
        return Reach.NOT_CHOSEN
    if starts_at - mailed.goes_at < LEAST:
        return Reach.TOO_LATE
    return Reach.MAILED if is_sent else Reach.ON_ITS_WAY
