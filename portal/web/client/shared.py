"""What was shared, with whom, when. Never what a relative read, answered, or when they read a lesson."""

from flask import render_template

from portal.disclosure import queries
from portal.web import access
from portal.web.pages import Pages
from portal.web.shared_words import CHANNELS, SUBJECTS

pages = Pages()


@pages.get("/shared")
def shared() -> str:
    """One line for each thing and person."""
    return render_template(
        "client/shared/shared.html",
        lines=queries.shared_with(access.client()),
        subjects=SUBJECTS,
        channels=CHANNELS,
    )
