"""Tries to sign in: each is counted before anything is compared.

A try is two short transactions with the costly comparison between them, so that hashing
holds no lock and fifty tries at once are still counted one by one. Passphrase and code
share one count: showing the first does not buy new tries at the second.

For a name that nobody has the same statements run, on no row.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from portal.accounts import rules
from portal.accounts.models import User
from portal.audit import service as audit
from portal.core.actor import VISITOR
from portal.core.db import db


@dataclass(frozen=True)
class Try:
    """One try. `stored` is None where nothing may be compared: nobody, disabled, or too soon."""

    user_id: int | None
    stored: str | None


def begin(*, sign_in_name: str, now: datetime) -> Try:
    """Count one try with this name and say what its passphrase is to be compared with."""
    name = rules.plain_name(sign_in_name)
    user = db.session.scalars(
        select(User)
        .where(User.sign_in_name == name)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    allowed = _count(user, now)
    return Try(user.id if user else None, user.passphrase_hash if user and allowed else None)


def begin_again(*, user_id: int, now: datetime) -> Try:
    """The same for somebody signed in who shows the passphrase once more."""
    return begin(sign_in_name=db.session.get_one(User, user_id).sign_in_name, now=now)


def count(user: User, now: datetime) -> bool:
    """Count one try of a locked row; whether it may be looked at at all."""
    return _count(user, now)


def wrong(tried: Try, *, step: str, now: datetime) -> None:
    """Remember a wrong try. `step` is `passphrase` or `code`."""
    audit.record("signin.failed", actor=VISITOR, now=now, user_id=tried.user_id, step=step)


def passed(user: User) -> None:
    """The passphrase was right and a code is still to come: take this one try back."""
    user.failed_tries = max(0, user.failed_tries - 1)
    user.next_try_at = None


def succeeded(user: User) -> None:
    """Signed in: the count starts anew."""
    user.failed_tries = 0
    user.next_try_at = None


def _count(user: User | None, now: datetime) -> bool:
    allowed = (
        user is not None
        and user.disabled_at is None
        and rules.may_try(wrong_tries=user.failed_tries, next_try_at=user.next_try_at, now=now)
    )
    tries = user.failed_tries + 1 if user else 1
    db.session.execute(
        update(User)
        .where(User.id == (user.id if user and allowed else 0))
        .values(failed_tries=tries, next_try_at=now + rules.delay_after(tries))
    )
    return allowed
