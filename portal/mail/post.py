"""What leaves the house: an envelope, the answer to it, and the office that sends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from portal.mail.kinds import Kind
from portal.mail.letters import Words
from portal.mail.models import MessageState


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


class Line(Protocol):
    """A kept connection to the mail server."""

    def send(self, envelope: Envelope, trace: Callable[[str], None]) -> Answer:
        """Hand over one mail; never raises for what a server or a network does."""

    def close(self) -> None:
        """End the connection."""


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
