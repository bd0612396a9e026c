"""Accounts: one function per verb."""

from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import contains_eager

from portal.accounts import notices, rules
from portal.accounts.blocklist import blocklist
from portal.accounts.models import Audience, BrowserSession, PassphraseReset, User
from portal.accounts.passphrases import passphrases
from portal.audit import service as audit
from portal.center.settings import current
from portal.core import tokens
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound, Refused


def create_user(
    *,
    sign_in_name: str,
    passphrase: str,
    language: str,
    now: datetime,
    actor: Actor,
    stored: str | None = None,
) -> User:
    """A new account.

    `stored` is what `hashed_passphrase` returned, for callers that hash before they take
    the write lock. Raises Refused: name_missing, name_taken (field sign_in_name),
    passphrase_too_short, passphrase_too_long, passphrase_well_known (field passphrase).
    """
    name = rules.plain_name(sign_in_name)
    if not rules.is_name(name):
        raise Refused("name_missing", field="sign_in_name")
    if db.session.scalar(select(User.id).where(User.sign_in_name == name)):
        raise Refused("name_taken", field="sign_in_name")
    user = User(
        sign_in_name=name,
        passphrase_hash=stored or hashed_passphrase(passphrase, sign_in_name=name),
        language=language,
        created_at=now,
    )
    db.session.add(user)
    try:
        db.session.flush()
    except IntegrityError as error:
        raise Refused("name_taken", field="sign_in_name") from error
    audit.record("account.created", actor=actor, now=now, user_id=user.id)
    return user


def hashed_passphrase(passphrase: str, *, sign_in_name: str) -> str:
    """The stored form of a passphrase that the rules allow. Takes a tenth of a second.

    Raises Refused (field passphrase) with the reason why it may not be one.
    """
    reason = rules.weakness(
        passphrase,
        well_known=blocklist(),
        own_words=(rules.plain_name(sign_in_name), current().product_name, current().discreet_name),
    )
    if reason:
        raise Refused(reason, field="passphrase", least=rules.MIN_LENGTH, most=rules.MAX_LENGTH)
    return passphrases.hashed(passphrase)


def change_passphrase(*, user_id: int, stored: str, way: str, now: datetime, actor: Actor) -> None:
    """Put a new passphrase in force and forget wrong tries. `way` is `changed` or `reset`.

    Wishes to reset that are still open end with it. Ends no browser session by itself.
    """
    db.session.execute(
        update(User)
        .where(User.id == user_id)
        .values(passphrase_hash=stored, failed_tries=0, next_try_at=None)
    )
    db.session.execute(
        update(PassphraseReset)
        .where(PassphraseReset.user_id == user_id, PassphraseReset.used_at.is_(None))
        .values(used_at=now)
    )
    audit.record("passphrase.changed", actor=actor, now=now, user_id=user_id, way=way)
    notices.tell(user_id=user_id, now=now)


def disable(*, user_id: int, now: datetime, actor: Actor) -> None:
    """Nobody signs in with this account any more, and whoever is signed in is out."""
    db.session.execute(update(User).where(User.id == user_id).values(disabled_at=now))
    audit.record("account.disabled", actor=actor, now=now, user_id=user_id)
    end_browser_sessions(user_id=user_id, reason="disabled", now=now, actor=actor)


def enable(*, user_id: int, now: datetime, actor: Actor) -> None:
    """Let a disabled account sign in again, with the passphrase and second factor it had."""
    db.session.execute(update(User).where(User.id == user_id).values(disabled_at=None))
    audit.record("account.enabled", actor=actor, now=now, user_id=user_id)


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


OPEN_BROWSER_SESSION = (
    select(BrowserSession)
    .join(BrowserSession.user)
    .where(BrowserSession.secret_digest == bindparam("digest"), BrowserSession.ended_at.is_(None))
    .options(contains_eager(BrowserSession.user))
)


def live_browser_session(secret: str, *, now: datetime) -> BrowserSession | None:
    """The browser session of a cookie's secret, or None when it no longer counts."""
    found = db.session.scalars(OPEN_BROWSER_SESSION, {"digest": tokens.digest(secret)}).one_or_none()
    return found if found and counts(found, now) else None


def counts(session: BrowserSession, now: datetime) -> bool:
    """Whether an open browser session, and the account behind it, may still be used."""
    return session.user.disabled_at is None and is_live(session, now)


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
    count: int = ended.rowcount  # type: ignore[attr-defined]
    audit.record("signin.ended", actor=actor, now=now, user_id=user_id, reason=reason, count=count)
    return count


def end_browser_session(*, user_id: int, session_id: int, reason: str, now: datetime, actor: Actor) -> None:
    """End one browser session of this account; NotFound for anybody else's. Twice is once."""
    found = db.session.get(BrowserSession, session_id)
    if found is None or found.user_id != user_id:
        raise NotFound
    if found.ended_at is None:
        found.ended_at = now
        audit.record("signin.ended", actor=actor, now=now, user_id=user_id, reason=reason, count=1)


def renew_browser_session(
    *,
    session_id: int,
    now: datetime,
    second_factor: bool = False,
    proved: bool = False,
    audience: Audience | None = None,
) -> tuple[BrowserSession, str]:
    """A new id for a browser that showed something more (`proved`: the passphrase): the old cookie dies.

    The absolute limit keeps counting from the first sign-in. NotFound once it has ended.
    """
    old = db.session.get(BrowserSession, session_id, with_for_update=True, populate_existing=True)
    if old is None or not is_live(old, now):
        raise NotFound
    old.ended_at = now
    new, secret = open_browser_session(
        user=old.user,
        audience=audience or old.audience,
        now=now,
        agent=old.agent,
        kept=old.kept,
        second_factor=second_factor or old.second_factor_at is not None,
    )
    new.created_at = old.created_at
    new.proved_at = now if proved else old.proved_at
    return new, secret


def seen(*, session_id: int, now: datetime) -> None:
    """Note that the browser was used; an ended row stays as it is."""
    db.session.execute(
        update(BrowserSession)
        .where(BrowserSession.id == session_id, BrowserSession.ended_at.is_(None))
        .values(last_seen_at=now)
    )
