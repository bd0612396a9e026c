"""Choosing a new passphrase by a link that travels by mail.

Known and unknown names leave the same rows and get the same answer; the token exists only
in the mail. A reset proves a mailbox, not a phone: it ends every browser session and the
second factor is asked for as before.
"""

from datetime import datetime

from sqlalchemy import func, select, update

from portal.accounts import rules, service
from portal.accounts.models import PassphraseReset, User
from portal.audit import service as audit
from portal.core import tokens
from portal.core.actor import VISITOR
from portal.core.db import db
from portal.core.errors import NotFound
from portal.mail import service as mail
from portal.mail.models import ReaderKind


def ask(*, sign_in_name: str, key: str, now: datetime) -> None:
    """Queue the mail with the link; for a name asked for a moment ago, nothing."""
    name = rules.plain_name(sign_in_name)
    user = db.session.scalars(select(User).where(User.sign_in_name == name)).one_or_none()
    digest = tokens.code_digest(name, key)
    if _asked_lately(digest, now):
        return
    user_id = user.id if user and user.disabled_at is None else None
    wish = PassphraseReset(
        user_id=user_id, name_digest=digest, asked_at=now, expires_at=now + rules.RESET_LIFE
    )
    db.session.add(wish)
    db.session.flush()
    mail.queue(
        kind="passphrase_reset",
        reader_kind=ReaderKind.USER,
        reader_id=user_id or 0,
        context={"reset_id": wish.id},
        now=now,
        useful_until=wish.expires_at,
    )
    audit.record("passphrase.reset_asked", actor=VISITOR, now=now, user_id=user_id)


def mint(reset_id: int, *, now: datetime) -> str:
    """The link's secret, made while the mail is written; its life starts now."""
    token = tokens.new_token()
    wish = db.session.get_one(PassphraseReset, reset_id)
    wish.token_digest = tokens.digest(token)
    wish.expires_at = now + rules.RESET_LIFE
    return token


def unwanted(reset_id: int, *, now: datetime) -> str | None:
    """Why the mail of this wish must not go, or None."""
    wish = db.session.get(PassphraseReset, reset_id)
    if wish is None or wish.user is None:
        return "nobody"
    if wish.user.disabled_at is not None:
        return "disabled"
    return "used" if wish.used_at is not None else None


def user_of(token: str, *, now: datetime) -> User:
    """Whose passphrase a working link changes. NotFound alike for used, expired and unknown."""
    return _account(_working(token, now))


def reset(*, token: str, stored: str, now: datetime) -> None:
    """Use the link, once, and end every browser session of the account."""
    wish = _working(token, now)
    used = db.session.execute(
        update(PassphraseReset)
        .where(PassphraseReset.id == wish.id, PassphraseReset.used_at.is_(None))
        .values(used_at=now)
    )
    user = _account(wish)
    if used.rowcount != 1:  # type: ignore[attr-defined]
        raise NotFound
    service.change_passphrase(user_id=user.id, stored=stored, way="reset", now=now, actor=VISITOR)
    service.end_browser_sessions(user_id=user.id, reason="reset", now=now, actor=VISITOR)


def _account(wish: PassphraseReset) -> User:
    if wish.user is None or wish.user.disabled_at is not None:
        raise NotFound
    return wish.user


def _working(token: str, now: datetime) -> PassphraseReset:
    wish = db.session.scalars(
        select(PassphraseReset).where(
            PassphraseReset.token_digest == tokens.digest(token),
            PassphraseReset.used_at.is_(None),
            PassphraseReset.expires_at > now,
        )
    ).one_or_none()
    if wish is None:
        raise NotFound
    return wish


def _asked_lately(digest: str, now: datetime) -> bool:
    return bool(
        db.session.scalar(
            select(func.count())
            .select_from(PassphraseReset)
            .where(PassphraseReset.name_digest == digest, PassphraseReset.asked_at > now - rules.RESET_EVERY)
        )
    )
