"""Pages of the audience "family"."""

from flask import Blueprint

from portal.accounts.models import Audience
from portal.web.family import (
    account,
    calendar,
    company,
    contact,
    email,
    every_time,
    home,
    learn,
    more,
    notes,
    permissions,
    preview,
    sessions,
    time_file,
)
from portal.web.pages import blueprint


def build() -> Blueprint:
    """The blueprint with all family pages."""
    return blueprint(
        "family",
        Audience.FAMILY,
        [
            home.pages,
            sessions.pages,
            every_time.pages,
            company.pages,
            calendar.pages,
            time_file.pages,
            learn.pages,
            notes.pages,
            more.pages,
            contact.pages,
            permissions.pages,
            account.pages,
            email.pages,
        ],
    )


def build_preview() -> Blueprint:
    """Some of the same pages once more, for a client who wants to see what a relative sees."""
    shown = [
        home.pages,
        sessions.pages,
        calendar.pages,
        time_file.pages,
        learn.pages,
        notes.pages,
        permissions.pages,
        more.pages,
    ]
    return preview.build(shown)
