"""The language switch: a button on every page."""

from flask import current_app, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from portal.web.language import LANGUAGES
from portal.web.pages import Pages

pages = Pages()


@pages.post("/language")
def choose_language() -> ResponseReturnValue:
    """Remember the language, in the account too, and go back to the same page."""
    language = request.form.get("language", "")
    if language in LANGUAGES:
        session["language"] = language
        if current_user.is_authenticated:
            current_user.user.language = language
    return redirect(_back())


def _back() -> str:
    """The page that was left, if it is a page of ours that can be shown again."""
    wanted = request.form.get("next", "")
    path = wanted.partition("?")[0]
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None  # there is one in every request
    try:
        adapter.match(path, method="GET")
    except (HTTPException, RequestRedirect):
        return url_for("public.front")
    return wanted if is_local(wanted) else url_for("public.front")


def is_local(address: str) -> bool:
    """Whether a browser would take it as a path of this site: `//host` and `/\\host` are not."""
    return address.startswith("/") and address[1:2] not in ("/", "\\") and address.isprintable()
