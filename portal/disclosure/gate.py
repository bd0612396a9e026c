"""The gate: the one place that decides a disclosure, at the moment it happens.

`may_disclose` answers for one pair, `permits` for everything one person may see, and
`permitted` is their SQL twin for filtering lists. All three are built on the same rules
(`consent.rules.unusable_reason`, `NEEDS`); a property test drives random histories
through both forms and they must agree.

Only this package reads `Consent` to decide. 42 CFR 2.13, 2.31.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from portal.consent.models import Consent, ConsentScope
from portal.consent.rules import NEEDS, Scope, State, unusable_reason
from portal.core.db import db, rows
from portal.people.models import Client

Column = ColumnElement[int] | InstrumentedAttribute[int]

# Made once: an alias copies every column of its table, which costs more than the statement.
_consent, _owner, _granted_row = aliased(Consent), aliased(Client), aliased(ConsentScope)

# What decides, and what "what you can see" says; the signed text stays where it is.
_OF_PERSON = (
    select(
        Consent.id,
        Consent.relationship_id,
        Consent.client_id,
        Consent.family_member_id,
        Consent.state,
        Consent.state_changed_at,
        Consent.expires_on,
        Consent.timezone,
        Consent.signed_at,
        Consent.ends_at,
        Consent.guardian_signed_at,
        Consent.guardian_until,
        Client.given_name,
        Client.deceased_on,
        ConsentScope.scope,
        ConsentScope.withdrawn_at,
    )
    .join(Client, Client.id == Consent.client_id)
    .outerjoin(ConsentScope, ConsentScope.consent_id == Consent.id)
    .where(
        Consent.family_member_id == bindparam("family_member_id"),
        Consent.state.in_([State.ACTIVE, State.ON_HOLD]),
    )
    .order_by(Consent.id, ConsentScope.id)
)
_OF_PAIR = _OF_PERSON.where(Consent.client_id == bindparam("client_id"))


@dataclass(frozen=True)
class LiveConsent:
    """A consent that is active or on hold, as far as the gate and the person's pages need it."""

    id: int
    relationship_id: int
    client_id: int
    family_member_id: int
    state: State
    state_changed_at: datetime
    expires_on: date | None
    timezone: str
    signed_at: datetime | None
    ends_at: datetime | None
    guardian_signed_at: datetime | None
    guardian_until: datetime | None
    given_name: str
    """The client's."""
    deceased_on: date | None
    """The client's."""
    scopes: dict[Scope, datetime | None]
    """What was allowed, and when it was taken back."""


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


def permits_under(
    consents: Iterable[LiveConsent], *, at: datetime, scope: Scope | None = None
) -> list[Permit]:
    """The same from consents that were just read, for a page that shows them too."""
    return [
        _permit(consent, each)
        for consent in consents
        for each in (Scope if scope is None else (scope,))
        if _reason(consent, each, at) is None
    ]


def usable_consents(*, family_member_id: int, at: datetime) -> list[LiveConsent]:
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


def _live(family_member_id: int, client_id: int | None = None, lock: bool = False) -> list[LiveConsent]:
    """The consents of the pair, or the person, that are active or on hold."""
    if lock:
        # Lock first, read then: a statement that waited would still show the scopes and
        # the client as they were before the change it waited for (PostgreSQL).
        mine = [Consent.family_member_id == family_member_id]
        mine += [] if client_id is None else [Consent.client_id == client_id]
        db.session.execute(select(Consent.id).where(*mine).order_by(Consent.id).with_for_update())
    found = rows(
        _OF_PERSON if client_id is None else _OF_PAIR,
        {"family_member_id": family_member_id, "client_id": client_id},
    )
    by_consent = groupby(found, key=lambda row: row[:-2])
    return [LiveConsent(*(*values, _scopes(of_consent))) for values, of_consent in by_consent]


def _scopes(found: Iterable[Any]) -> dict[Scope, datetime | None]:
    """The last two columns of `_OF_PERSON`; a consent without any has one row of nothing."""
    return {row[-2]: row[-1] for row in found if row[-2] is not None}


def _why_unusable(consent: LiveConsent, at: datetime) -> str | None:
    return unusable_reason(
        state=consent.state,
        signed_at=consent.signed_at,
        ends_at=consent.ends_at,
        guardian_signed_at=consent.guardian_signed_at,
        guardian_until=consent.guardian_until,
        missing=(),  # held by the table's check, as in the twin
        client_deceased=consent.deceased_on is not None,
        at=at,
    )


def _reason(consent: LiveConsent, scope: Scope, at: datetime) -> str | None:
    reason = _why_unusable(consent, at)
    if reason is None and not set(_with_needs(scope)) <= _granted(consent, at):
        reason = "not_in_scope"
    return reason


def _granted(consent: LiveConsent, at: datetime) -> set[Scope]:
    return {
        scope for scope, withdrawn_at in consent.scopes.items() if withdrawn_at is None or withdrawn_at > at
    }


def _permit(consent: LiveConsent, scope: Scope) -> Permit:
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
