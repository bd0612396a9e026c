"""Pacing: so many mails a minute to the mailboxes of one domain, and no more.

Counted in this process: several workers have a share each.
"""

import threading
from collections import deque
from datetime import datetime, timedelta

from portal.mail.rules import domain_of

SPAN = timedelta(minutes=1)


class Pace:
    """The shares of all domains. `per_minute` 0: as fast as the relay takes them."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._lock = threading.Lock()
        self._sent: dict[str, deque[datetime]] = {}

    def not_before(self, address: str, now: datetime) -> datetime | None:
        """When the share of this address's domain is free again; None: now, and it is counted."""
        if not self.per_minute:
            return None
        with self._lock:
            sent = self._sent.setdefault(domain_of(address), deque(maxlen=self.per_minute))
            if len(sent) == self.per_minute and timedelta(0) <= now - sent[0] < SPAN:
                return sent[0] + SPAN
            sent.append(now)
            return None
