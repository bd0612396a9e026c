"""Pages for everybody: no account needed, and no confirmation that anybody is a client."""

from flask import Blueprint

from portal.web.pages import blueprint
from portal.web.public import components, feed, front, help, language


def build() -> Blueprint:
    """The blueprint with all public pages."""
    return blueprint("public", None, [front.pages, feed.pages, help.pages, language.pages, components.pages])
