"""Pages of the audience "client"."""

from flask import Blueprint

from portal.accounts.models import Audience
from portal.web.client import (
    account,
    accounting,
    calendar,
    copies,
    home,
    naming,
    notice,
    people,
    permissions,
    sessions,
    shared,
)
from portal.web.pages import blueprint


def build() -> Blueprint:
    """The blueprint with all client pages."""
    modules = [
        home.pages,
        people.pages,
        naming.pages,
        permissions.pages,
        calendar.pages,
        sessions.pages,
        shared.pages,
        accounting.pages,
        copies.pages,
        notice.pages,
        account.pages,
    ]
    return blueprint("client", Audience.CLIENT, modules, url_prefix="/my")
