"""Backup codes: ten, shown once, each in place of the 6-digit code for who has lost the phone."""

from datetime import datetime

from sqlalchemy import delete, func, select, update

from portal.accounts import notices
from portal.accounts.models import BackupCode
from portal.audit import service as audit
from portal.core import tokens
from portal.core.actor import VISITOR, Actor
from portal.core.db import db

COUNT, GROUPS = 10, 3
"""How many, and of how many groups of four letters: about 58 bits a code."""


def make(*, user_id: int, key: str, now: datetime, actor: Actor) -> list[str]:
    """Ten new codes, to be shown once; those made before work no longer."""
    forget(user_id)
    codes = [tokens.new_code(GROUPS) for _number in range(COUNT)]
    db.session.add_all(
        BackupCode(user_id=user_id, digest=tokens.code_digest(code, key), made_at=now) for code in codes
    )
    audit.record("second_factor.codes_made", actor=actor, now=now, user_id=user_id)
    notices.tell(user_id=user_id, now=now)
    return codes


def take(*, user_id: int, typed: str, key: str, now: datetime) -> bool:
    """Use a code of this account, once."""
    taken = db.session.execute(
        update(BackupCode)
        .where(
            BackupCode.user_id == user_id,
            BackupCode.digest == tokens.code_digest(typed, key),
            BackupCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        return False
    audit.record("second_factor.code_used", actor=VISITOR, now=now, user_id=user_id, left=left(user_id))
    return True


def left(user_id: int) -> int:
    """How many codes of this account still work."""
    unused = select(func.count()).where(BackupCode.user_id == user_id, BackupCode.used_at.is_(None))
    return db.session.scalar(unused) or 0


def forget(user_id: int) -> None:
    """None of this account's codes works any more."""
    db.session.execute(delete(BackupCode).where(BackupCode.user_id == user_id))
