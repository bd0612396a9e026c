"""Pages of the audience "privacy"."""

from flask import Blueprint

from portal.accounts.models import Audience
from portal.web.pages import blueprint
from portal.web.privacy import accounting, audit, notices


def build() -> Blueprint:
    """The blueprint with all privacy pages."""
    return blueprint(
        "privacy",
        Audience.STAFF,
        [audit.pages, accounting.pages, notices.pages],
        url_prefix="/privacy-office",
    )
