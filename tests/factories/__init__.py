"""`make_…` factories, one module per room. Each takes what matters and invents the rest."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

from portal.core.db import _mode, db, writing

Make = TypeVar("Make", bound=Callable[..., Any])


def factory(make: Make) -> Make:
    """Add what `make` returns to the database, in the open transaction or one of its own."""

    @functools.wraps(make)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if _mode.get() == "write":
            return _add(make(*args, **kwargs))
        with writing():
            return _add(make(*args, **kwargs))

    return cast(Make, wrapped)


def _add(made: Any) -> Any:
    db.session.add(made)
    db.session.flush()
    return made
