"""The client's preview: the family pages themselves, mounted a second time, read-only.

Six pages are shown as they are; every other page of these modules says that it belongs to
the relative, and nothing can be posted. A look is no disclosure: the ledger stays as it is.
"""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from flask import Blueprint, g, render_template, request

from portal.accounts.models import Audience
from portal.core.errors import NotFound
from portal.people import queries as people
from portal.web import access, ledger
from portal.web.family import reader
from portal.web.pages import Pages, blueprint

SHOWN = frozenset({"home", "sessions", "session", "calendar", "learn", "permissions"})

ADDRESS = "/my/people/<int:relationship_id>/preview"


def build(modules: Iterable[Pages]) -> Blueprint:
    """The blueprint `preview`: behind the client's guard, then behind that of the relationship."""
    made = blueprint("preview", Audience.CLIENT, [_rehearsed(pages) for pages in modules], url_prefix=ADDRESS)
    made.url_value_preprocessor(_take_relationship)
    made.url_defaults(_keep_relationship)
    made.before_request(_look_as)
    made.context_processor(_whose)
    return made


def _take_relationship(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """The family pages know nothing of the relationship in the address."""
    g.relationship_id = values.pop("relationship_id", None) if values else None


def _keep_relationship(_endpoint: str, values: dict[str, Any]) -> None:
    values.setdefault("relationship_id", g.get("relationship_id"))


def _look_as() -> None:
    """Set the reader, if the relationship is the signed-in client's own; else there is no page."""
    if request.method not in ("GET", "HEAD"):
        raise NotFound
    client = access.client()
    found = people.own_relationship(client_id=client.id, relationship_id=g.relationship_id)
    reader.preview(found.family_member, client)
    ledger.rehearse()


def _whose() -> dict[str, object]:
    """For the banner, and for buttons that do nothing."""
    return {"previewed": reader.previewed(), "relationship_id": g.relationship_id}


def _rehearsed(pages: Pages) -> Pages:
    """The same addresses and endpoints, so that links stay inside."""
    return Pages([(rule, _stand_in(view), methods) for rule, view, methods in pages.rules])


def _stand_in(view: Callable[..., Any]) -> Callable[..., Any]:
    if view.__name__ in SHOWN:
        return view

    @wraps(view)
    def ends_here(**_values: object) -> str:
        return render_template("family/preview/ends_here.html")

    return ends_here
