"""Pages of the audience "staff"."""

from flask import Blueprint

from portal.accounts.models import Audience
from portal.web.pages import blueprint


def build() -> Blueprint:
    """The blueprint with all staff pages."""
    return blueprint("staff", Audience.STAFF, [], url_prefix="/staff")
