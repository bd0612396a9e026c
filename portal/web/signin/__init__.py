"""Pages of the audience "signin"."""

from flask import Blueprint

from portal.web.pages import blueprint
from portal.web.signin import codes, entering, resets, staying, welcome


def build() -> Blueprint:
    """The blueprint with all signin pages."""
    return blueprint(
        "signin", None, [entering.pages, codes.pages, resets.pages, welcome.pages, staying.pages]
    )
