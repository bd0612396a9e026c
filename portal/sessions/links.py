"""Answering from a mail without signing in: "I can come" or "I give up my place".

A link is random, kept as a digest, and good for one sign-up at one time: it works once, until
the cut-off. Who opens it learns nothing, and whose place it is stands in the row, never in the
link.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from portal.core import tokens
from portal.core.actor import Actor
from portal.core.db import connection, db
from portal.core.errors import NotFound
from portal.sessions import service
from portal.sessions.models import FamilySession, SignUp
from portal.sessions.models_links import PlaceLink
from portal.sessions.rules import LIVE_SIGN_UP, SessionState

PATH = "/mail/place/"


def new(sign_up: SignUp, *, now: datetime) -> str:
    """A link for the time as it stands now; the token exists nowhere else."""
    session = sign_up.session
    return new_for(
        sign_up_id=sign_up.id, time_revision=session.time_revision, until=session.closes_at, now=now
    )


def new_for(*, sign_up_id: int, time_revision: int, until: datetime, now: datetime) -> str:
    """The same for somebody who has read the row already; `until` is the cut-off."""
    token = tokens.new_token()
    values: dict[str, Any] = {
        "token_digest": tokens.digest(token),
        "sign_up_id": sign_up_id,
        "time_revision": time_revision,
        "created_at": now,
        "ends_at": until,
    }
    connection().execute(insert(PlaceLink), values)
    return token


def usable(token: str, *, now: datetime) -> PlaceLink:
    """The link behind a token while it may be used. Raises NotFound, whatever the reason."""
    link = db.session.scalars(
        select(PlaceLink)
        .join(PlaceLink.sign_up)
        .join(SignUp.session)
        .where(
            PlaceLink.token_digest == tokens.digest(token),
            PlaceLink.used_at.is_(None),
            PlaceLink.ends_at > now,
            SignUp.state.in_(LIVE_SIGN_UP),
            FamilySession.state == SessionState.PUBLISHED,
            FamilySession.time_revision == PlaceLink.time_revision,
        )
    ).one_or_none()
    if link is None:
        raise NotFound
    return link


def confirm(token: str, *, now: datetime) -> None:
    """The person can come at the time that the mail told. Raises NotFound."""
    link = usable(token, now=now)
    service.confirm_time(sign_up_id=link.sign_up_id, actor=_person(link), now=now)
    _use(link, now)


def give_up(token: str, *, now: datetime) -> None:
    """The person gives up the place; the next in line is offered it. Raises NotFound, Refused."""
    link = usable(token, now=now)
    service.give_up(sign_up_id=link.sign_up_id, actor=_person(link), now=now)
    _use(link, now)


def purge(*, before: datetime) -> int:
    """Delete links that ended before this instant; returns how many."""
    result: Any = db.session.execute(delete(PlaceLink).where(PlaceLink.ends_at < before))
    return int(result.rowcount)


def _use(link: PlaceLink, now: datetime) -> None:
    """Guarded: of two who press at once, one finds it used."""
    done: Any = db.session.execute(
        update(PlaceLink)
        .where(PlaceLink.id == bindparam("link_id"), PlaceLink.used_at.is_(None))
        .values(used_at=now)
        .execution_options(synchronize_session=False),
        {"link_id": link.id},
    )
    if done.rowcount != 1:
        raise NotFound


def _person(link: PlaceLink) -> Actor:
    """Whose mailbox the link travelled to."""
    return Actor("family", link.sign_up.family_member_id, "mail link")
