"""The administrator's first page."""

from flask import redirect, url_for
from werkzeug.wrappers import Response

from portal.web.pages import Pages

pages = Pages()


@pages.get("/")
def home() -> Response:
    """The settings are what an administrator comes for."""
    return redirect(url_for(".settings"))
