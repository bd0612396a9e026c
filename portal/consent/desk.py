"""The desk's tablet (row 104): one sitting in which a client signs without an account.

A staff member opens it and is its witness. The code works in one browser, once, for 30
minutes; whoever holds it can sign this client's waiting consents and nothing else.
"""

from datetime import datetime, timedelta

from sqlalchemy import select

from portal.audit import service as audit
from portal.consent import queries
from portal.consent.models import DeskSigning
from portal.core import tokens
from portal.core.actor import VISITOR, Actor
from portal.core.db import db
from portal.core.errors import NotFound, Refused
from portal.people.models import Client

LIFE = timedelta(minutes=30)
CODE_GROUPS = 3
"""About 57 bits: typed by hand, and past guessing within 30 minutes."""


def open_sitting(
    *, client: Client, witness_id: int, key: str, actor: Actor, now: datetime
) -> tuple[DeskSigning, str]:
    """A sitting for this client, and the code for the tablet; ends an older one still open.

    Raises Refused when nothing waits for a signature or, after a return, for the client's word.
    """
    if not queries.waiting_of(client, now) and not queries.suspended_of(client, now):
        raise Refused("nothing_to_sign")
    for older in _open_of(client.id, now):
        _finish(older, actor, now)
    code = tokens.new_code(CODE_GROUPS)
    sitting = DeskSigning(
        client_id=client.id,
        witness_id=witness_id,
        token_digest=tokens.code_digest(code, key),
        created_at=now,
        expires_at=now + LIFE,
    )
    db.session.add(sitting)
    db.session.flush()
    _audit("desk.opened", sitting, actor, now)
    return sitting, code


def begin(*, code: str, key: str, now: datetime) -> tuple[DeskSigning, str]:
    """The tablet takes the code, once; returns the secret that this browser alone holds.

    Raises NotFound alike for a code that is used, over or unknown.
    """
    sitting = _by_code(code, key, now, lock=True)
    if sitting.opened_at is not None:
        raise NotFound
    secret = tokens.new_token()
    sitting.opened_at, sitting.tablet_digest = now, tokens.digest(secret)
    db.session.flush()
    _audit("desk.begun", sitting, VISITOR, now)
    return sitting, secret


def sitting_of(*, code: str, secret: str, key: str, at: datetime, lock: bool = False) -> DeskSigning:
    """The sitting that this browser began. Raises NotFound in every other case."""
    sitting = _by_code(code, key, at, lock)
    if sitting.tablet_digest is None or not tokens.same(sitting.tablet_digest, tokens.digest(secret)):
        raise NotFound
    return sitting


def finish(*, sitting: DeskSigning, actor: Actor, now: datetime) -> None:
    """The sitting is over; the tablet shows nothing any more."""
    _finish(sitting, actor, now)


def _finish(sitting: DeskSigning, actor: Actor, now: datetime) -> None:
    if sitting.finished_at is None:
        sitting.finished_at = now
        db.session.flush()
        _audit("desk.finished", sitting, actor, now)


def _by_code(code: str, key: str, at: datetime, lock: bool) -> DeskSigning:
    query = select(DeskSigning).where(
        DeskSigning.token_digest == tokens.code_digest(code, key),
        DeskSigning.finished_at.is_(None),
        DeskSigning.expires_at > at,
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    sitting = db.session.scalars(query).one_or_none()
    if sitting is None:
        raise NotFound
    return sitting


def _open_of(client_id: int, at: datetime) -> list[DeskSigning]:
    return list(
        db.session.scalars(
            select(DeskSigning)
            .where(
                DeskSigning.client_id == client_id,
                DeskSigning.finished_at.is_(None),
                DeskSigning.expires_at > at,
            )
            .order_by(DeskSigning.id)
        )
    )


def _audit(kind: str, sitting: DeskSigning, actor: Actor, now: datetime) -> None:
    audit.record(kind, actor=actor, now=now, client_id=sitting.client_id, desk_signing_id=sitting.id)
