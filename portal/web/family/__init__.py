"""Pages of the audience "family"."""

from flask import Blueprint

from portal.accounts.models import Audience
from portal.web.family import account, calendar, email, home, learn, more, permissions, sessions
from portal.web.pages import blueprint


def build() -> Blueprint:
    """The blueprint with all family pages."""
    return blueprint(
        "family",
        Audience.FAMILY,
        [
            home.pages,
            sessions.pages,
            calendar.pages,
            learn.pages,
            more.pages,
            permissions.pages,
            account.pages,
            email.pages,
        ],
    )
