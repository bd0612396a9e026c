"""Pages for everybody: no account needed, and no confirmation that anybody is a client."""

from flask import Blueprint

from portal.web.pages import blueprint
from portal.web.public import (
    components,
    desk,
    feed,
    front,
    help,
    invite,
    language,
    mail,
    offer,
    privacy_notice,
)


def build() -> Blueprint:
    """The blueprint with all public pages."""
    return blueprint(
        "public",
        None,
        [
            front.pages,
            desk.pages,
            feed.pages,
            help.pages,
            invite.pages,
            language.pages,
            mail.pages,
            offer.pages,
            privacy_notice.pages,
            components.pages,
        ],
    )
