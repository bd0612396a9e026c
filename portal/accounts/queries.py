"""Reads of accounts."""

from datetime import datetime

from sqlalchemy import select

from portal.accounts.models import BrowserSession, User
from portal.accounts.service import is_live
from portal.core.db import db


def open_browser_sessions(user_id: int, *, now: datetime) -> list[BrowserSession]:
    """Where this person is signed in, the browser used last first."""
    rows = db.session.scalars(
        select(BrowserSession)
        .where(BrowserSession.user_id == user_id, BrowserSession.ended_at.is_(None))
        .order_by(BrowserSession.last_seen_at.desc(), BrowserSession.id)
    )
    return [row for row in rows if is_live(row, now)]


def user_named(sign_in_name: str) -> User | None:
    """The account with this normalized name."""
    return db.session.scalars(select(User).where(User.sign_in_name == sign_in_name)).one_or_none()
