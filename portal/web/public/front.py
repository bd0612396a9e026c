"""The front door, the way out and the urgent-help page."""

from flask import redirect, render_template, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.accounts import service as accounts
from portal.core import clock
from portal.core.db import writing
from portal.mail import queries as mail
from portal.web import access, frame
from portal.web.frame import center, href
from portal.web.pages import Pages

pages = Pages()


@pages.get("/")
def front() -> Response:
    """Send people to their own first page; nothing here tells what the place is."""
    if current_user.is_authenticated:
        return redirect(href(f"{access.viewer().audience}.home") or url_for("public.urgent_help"))
    return redirect(url_for("signin.sign_in"))


@pages.form("/leave")
def leave() -> Response:
    """End this browser session and show the weather.

    The one GET that changes something: a person who must hide the page cannot wait for a
    form, and ending a session needlessly hurts nobody.
    """
    _forget()
    session.clear()
    return redirect(center().leave_url, code=303)


leave.opens_transactions = True  # type: ignore[attr-defined]


def _forget() -> None:
    if not current_user.is_authenticated:
        return
    viewer, actor = access.viewer(), access.actor()
    with writing():
        accounts.end_browser_session(
            user_id=viewer.user.id, session_id=viewer.session.id, reason="left", now=access.now(), actor=actor
        )


@pages.get("/urgent-help")
def urgent_help() -> str:
    """The crisis lines, for everybody."""
    return render_template("public/urgent_help.html")


@pages.get("/healthz")
def healthz() -> dict[str, object]:
    """Whether the web server answers, and how the worker, the mail server and the disk do.

    It answers 200 in any case: a balancer must not take the pages away because mail is late.
    """
    now, beat = clock.now(), mail.last_beat()
    found = frame.troubles()
    return {
        "status": "look" if found else "ok",
        "worker_seconds": int((now - beat).total_seconds()) if beat else None,
        "in_trouble": [trouble.value for trouble in found],
    }
