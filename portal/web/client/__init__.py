"""Pages of the audience "client"."""

from flask import Blueprint

from portal.accounts.models import Audience
from portal.web.client import account
from portal.web.pages import blueprint


def build() -> Blueprint:
    """The blueprint with all client pages."""
    return blueprint("client", Audience.CLIENT, [account.pages], url_prefix="/my")
