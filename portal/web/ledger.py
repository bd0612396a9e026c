"""What a page disclosed, gathered while it is built and written before it leaves."""

from flask import g
from flask_login import current_user

from portal.core.db import writing
from portal.disclosure import service as disclosure
from portal.disclosure.gate import Permit
from portal.disclosure.models import Channel
from portal.web.access import now


def disclosed(permit: Permit, subject: str, channel: Channel = Channel.PAGE) -> None:
    """Note that this response shows `subject` to the permit's person."""
    g.setdefault("disclosed", []).append((permit, subject, channel))


def write() -> None:
    """Write what was noted; one transaction, none when there is nothing new."""
    noted = g.pop("disclosed", None)
    if not noted:
        return
    occasion = f"browser:{current_user.session.id}"
    with writing():
        disclosure.record(noted, occasion=occasion, now=now())
