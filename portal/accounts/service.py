"""Accounts: one function per verb."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.accounts.models import BrowserSession
from portal.core import tokens
from portal.core.db import db


def live_browser_session(secret: str, *, now: datetime) -> BrowserSession | None:
    """The browser session of a cookie's secret, or None when it no longer counts."""
    return db.session.scalars(
        select(BrowserSession)
        .where(BrowserSession.secret_digest == tokens.digest(secret), BrowserSession.ended_at.is_(None))
        .options(joinedload(BrowserSession.user))
    ).one_or_none()
