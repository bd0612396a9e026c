"""Error pages: a plain sentence, what to do, the crisis numbers. Never a detail."""

import logging

from flask import Flask, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from portal.core.db import is_locked, writing
from portal.core.errors import NotFound, Refused
from portal.web.wording import sentence

logger = logging.getLogger("portal.web")

Answer = tuple[str, int] | tuple[str, int, dict[str, str]]


def page(status: int, template: str = "public/error.html", **values: object) -> Answer:
    """An error page with its status."""
    return render_template(template, status=status, **values), status


def not_found(error: object) -> Answer:
    """Not there, not yours, not for you: one page, byte for byte."""
    if isinstance(error, NotFound) and error.aftermath:
        with writing():
            error.aftermath()
    return page(404)


def refused(refusal: Refused) -> Answer:
    """A refusal that no form could show."""
    return page(409, sentence=sentence(refusal))


def unavailable() -> Answer:
    """The database is busy or away; nothing was changed."""
    body, status = render_template("public/error.html", status=503), 503
    return body, status, {"Retry-After": "10"}


def database_trouble(error: OperationalError) -> Answer:
    """Busy is worth a retry; anything else of the database is no better for the person."""
    logger.error("database: %s", "locked" if is_locked(error) else type(error.orig).__name__)
    return unavailable()


def http_error(error: HTTPException) -> Answer:
    """Any other HTTP error."""
    return page(error.code or 500)


def stale_form(_error: CSRFError) -> Answer:
    """The form is older than the sign-in, or was not ours."""
    return page(400)


def crash(error: Exception) -> Answer:
    """A defect of ours. The log has the kind and place, never a value."""
    logger.error("defect at %s", request.endpoint, exc_info=error)
    return page(500)


def init_app(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(NotFound, not_found)
    app.register_error_handler(404, not_found)
    app.register_error_handler(Refused, refused)
    app.register_error_handler(CSRFError, stale_form)
    app.register_error_handler(OperationalError, database_trouble)
    app.register_error_handler(HTTPException, http_error)
    if not app.testing:
        app.register_error_handler(Exception, crash)
