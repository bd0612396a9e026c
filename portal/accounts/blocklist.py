"""The list of well-known long passphrases, kept beside this file and read once.

`scripts/make_blocklist` writes it. Local on purpose: no name or passphrase leaves the portal.
"""

from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("blocklist.txt")


@cache
def blocklist() -> frozenset[str]:
    """Every entry, in the form of `rules.squeezed`."""
    return frozenset(FILE.read_text(encoding="utf-8").split())
