"""The gate: the one place that decides a disclosure, at the moment it happens.

`may_disclose` answers for one pair, `permits` for everything one person may see, and
`permitted` is their SQL twin for filtering lists. All three are built on the same rules
(`consent.rules.unusable_reason`, `NEEDS`); a property test drives random histories
through both forms and they must agree.

Only this package reads `Consent` to decide. 42 CFR 2.13, 2.31.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased, contains_eager, joinedload

from portal.consent.models import Consent, ConsentScope
from portal.consent.rules import NEEDS, Scope, State, unusable_reason
from portal.core.db import db
from portal.people.models import Client

Column = ColumnElement[int] | InstrumentedAttribute[int]

# Made once: an alias copies every column of its table, which costs more than the statement.
_consent, _owner, _granted_row = aliased(Consent), aliased(Client), aliased(ConsentScope)

_OF_PERSON = (
    select(Consent)
    .join(Consent.client)
    .where(
        Consent.family_member_id == bindparam("family_member_id"),
        Consent.state.in_([State.ACTIVE, State.ON_HOLD]),
    )
    .options(contains_eager(Consent.client), joinedload(Consent.scopes))
    .order_by(Consent.id)
)


@dataclass(frozen=True)
class Permit:
    """Proof that the gate said yes. Queries that return client-linked rows demand one."""

    client_id: int
    family_member_id: int
    relationship_id: int
    consent_id: int
    scope: Scope
    until: datetime
    """The first instant (UTC) at which it no longer holds."""


@dataclass(frozen=True)
class Refusal:
    """The gate said no. The reason is for staff and tests, never for the family."""

    reason: str

    def __bool__(self) -> bool:
        return False


def may_disclose(
    *, client_id: int, family_member_id: int, scope: Scope, at: datetime, lock: bool = False
) -> Permit | Refusal:
    """Whether `scope` of this client may be shown to this person at the instant `at`.

    With `lock`, the consent row stays locked until the transaction ends (lock order:
    consent, session, sign-up, outbox).
    """
    for consent in _live(family_member_id, client_id, lock):
        reason = _reason(consent, scope, at)
        return Refusal(reason) if reason else _permit(consent, scope)
    return Refusal("none")


def permits(*, family_member_id: int, at: datetime, scope: Scope | None = None) -> list[Permit]:
    """All that this person may see at the instant `at`, of every client; one statement."""
    return permits_under(_live(family_member_id), at=at, scope=scope)


def permits_under(consents: Iterable[Consent], *, at: datetime, scope: Scope | None = None) -> list[Permit]:
    """The same from consents that were just read, for a page that shows them too."""
    return [
        _permit(consent, each)
        for consent in consents
        for each in (Scope if scope is None else (scope,))
        if _reason(consent, each, at) is None
    ]


def usable_consents(*, family_member_id: int, at: datetime) -> list[Consent]:
    """The consents that give this person anything now, for "what you can see"."""
    return [consent for consent in _live(family_member_id) if _why_unusable(consent, at) is None]


def permitted(client: Column, family_member: Column, scope: Scope, at: datetime) -> ColumnElement[bool]:
    """The SQL twin: a correlated EXISTS for the columns that hold the pair."""
    conditions = [
        _consent.client_id == client,
        _consent.family_member_id == family_member,
        # `live_is_complete` (a check of the table) vouches for the elements.
        _consent.state == State.ACTIVE,
        _consent.signed_at <= at,
        _consent.ends_at > at,
        or_(_consent.guardian_until.is_(None), _consent.guardian_until > at),
        or_(_consent.guardian_until.is_(None), _consent.guardian_signed_at <= at),
        _owner.id == _consent.client_id,
        _owner.deceased_on.is_(None),
    ]
    for each in _with_needs(scope):
        conditions.append(
            exists().where(
                _granted_row.consent_id == _consent.id,
                _granted_row.scope == each,
                or_(_granted_row.withdrawn_at.is_(None), _granted_row.withdrawn_at > at),
            )
        )
    return exists().where(and_(*conditions))


def _with_needs(scope: Scope) -> list[Scope]:
    return [scope, NEEDS[scope]] if scope in NEEDS else [scope]


def _live(family_member_id: int, client_id: int | None = None, lock: bool = False) -> list[Consent]:
    """The consents of the pair, or the person, that are active or on hold."""
    query = _OF_PERSON.execution_options(populate_existing=lock)
    mine = [Consent.family_member_id == family_member_id]
    if client_id is not None:
        mine.append(Consent.client_id == client_id)
        query = query.where(Consent.client_id == client_id)
    if lock:
        # Lock first, read then: a statement that waited would still show the scopes and
        # the client as they were before the change it waited for (PostgreSQL).
        db.session.execute(select(Consent.id).where(*mine).order_by(Consent.id).with_for_update())
    return list(db.session.scalars(query, {"family_member_id": family_member_id}).unique())


def _why_unusable(consent: Consent, at: datetime) -> str | None:
    return unusable_reason(
        state=consent.state,
        signed_at=consent.signed_at,
        ends_at=consent.ends_at,
        guardian_signed_at=consent.guardian_signed_at,
        guardian_until=consent.guardian_until,
        missing=(),  # held by the table's check, as in the twin
        client_deceased=consent.client.deceased_on is not None,
        at=at,
    )


def _reason(consent: Consent, scope: Scope, at: datetime) -> str | None:
    reason = _why_unusable(consent, at)
    if reason is None and not set(_with_needs(scope)) <= _granted(consent, at):
        reason = "not_in_scope"
    return reason


def _granted(consent: Consent, at: datetime) -> set[Scope]:
    return {row.scope for row in consent.scopes if row.withdrawn_at is None or row.withdrawn_at > at}


def _permit(consent: Consent, scope: Scope) -> Permit:
    assert consent.ends_at is not None
    until = min(consent.ends_at, consent.guardian_until or consent.ends_at)
    return Permit(
        client_id=consent.client_id,
        family_member_id=consent.family_member_id,
        relationship_id=consent.relationship_id,
        consent_id=consent.id,
        scope=scope,
        until=until,
    )
