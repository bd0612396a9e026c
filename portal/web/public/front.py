"""The front door, the way out and the urgent-help page."""

from flask import redirect, render_template, url_for
from werkzeug.wrappers import Response

from portal.web.pages import Pages

pages = Pages()


@pages.get("/")
def front() -> Response:
    """Send people to sign in; nothing here tells what the place is."""
    return redirect(url_for("signin.sign_in"))


@pages.get("/urgent-help")
def urgent_help() -> str:
    """The crisis lines, for everybody."""
    return render_template("public/urgent_help.html")


@pages.get("/healthz")
def healthz() -> dict[str, str]:
    """Whether the web server answers."""
    return {"status": "ok"}
