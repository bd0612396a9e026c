"""What the frame around every page needs: the center's own words, links that may be missing."""

from typing import Any

from flask import Flask, current_app, g, has_request_context, request, url_for
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.local import LocalProxy

from portal.center import settings
from portal.center.settings import CenterSettings
from portal.core import clock
from portal.operation import watch
from portal.operation.watch import Trouble

AWAY_FROM_THE_DATABASE = CenterSettings()
"""Error pages are shown when the database is away, too; then the defaults must do."""


def center() -> CenterSettings:
    """The settings in force, read once a request."""
    if "center" not in g:
        try:
            g.center = settings.current()
        except SQLAlchemyError:
            return AWAY_FROM_THE_DATABASE
    found: CenterSettings = g.center
    return found


def troubles() -> list[Trouble]:
    """What the staff should know about the machine, looked up once a request."""
    if "troubles" not in g:
        url = current_app.config["SQLALCHEMY_DATABASE_URI"]
        g.troubles = watch.troubles(now=clock.now(), database_url=url)
    found: list[Trouble] = g.troubles
    return found


def href(endpoint: str, **values: Any) -> str | None:
    """The address of a page, or None while there is no such page: its link is left out."""
    if endpoint.startswith("."):
        endpoint = f"{request.blueprint}{endpoint}"
    if endpoint not in current_app.view_functions:
        return None
    return url_for(endpoint, **values) if values else _fixed(endpoint)


def _fixed(endpoint: str) -> str:
    """The address of a page without parts to fill in: the same in each request, so it is kept."""
    known: dict[str, str] = current_app.extensions["addresses"]
    if endpoint in known:
        return known[endpoint]
    address = url_for(endpoint)
    if not any(rule.arguments for rule in current_app.url_map.iter_rules(endpoint)):
        known[endpoint] = address
    return address


def this_page() -> str:
    """Path and query of this page, to come back to after the language was switched."""
    if not has_request_context():
        return "/"
    return request.full_path.removesuffix("?") if request.method == "GET" else request.path


def init_app(app: Flask) -> None:
    """Offer each as a template global; `center` is read only where a page asks for it."""
    app.extensions["addresses"] = {}
    app.jinja_env.globals.update(center=LocalProxy(center), href=href, troubles=troubles, this_page=this_page)
