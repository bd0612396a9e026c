"""Accounts: one function per verb."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from portal.accounts import rules
from portal.accounts.models import Audience, BrowserSession, User
from portal.accounts.passphrases import passphrases
from portal.audit import service as audit
from portal.core import tokens
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import Refused


def create_user(*, sign_in_name: str, passphrase: str, language: str, now: datetime, actor: Actor) -> User:
    """A new account. Raises Refused: name_taken, passphrase_too_short, passphrase_well_known."""
    name = rules.plain_name(sign_in_name)
    check_passphrase(passphrase, sign_in_name=name)
    if db.session.scalar(select(User.id).where(User.sign_in_name == name)):
        raise Refused("name_taken", field="sign_in_name")
    user = User(
        sign_in_name=name,
        passphrase_hash=passphrases.hashed(passphrase),
        language=language,
        created_at=now,
    )
    db.session.add(user)
    db.session.flush()
    audit.record("account.created", actor=actor, now=now, user_id=user.id)
    return user


def check_passphrase(passphrase: str, *, sign_in_name: str) -> None:
    """Raises Refused with the reason why this may not be a passphrase."""
    length = len(rules.plain_passphrase(passphrase))
    if length < rules.MIN_LENGTH:
        raise Refused("passphrase_too_short", field="passphrase", least=rules.MIN_LENGTH)
    if length > rules.MAX_LENGTH:
        raise Refused("passphrase_too_long", field="passphrase", most=rules.MAX_LENGTH)


def open_browser_session(
    *,
    user: User,
    audience: Audience,
    now: datetime,
    agent: str = "",
    kept: bool = False,
    second_factor: bool = False,
) -> tuple[BrowserSession, str]:
    """A new signed-in browser: its row, and the secret for the cookie (stored nowhere else)."""
    secret = tokens.new_token()
    opened = BrowserSession(
        user_id=user.id,
        secret_digest=tokens.digest(secret),
        audience=audience,
        agent=agent[:80],
        kept=kept and audience is Audience.FAMILY,
        second_factor_at=now if second_factor else None,
        proved_at=now,
        created_at=now,
        last_seen_at=now,
    )
    db.session.add(opened)
    db.session.flush()
    return opened, secret


def live_browser_session(secret: str, *, now: datetime) -> BrowserSession | None:
    """The browser session of a cookie's secret, or None when it no longer counts."""
    found = db.session.scalars(
        select(BrowserSession)
        .where(BrowserSession.secret_digest == tokens.digest(secret), BrowserSession.ended_at.is_(None))
        .options(joinedload(BrowserSession.user))
    ).one_or_none()
    if found is None or found.user.disabled_at is not None:
        return None
    return found if is_live(found, now) else None


def is_live(session: BrowserSession, now: datetime) -> bool:
    """Whether an open browser session is within its limits."""
    return session.ended_at is None and rules.is_live(
        audience=session.audience,
        kept=session.kept,
        created_at=session.created_at,
        last_seen_at=session.last_seen_at,
        now=now,
    )


def end_browser_sessions(
    *, user_id: int, reason: str, now: datetime, actor: Actor, but: int | None = None
) -> int:
    """End every signed-in browser of an account, `but` one; each copy of each cookie dies with it."""
    ended = db.session.execute(
        update(BrowserSession)
        .where(
            BrowserSession.user_id == user_id,
            BrowserSession.ended_at.is_(None),
            BrowserSession.id != (but or 0),
        )
        .values(ended_at=now)
    )
    count: int = ended.rowcount
    audit.record("signin.ended", actor=actor, now=now, user_id=user_id, reason=reason, count=count)
    return count
