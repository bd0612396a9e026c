"""What was shared, with whom, when. Never what a relative read, answered, or when they read a lesson."""

from flask import render_template
from flask_babel import lazy_gettext as _

from portal.disclosure import queries
from portal.disclosure.models import Channel
from portal.web import access
from portal.web.pages import Pages

pages = Pages()

SUBJECTS = {
    "session": _("A family session"),
    "sessions": _("The list of family sessions"),
    "week": _("Your calendar of one week"),
    "assignment": _("A lesson picked for you two"),
    "permission": _("What this person may see"),
}

CHANNELS = {
    Channel.PAGE: _("on a page"),
    Channel.FEED: _("in their own calendar"),
    Channel.PRINT: _("on paper"),
    Channel.FILE: _("in a file"),
    Channel.MAIL: _("in an e-mail"),
}


@pages.get("/shared")
def shared() -> str:
    """One line for each thing and person."""
    return render_template(
        "client/shared/shared.html",
        lines=queries.shared_with(access.client()),
        subjects=SUBJECTS,
        channels=CHANNELS,
    )
