"""Random secrets for links, cookies and codes. Only their digests are stored."""

import hashlib
import hmac
import secrets

# No 0/O, 1/I/L, U/V: the code is read aloud and copied by hand.
_CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTWXYZ"


def new_token() -> str:
    """A link or cookie secret of 256 random bits, safe in a URL."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """The form in which a random token is stored (it has too much entropy to guess)."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_code(groups: int = 2) -> str:
    """A code for people, such as `7KQM-X2PA`: about 19 bits of entropy a group.

    Short by design, so whoever checks it must count tries.
    """
    letters = ["".join(secrets.choice(_CODE_ALPHABET) for _ in range(4)) for _ in range(groups)]
    return "-".join(letters)


def plain_code(typed: str) -> str:
    """What a person typed, freed of spaces, dashes and lower case."""
    return "".join(typed.upper().split()).replace("-", "")


def code_digest(code: str, key: str) -> str:
    """The stored form of a human code: keyed, since the code alone could be guessed."""
    return hmac.new(key.encode(), plain_code(code).encode(), hashlib.sha256).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare two digests in constant time."""
    return hmac.compare_digest(left, right)
