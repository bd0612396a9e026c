"""The rules of signing in. Pure: no database, no clock, no Flask.

Passphrases follow NIST SP 800-63B-4 for a passphrase that may be the only factor: long,
no composition rules, nothing well known; delays and limits follow section 3.2.2.
"""

import unicodedata
from datetime import datetime, timedelta

MIN_LENGTH, MAX_LENGTH = 15, 256
"""Of a passphrase, in characters after normalization."""

QUICK_TRIES = 5
LONGEST_DELAY = timedelta(minutes=15)
HARD_STOP = 95
"""Consecutive wrong tries after which only a reset helps (SP 800-63B-4: at most 100)."""

SEEN_EVERY = timedelta(minutes=1)
"""How exactly `last_seen_at` is kept."""

KEPT_FOR = timedelta(days=30)
LIMITS = {
    # Audience → idle, absolute.
    "staff": (timedelta(minutes=15), timedelta(hours=12)),
    "family": (timedelta(minutes=30), timedelta(hours=24)),
    "client": (timedelta(minutes=30), timedelta(hours=24)),
}


def plain_name(typed: str) -> str:
    """A sign-in name as it is stored and compared: no case, no stray spaces, NFKC."""
    return unicodedata.normalize("NFKC", typed).strip().casefold()


def plain_passphrase(typed: str) -> str:
    """A passphrase as it is hashed: NFKC, so that two keyboards type the same one.

    Nothing is trimmed or cut: every character counts.
    """
    return unicodedata.normalize("NFKC", typed)


def delay_after(wrong_tries: int) -> timedelta:
    """How long to wait after so many wrong tries in a row: none for five, then 1, 2, 4 … 15 minutes."""
    if wrong_tries < QUICK_TRIES:
        return timedelta(0)
    return min(timedelta(minutes=2 ** min(wrong_tries - QUICK_TRIES, 10)), LONGEST_DELAY)


def may_try(*, wrong_tries: int, next_try_at: datetime | None, now: datetime) -> bool:
    """Whether a passphrase or code of this account is looked at now."""
    return wrong_tries < HARD_STOP and (next_try_at is None or next_try_at <= now)


def is_live(
    *, audience: str, kept: bool, created_at: datetime, last_seen_at: datetime, now: datetime
) -> bool:
    """Whether a browser session still counts, by its idle and absolute limits."""
    idle, absolute = (KEPT_FOR, KEPT_FOR) if kept and audience == "family" else LIMITS[audience]
    return now < last_seen_at + idle and now < created_at + absolute
