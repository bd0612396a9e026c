"""Pages of the audience "staff"."""

from flask import Blueprint

from portal.accounts.models import Audience
from portal.web.pages import blueprint
from portal.web.staff import account


def build() -> Blueprint:
    """The blueprint with all staff pages."""
    return blueprint("staff", Audience.STAFF, [account.pages], url_prefix="/staff")
