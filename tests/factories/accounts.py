"""Invented accounts."""

import itertools
from typing import Any

from portal.accounts.models import User
from portal.accounts.passphrases import passphrases
from tests.factories import factory
from tests.factories.people import BEFORE

PASSPHRASE = "seven grey herons at noon"
_number = itertools.count(1)


@factory
def make_account(passphrase: str = PASSPHRASE, **values: Any) -> User:
    """An account that can sign in with `PASSPHRASE`."""
    return User(
        **{
            "sign_in_name": f"account{next(_number)}@mail.example",
            "passphrase_hash": passphrases.hashed(passphrase),
            "created_at": BEFORE,
            **values,
        }
    )
