"""Accounts: who may sign in, and the browsers in which they are signed in."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import relationship as related

from portal.core.db import Base, PublicId, RowId


class Audience(StrEnum):
    """Whose pages a browser session may open. One at a time."""

    FAMILY = "family"
    CLIENT = "client"
    STAFF = "staff"


class User(Base):
    """One sign-in name. It need not be an e-mail address: two people may share a mailbox."""

    __tablename__ = "user_account"

    id: Mapped[PublicId]
    sign_in_name: Mapped[str] = mapped_column(String(254), unique=True)
    """Normalized by `accounts.rules.plain_name`."""
    passphrase_hash: Mapped[str] = mapped_column(String(200))
    totp_secret: Mapped[str | None] = mapped_column(String(300))
    """Encrypted; None until the second factor is set up."""
    totp_last_step: Mapped[int] = mapped_column(default=0)
    """The last accepted 30-second step: a code works once."""
    failed_tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None]
    """Growing delay per account: before this instant no passphrase is checked."""
    language: Mapped[str] = mapped_column(String(8), default="en")
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class BrowserSession(Base):
    """One signed-in browser. The cookie holds a random secret, this row its digest.

    Ending the row ends every copy of the cookie at once.
    """

    __tablename__ = "browser_session"

    id: Mapped[PublicId]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    secret_digest: Mapped[str] = mapped_column(String(64), unique=True)
    audience: Mapped[Audience]
    agent: Mapped[str] = mapped_column(String(80), default="")
    """The browser in a few words, for the person's own list of sessions."""
    kept: Mapped[bool] = mapped_column(default=False)
    """"Keep me signed in on this phone"."""
    second_factor_at: Mapped[datetime | None]
    proved_at: Mapped[datetime]
    """Last time the passphrase was shown, for steps that ask for fresh proof."""
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    user: Mapped[User] = related()

    __table_args__ = (Index("ix_browser_session_live", "user_id", "ended_at"),)


class BackupCode(Base):
    """One of ten codes for who has lost the phone. Kept as a keyed digest; each works once."""

    __tablename__ = "backup_code"

    id: Mapped[RowId]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class FactorReset(Base):
    """A wish of one staff member to let somebody set up a new phone; another must agree."""

    __tablename__ = "factor_reset"

    id: Mapped[PublicId]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    asked_at: Mapped[datetime]
    agreed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    ended_at: Mapped[datetime | None]
    """When it was agreed to, refused, or replaced."""

    user: Mapped[User] = related(foreign_keys=[user_id])
    asked_by: Mapped[User] = related(foreign_keys=[asked_by_id])


class PassphraseReset(Base):
    """A wish to choose a new passphrase. The token is minted when the mail is sent.

    A name that nobody has leaves a row as well, without `user_id`: the same work, so that
    the answer tells nothing. Its mail is dropped.
    """

    __tablename__ = "passphrase_reset"

    id: Mapped[PublicId]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    name_digest: Mapped[str] = mapped_column(String(64), index=True)
    """Keyed digest of the name that was typed, to count how often it is asked for."""
    token_digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    user: Mapped[User | None] = related()
