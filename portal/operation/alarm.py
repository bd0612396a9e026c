"""The alarm: a line in the log that cannot be missed, and a mail to whoever runs the machine.

The mail goes straight to the mail server: the outbox may be the very thing that stands still.
"""

import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from portal.mail.letters import Words
from portal.mail.models import MessageState
from portal.mail.post import Answer, Envelope, Line
from portal.mail.rules import domain_of
from portal.operation.watch import Trouble

logger = logging.getLogger("portal.alarm")
AGAIN_AFTER = timedelta(hours=1)
WHAT_TO_DO = {
    Trouble.WORKER: "The worker has not done a round for five minutes. Start `flask worker`.",
    Trouble.SERVER: "The mail server has not been reached for five minutes. Run `flask mail check`.",
    Trouble.DISK: "The disk with the database is almost full. Make room.",
    Trouble.DATABASE: "The database does not answer.",
}


@dataclass
class Alarm:
    """Tells one person, at most once an hour while the trouble lasts."""

    address: str
    sender: str
    open_line: Callable[[], Line]
    last: datetime | None = field(default=None)

    def ring(self, found: Sequence[Trouble], now: datetime) -> bool:
        """Tell of these troubles; whether somebody was written to."""
        if not found:
            self.last = None
            return False
        if self.last is not None and timedelta(0) <= now - self.last < AGAIN_AFTER:
            return False
        self.last = now
        logger.critical("in trouble: %s", ", ".join(found))
        return bool(self.address) and self._told(found)

    def _told(self, found: Sequence[Trouble]) -> bool:
        answer = self.write("\n".join(WHAT_TO_DO[each] for each in found))
        return answer.state is MessageState.SENT

    def write(self, text: str) -> Answer:
        """One mail, past the outbox."""
        line = self.open_line()
        try:
            return line.send(letter(text, self), lambda _point: None)
        finally:
            line.close()


def letter(text: str, alarm: Alarm) -> Envelope:
    """A mail to whoever runs the machine; it names nobody."""
    html = "<p>" + text.replace("\n", "</p><p>") + "</p>"
    return Envelope(
        message_id=f"<{uuid.uuid4()}@{domain_of(alarm.sender)}>",
        sender_name="Office",
        address=alarm.address,
        words=Words("Please look at the machine", text + "\n", html),
        stop_url=None,
    )
