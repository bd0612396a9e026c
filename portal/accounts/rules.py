"""The rules of signing in. Pure: no database, no clock, no Flask.

Passphrases follow NIST SP 800-63B-4 for a passphrase that may be the only factor: long,
no composition rules, nothing well known; delays and limits follow section 3.2.2.
"""

import unicodedata
from collections.abc import Container, Iterable
from datetime import datetime, timedelta
from itertools import pairwise

MIN_LENGTH, MAX_LENGTH = 15, 256
"""Of a passphrase, in characters after normalization."""

QUICK_TRIES = 5
LONGEST_DELAY = timedelta(minutes=15)
HARD_STOP = 95
"""Consecutive wrong tries after which only a reset helps (SP 800-63B-4: at most 100)."""

RESET_LIFE = timedelta(hours=1)
RESET_EVERY = timedelta(minutes=10)
"""One reset mail a name in this time, so that nobody's mailbox is flooded."""

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


def is_name(plain: str) -> bool:
    """Whether a normalized name can be a sign-in name: 3 to 254 printable characters."""
    return 3 <= len(plain) <= 254 and plain.isprintable()


def weakness(passphrase: str, *, well_known: Container[str], own_words: Iterable[str]) -> str | None:
    """Why this may not be a passphrase: a code of `Refused`, or None.

    Length counts, composition does not. The passphrase as a whole is compared with the
    list; own words (the sign-in name, the product's name) must not be all there is to it.
    """
    plain = plain_passphrase(passphrase)
    if len(plain) < MIN_LENGTH:
        return "passphrase_too_short"
    if len(plain) > MAX_LENGTH:
        return "passphrase_too_long"
    bare = squeezed(plain)
    if bare in well_known or is_pattern(plain.casefold()) or is_pattern(bare) or _is_made_of(bare, own_words):
        return "passphrase_well_known"
    return None


def squeezed(text: str) -> str:
    """Letters and digits alone, without case: how a passphrase meets the blocklist."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())


def is_pattern(text: str) -> bool:
    """A short unit over and over ("abcabcabcabc"), or a run along the alphabet or the digits."""
    if len(text) < MIN_LENGTH:
        return False
    repeated = any(text == (text[:unit] * len(text))[: len(text)] for unit in range(1, len(text) // 3 + 1))
    steps = {ord(right) - ord(left) for left, right in pairwise(text)}
    return repeated or (len(steps) == 1 and steps <= {1, -1})


def _is_made_of(bare: str, own_words: Iterable[str]) -> bool:
    """Whether little remains (under 8 letters) once the person's and the product's words are taken out."""
    words = {squeezed(part) for word in own_words for part in (word, *word.replace("@", ".").split("."))}
    rest = bare
    for word in sorted((word for word in words if len(word) >= 4), key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest != bare and sum(character.isalpha() for character in rest) < 8


def local_path(wanted: str | None) -> str | None:
    """`wanted` if it is a path of this site and nothing else, else None (no open redirect)."""
    if not wanted or not wanted.startswith("/") or wanted.startswith("//"):
        return None
    return wanted if wanted.isprintable() and not set(wanted) & set("\\#") else None


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
    return now < ends_at(audience=audience, kept=kept, created_at=created_at, last_seen_at=last_seen_at)


def ends_at(*, audience: str, kept: bool, created_at: datetime, last_seen_at: datetime) -> datetime:
    """When a browser session ends by itself, if nobody uses it meanwhile."""
    idle, absolute = (KEPT_FOR, KEPT_FOR) if kept and audience == "family" else LIMITS[audience]
    return min(last_seen_at + idle, created_at + absolute)
