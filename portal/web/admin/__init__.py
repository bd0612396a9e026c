"""Pages of the audience "admin"."""

from flask import Blueprint

from portal.accounts.models import Audience
from portal.web.admin import home, locations, outbox, settings, users
from portal.web.pages import blueprint


def build() -> Blueprint:
    """The blueprint with all admin pages."""
    return blueprint(
        "admin",
        Audience.STAFF,
        [home.pages, settings.pages, locations.pages, users.pages, outbox.pages],
        url_prefix="/admin",
    )
