"""What the cookie carries: the browser session's secret, and nothing of the one before."""

from urllib.parse import urlsplit

from flask import current_app, request, session
from werkzeug.exceptions import HTTPException

from portal.accounts.models import Audience
from portal.accounts.rules import local_path
from portal.web.access import GUARDED

HOMES = {Audience.FAMILY: "/home", Audience.CLIENT: "/my/home", Audience.STAFF: "/staff"}
_SYSTEMS = ("iPhone", "iPad", "Android", "Windows", "Macintosh", "CrOS", "Linux")
_BROWSERS = {"Edg": "Edge", "OPR": "Opera", "SamsungBrowser": "Samsung Internet", "Firefox": "Firefox"}
_BROWSERS |= {"CriOS": "Chrome", "FxiOS": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}


def carry(secret: str, *, kept: bool = False) -> None:
    """Sign this browser in: a new cookie that keeps only the chosen language."""
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    session["_user_id"] = secret
    session["_fresh"] = True
    session.permanent = kept


def drop() -> None:
    """Forget who was signed in here."""
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language


def in_a_few_words() -> str:
    """The browser and its system, such as "Safari, iPhone"; nothing finer is kept."""
    agent = request.user_agent.string
    browser = next((name for mark, name in _BROWSERS.items() if f"{mark}/" in agent), "")
    system = next((name for name in _SYSTEMS if name in agent), "")
    return ", ".join(part for part in (browser, system.replace("Macintosh", "Mac")) if part)


def onward(wanted: str | None, audience: Audience) -> str:
    """Where to go after signing in: the page that was asked for, if this audience may open it."""
    path = local_path(wanted)
    return path if path and _is_page_of(path, audience) else HOMES[audience]


def _is_page_of(path: str, audience: Audience) -> bool:
    adapter = current_app.url_map.bind("")
    try:
        endpoint, _values = adapter.match(urlsplit(path).path, method="GET")
    except HTTPException:
        return False
    return GUARDED.get(endpoint.partition(".")[0]) is audience
