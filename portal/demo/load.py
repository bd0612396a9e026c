"""Load the demo center, once, in one transaction, relative to the present day."""

from datetime import datetime

from sqlalchemy import func, select

from portal.accounts import service as user_accounts
from portal.center import demo_mark
from portal.core.actor import job
from portal.core.db import db, reading, writing
from portal.demo import accounts, evenings, families, learning, office
from portal.people.models import Client

LOADER = job("flask demo load")


def load(*, code_key: str, now: datetime) -> bool:
    """Fill an empty database with the invented center; False where any client is there already.

    `code_key` is the portal's own key for the codes of invitations.
    """
    with reading():
        if _has_clients():
            return False
        stored = user_accounts.hashed_passphrase(accounts.PASSPHRASE, sign_in_name="nobody")
    with writing():
        if _has_clients():
            return False
        _build(stored, code_key, now)
    return True


def _build(stored: str, code_key: str, now: datetime) -> None:
    demo_mark.put(now=now)
    center = office.open_office(stored=stored, code_key=code_key, actor=LOADER, now=now)
    everybody = families.enter_all(center)
    learning.opt_in_some(center, everybody)
    evenings.plan_all(center, everybody)
    learning.pick_all(center, everybody)


def _has_clients() -> bool:
    return bool(db.session.scalar(select(func.count()).select_from(Client)))
