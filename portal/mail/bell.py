"""The bell that wakes the worker once a transaction with new mail has committed.

Nothing depends on it: a bell nobody hears delays a mail to the next minute's tick.
"""

from collections.abc import Callable

_wake: Callable[[], None] | None = None


def hang(wake: Callable[[], None] | None) -> None:
    """Say what waking means; None: nothing listens (tests, commands)."""
    global _wake
    _wake = wake


def ring() -> None:
    """Wake the worker, if one listens."""
    if _wake is not None:
        _wake()
