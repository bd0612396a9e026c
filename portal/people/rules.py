"""Rules about people. Pure: no database, no clock."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum

ADULT_AGE = 18
INVITATION_LIFE = timedelta(days=7)
TRIES = 3


class InvitationState(StrEnum):
    """Where an invitation of a family member stands. The last three are final."""

    READY = "ready"
    SENT = "sent"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    ENDED = "ended"


LIVE_INVITATION: frozenset[InvitationState] = frozenset({InvitationState.READY, InvitationState.SENT})


def plain_email(email: str | None) -> str | None:
    """An address as it is compared and stored: trimmed, lower case; None when empty."""
    return (email or "").strip().lower() or None


def plain_name(parts: Iterable[str]) -> str:
    """A name as it is compared: one space between words, no capitals."""
    return " ".join(" ".join(parts).split()).casefold()


def age(birth_on: date, on: date) -> int:
    """Full years on the day `on`."""
    had_birthday = (on.month, on.day) >= (birth_on.month, birth_on.day)
    return on.year - birth_on.year - (0 if had_birthday else 1)


def is_minor(birth_on: date, on: date) -> bool:
    """Whether the state's rule for minors governs who signs (42 CFR 2.14)."""
    return age(birth_on, on) < ADULT_AGE


def link_works(
    *,
    state: InvitationState,
    tries_left: int,
    expires_at: datetime | None,
    client_deceased: bool,
    at: datetime,
) -> bool:
    """Whether the link of an invitation still opens at the instant `at`; consent is the gate's part."""
    return (
        state is InvitationState.SENT
        and tries_left > 0
        and expires_at is not None
        and at < expires_at
        and not client_deceased
    )
