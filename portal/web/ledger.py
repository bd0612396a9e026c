"""What a page disclosed, gathered while it is built and written before it leaves."""

from contextlib import suppress

from flask import g
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from portal.audit import service as audit
from portal.core.db import writing
from portal.disclosure import queries
from portal.disclosure import service as disclosure
from portal.disclosure.gate import Permit
from portal.disclosure.models import Channel
from portal.web.access import actor, now


def disclosed(permit: Permit, subject: str, channel: Channel = Channel.PAGE) -> None:
    """Note that this response shows `subject` to the permit's person."""
    g.setdefault("disclosed", []).append((permit, subject, channel))


def viewed(client_id: int, page: str) -> None:
    """Note that this response shows `page` of a client to a member of staff."""
    g.setdefault("viewed", []).append((client_id, page))


def on_occasion(name: str) -> None:
    """Name the occasion where there is no browser session, such as the fetch of a feed."""
    g.occasion = name


def rehearse() -> None:
    """Nothing that this response shows reaches anybody new: the client looks at their own pages."""
    g.rehearsal = True


def shows_records() -> bool:
    """Whether this response discloses something, so that the statement of 2.32 belongs on it."""
    return bool(g.get("disclosed"))


def leave_out_known() -> None:
    """Keep of what was noted only what this browser sees for the first time.

    Within the page's own reading transaction, so that a second look takes no write lock.
    When the database goes away here, all stays noted and `write` meets the same trouble.
    """
    noted = g.get("disclosed")
    if not noted or g.get("rehearsal"):
        return
    with suppress(SQLAlchemyError):
        g.disclosed = queries.first_views(noted, occasion=_occasion())


def write() -> None:
    """Write what was noted; one transaction, none when there is nothing new."""
    noted, seen = g.pop("disclosed", None), g.pop("viewed", None)
    if g.get("rehearsal"):
        return
    if not noted and not seen:
        return
    with writing():
        if noted:
            disclosure.record(noted, occasion=_occasion(), now=now())
        for client_id, page in seen or ():
            audit.record("client.viewed", actor=actor(), now=now(), client_id=client_id, page=page)


def _occasion() -> str:
    named: str | None = g.get("occasion")
    return named or f"browser:{current_user.session_id}"
