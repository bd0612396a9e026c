"""What a place rests on: the permit that covers a session, if it needs one at all."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, and_, exists, or_, select

from portal.consent.rules import Scope
from portal.core.db import db
from portal.disclosure import gate
from portal.disclosure.gate import Permit
from portal.people.models import Client, Relationship
from portal.sessions.models import OPEN_KINDS, FamilySession, SessionKind


def covers() -> ColumnElement[bool]:
    """SQL: whether a permit of the row of `Client` covers the row of `FamilySession`.

    It covers the groups of the client's own location, and a single family's evening only
    if it is this client's.
    """
    return and_(
        Client.location_id == FamilySession.location_id,
        or_(FamilySession.kind != SessionKind.SINGLE_FAMILY, FamilySession.client_id == Client.id),
    )


def covered_by(client_ids: Sequence[int] | BindParameter[int]) -> ColumnElement[bool]:
    """SQL: whether a permit of one of these clients covers the row of `FamilySession`."""
    return exists().where(Client.id.in_(client_ids), covers())


def visible(client_ids: Sequence[int] | BindParameter[int]) -> ColumnElement[bool]:
    """SQL: open to everybody with an account, or covered by a permit."""
    return or_(FamilySession.kind.in_(OPEN_KINDS), covered_by(client_ids))


def permit_for(
    session: FamilySession,
    *,
    family_member_id: int,
    at: datetime,
    lock: bool = False,
    without_relationship: int | None = None,
) -> Permit | None:
    """The first permit that covers `session`; None where the gate says no.

    With `lock` the consent stays as it is until the transaction ends: call it before the
    session row is locked (lock order: consent, session, sign-up, outbox).
    """
    for client_id in _candidates(session.id, family_member_id, at, without_relationship):
        answer = gate.may_disclose(
            client_id=client_id,
            family_member_id=family_member_id,
            scope=Scope.SESSIONS,
            at=at,
            lock=lock,
        )
        if isinstance(answer, Permit):
            return answer
    return None


def _candidates(
    session_id: int, family_member_id: int, at: datetime, without_relationship: int | None
) -> Sequence[int]:
    """The clients whose permission covers the session, by the twin, in the order of locking."""
    query = (
        select(Client.id)
        .join(Relationship, Relationship.client_id == Client.id)
        .join(FamilySession, covers())
        .where(
            FamilySession.id == session_id,
            Relationship.family_member_id == family_member_id,
            gate.permitted(Relationship.client_id, Relationship.family_member_id, Scope.SESSIONS, at),
        )
        .order_by(Client.id)
    )
    if without_relationship is not None:
        query = query.where(Relationship.id != without_relationship)
    return db.session.scalars(query).all()
