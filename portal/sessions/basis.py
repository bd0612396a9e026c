"""What a place rests on: the permit that covers a session, if it needs one at all."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, or_, select

from portal.consent.rules import Scope
from portal.core.db import db
from portal.disclosure import gate
from portal.disclosure.gate import Permit
from portal.people.models import Client
from portal.sessions.models import OPEN_KINDS, FamilySession, SessionKind


def covered_by(client_ids: Sequence[int]) -> ColumnElement[bool]:
    """SQL: whether a permit of one of these clients covers the row of `FamilySession`.

    A permit covers the groups of the client's own location, and a single family's
    evening only if it is this client's.
    """
    return exists().where(
        Client.id.in_(client_ids),
        Client.location_id == FamilySession.location_id,
        or_(FamilySession.kind != SessionKind.SINGLE_FAMILY, FamilySession.client_id == Client.id),
    )


def visible(client_ids: Sequence[int]) -> ColumnElement[bool]:
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
    for permit in gate.permits(family_member_id=family_member_id, at=at, scope=Scope.SESSIONS):
        if permit.relationship_id == without_relationship or not _covers(permit, session.id):
            continue
        if not lock:
            return permit
        answer = gate.may_disclose(
            client_id=permit.client_id,
            family_member_id=family_member_id,
            scope=Scope.SESSIONS,
            at=at,
            lock=True,
        )
        if isinstance(answer, Permit):
            return answer
    return None


def _covers(permit: Permit, session_id: int) -> bool:
    query = select(FamilySession.id).where(
        and_(FamilySession.id == session_id, covered_by([permit.client_id]))
    )
    return db.session.scalar(query) is not None
