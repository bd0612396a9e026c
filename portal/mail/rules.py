"""The rules of sending: states, waits, what an answer of the server means. Pure."""

from datetime import datetime, timedelta

MAX_TRIES = 8
LEASE = timedelta(minutes=5)
"""Longer than all time-outs of one conversation together."""
KEEP_CONTEXT = timedelta(days=30)
"""So long a message that is over can be looked up or sent once more; then only its metadata stays."""
KEEP_STOP_LINKS = timedelta(days=400)
"""A link that stops mail works for more than a year."""
_WAITS_MINUTES = (1, 5, 15, 30, 60, 120, 240)


def next_try(attempts: int, now: datetime, jitter: float) -> datetime | None:
    """When to try again after `attempts` tries; None: given up.

    `jitter` (0 to 1) spreads the waits, so that a server that comes back is not run over.
    """
    if attempts >= MAX_TRIES:
        return None
    minutes = _WAITS_MINUTES[min(max(attempts, 1), len(_WAITS_MINUTES)) - 1]
    return now + timedelta(minutes=minutes * (1 + jitter / 4))


def wait_for_the_server(jitter: float) -> timedelta:
    """How long after a server that could not be reached it is asked again; never given up."""
    return timedelta(minutes=1 + jitter / 2)


def domain_of(address: str) -> str:
    """The part of an address after its last @, as domains are compared."""
    return plain_address(address).rpartition("@")[2]


def plain_address(typed: str) -> str:
    """An address as it is compared and stored: no spaces around it, lower case."""
    return typed.strip().lower()
