"""Pages of the audience "signin"."""

from flask import Blueprint

from portal.web.pages import blueprint


def build() -> Blueprint:
    """The blueprint with all signin pages."""
    return blueprint("signin", None, [])
