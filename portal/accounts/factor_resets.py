"""A lost phone, with the backup codes gone too: two staff members let a person set up a new one."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.accounts import second_factor
from portal.accounts.models import FactorReset, User
from portal.accounts.rules import plain_name
from portal.audit import service as audit
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound, Refused

LIFE = timedelta(hours=24)
"""After that the second person is too late, and it is asked for anew."""


def ask(*, sign_in_name: str, by_user_id: int, now: datetime, actor: Actor) -> FactorReset:
    """The first of two. Raises Refused: nobody_of_this_name, no_second_step, own_account."""
    found = db.session.scalars(select(User).where(User.sign_in_name == plain_name(sign_in_name)))
    user = found.one_or_none()
    if user is None:
        raise Refused("nobody_of_this_name", field="sign_in_name")
    if user.id == by_user_id:
        raise Refused("own_account", field="sign_in_name")
    if user.totp_secret is None:
        raise Refused("no_second_step", field="sign_in_name")
    for older in _open(now, user_id=user.id):
        older.ended_at = now
    reset = FactorReset(user_id=user.id, asked_by_id=by_user_id, asked_at=now)
    db.session.add(reset)
    db.session.flush()
    audit.record("factor_reset.asked", actor=actor, now=now, factor_reset_id=reset.id, user_id=user.id)
    return reset


def agree(*, reset_id: int, by_user_id: int, now: datetime, actor: Actor) -> FactorReset:
    """The second of two: from now on the person sets up a new phone at the next sign-in.

    Raises NotFound once it has ended, Refused("second_person") for who asked or whose phone it is.
    """
    reset = _live(reset_id, now)
    if by_user_id in (reset.asked_by_id, reset.user_id):
        raise Refused("second_person")
    reset.ended_at, reset.agreed_by_id = now, by_user_id
    second_factor.forget(user_id=reset.user_id, now=now, actor=actor)
    audit.record("factor_reset.agreed", actor=actor, now=now, factor_reset_id=reset.id, user_id=reset.user_id)
    return reset


def refuse(*, reset_id: int, now: datetime, actor: Actor) -> None:
    """It shall not be; anybody who sees it may say so, the one who asked too."""
    reset = _live(reset_id, now)
    reset.ended_at = now
    audit.record(
        "factor_reset.refused", actor=actor, now=now, factor_reset_id=reset.id, user_id=reset.user_id
    )


def waiting(now: datetime) -> Sequence[FactorReset]:
    """What waits for the second person, oldest first."""
    return _open(now)


def _live(reset_id: int, now: datetime) -> FactorReset:
    reset = db.session.get(FactorReset, reset_id, with_for_update=True, populate_existing=True)
    if reset is None or reset.ended_at is not None or now - reset.asked_at >= LIFE:
        raise NotFound
    return reset


def _open(now: datetime, user_id: int | None = None) -> Sequence[FactorReset]:
    wanted = select(FactorReset).where(FactorReset.ended_at.is_(None), FactorReset.asked_at > now - LIFE)
    if user_id is not None:
        wanted = wanted.where(FactorReset.user_id == user_id)
    shown = wanted.options(joinedload(FactorReset.user), joinedload(FactorReset.asked_by))
    return db.session.scalars(shown.order_by(FactorReset.asked_at)).all()
