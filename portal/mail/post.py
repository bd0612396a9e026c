"""What leaves the house: an envelope, the answer to it, and the office that sends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from portal.mail.kinds import Kind
from portal.mail.letters import Words
from portal.mail.models import MessageState, ReaderKind
from portal.mail.pacing import Pace


@dataclass(frozen=True)
class Envelope:
    """One finished mail."""

    message_id: str
    """The header, stable for a message: a server that sees it twice has it twice."""
    sender_name: str
    address: str
    words: Words
    stop_url: str | None


@dataclass(frozen=True)
class Answer:
    """How a conversation ended: sent, failed, deferred or unconfirmed, and why as a code."""

    state: MessageState
    reason: str | None = None
    is_address_dead: bool = False
    """The server refused the recipient for good."""
    is_server_away: bool = False
    """No server could be reached or would let us in: not this mail's fault."""


class Line(Protocol):
    """A kept connection to the mail server."""

    def send(self, envelope: Envelope, trace: Callable[[str], None]) -> Answer:
        """Hand over one mail; never raises for what a server or a network does."""

    def close(self) -> None:
        """End the connection."""


def tell_nobody(_reader_kind: ReaderKind, _reader_id: int, _now: datetime) -> None:
    """The rooms above do not listen."""


@dataclass(frozen=True)
class Post:
    """Everything that sending needs and the mail room cannot know by itself."""

    kinds: Mapping[str, Kind]
    base_url: str
    sender: str
    """The address that mail comes from."""
    address_key: str
    """For the hashes of suppressed addresses."""
    open_line: Callable[[], Line]
    pace: Pace = field(default_factory=lambda: Pace(0))
    on_dead_address: Callable[[ReaderKind, int, datetime], None] = tell_nobody
    """Called in the transaction that suspends a reader's address."""
