"""When a session and something else get in each other's way. Pure: no clock, no database.

A session with the client inside the client's own program time replaces that hour: no
conflict. One that only partly lies in it, another session at the same time and a closure are.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class What(StrEnum):
    """What a session overlaps."""

    PROGRAM = "program"
    APPOINTMENT = "appointment"
    SESSION = "session"
    CLOSURE = "closure"


@dataclass(frozen=True)
class Busy:
    """Something that takes up time. Instants are UTC; `name` is for staff."""

    what: What
    start_at: datetime
    end_at: datetime
    name: str = ""
    is_family_hour: bool = False
    """The multi-family group inside the program: a family session there is meant."""


def conflicts(start_at: datetime, end_at: datetime, busy: Iterable[Busy]) -> list[Busy]:
    """What gets in the way of a session from `start_at` to `end_at`, in order; touching does not."""
    everything = sorted(busy, key=lambda each: (each.start_at, each.end_at, each.what))
    program = [each for each in everything if each.what is What.PROGRAM]
    replaces = any(each.start_at <= start_at and end_at <= each.end_at for each in joined(program))
    return [
        each
        for each in everything
        if each.start_at < end_at
        and start_at < each.end_at
        and not (each.what is What.PROGRAM and (replaces or each.is_family_hour))
    ]


def joined(program: Iterable[Busy]) -> list[Busy]:
    """Blocks that touch or overlap as one stretch: a session over two groups replaces both."""
    stretches: list[Busy] = []
    for each in sorted(program, key=lambda one: one.start_at):
        if stretches and each.start_at <= stretches[-1].end_at:
            last = stretches[-1]
            stretches[-1] = replace(last, end_at=max(last.end_at, each.end_at))
        else:
            stretches.append(each)
    return stretches
