"""How long a browser stays signed in: a warning before the end, and nothing typed is lost.

The script asks these two; without it the page says the limits in words.
"""

from datetime import timedelta

from flask import Flask, g
from flask_login import current_user
from flask_wtf.csrf import generate_csrf

from portal.accounts import service
from portal.accounts.rules import ends_at
from portal.web import access
from portal.web.pages import Pages

pages = Pages()


@pages.get("/sign-in/state")
def sign_in_state() -> dict[str, object]:
    """Whether this browser is signed in and for how long; to ask does not make it longer."""
    seconds = seconds_left()
    g.pop("seen", None)  # set when the browser session was read
    return {"seconds": seconds, "token": generate_csrf()}


@pages.post("/sign-in/stay")
def stay_signed_in() -> dict[str, object]:
    """Somebody is still here: the idle limit begins anew, the absolute one does not."""
    if current_user.is_authenticated:
        person = access.viewer()
        service.seen(session_id=person.session.id, now=access.now())
        person.session.last_seen_at = access.now()
    return {"seconds": seconds_left(), "token": generate_csrf()}


def seconds_left() -> int:
    """Until this browser is signed out by itself; 0: it is not signed in."""
    if not current_user.is_authenticated:
        return 0
    session = current_user.session
    end = ends_at(
        audience=session.audience,
        kept=session.kept,
        created_at=session.created_at,
        last_seen_at=session.last_seen_at,
    )
    return max(0, (end - access.now()) // timedelta(seconds=1))


def init_app(app: Flask) -> None:
    """Let the frame of each page tell its script."""
    app.jinja_env.globals["seconds_left"] = _known_seconds


def _known_seconds() -> int:
    """For pages that asked who is signed in anyway; a page about an error asks nobody."""
    return seconds_left() if g.get("_login_user") is not None else 0
