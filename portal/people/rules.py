"""Rules about people. Pure: no database, no clock."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

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
