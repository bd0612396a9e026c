"""Reads of consents for the client's own pages and for staff. None of them decides a disclosure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from portal.consent import rules, standing
from portal.consent.models import Consent, ConsentEvent, DeskSigning, HoldKind, Withdrawal
from portal.consent.rules import Scope, State
from portal.core.db import db
from portal.core.errors import NotFound
from portal.people import queries as people
from portal.people.models import Client, FamilyMember, Relationship, StaffMember

SOON = timedelta(days=30)
VERY_SOON = timedelta(days=7)


@dataclass(frozen=True)
class Person:
    """One person of a client, with the consent that counts, the one that waits, and the last that ended."""

    relationship: Relationship
    live: Consent | None
    waiting: Consent | None
    ended: Consent | None

    @property
    def family_member(self) -> FamilyMember:
        """Who it is."""
        return self.relationship.family_member

    def allowed(self, at: datetime) -> list[Scope]:
        """The boxes that are ticked now, in order; empty while on hold or after the end."""
        if self.live is None or self.live.state is State.ON_HOLD or standing.is_over(self.live, at):
            return []
        return granted(self.live, at)

    @property
    def decides_again(self) -> bool:
        """Whether a new episode began and the client has not decided again yet."""
        return self.live is not None and self.live.hold_kind is HoldKind.NEW_EPISODE

    @property
    def waits_for_guardian(self) -> bool:
        """Whether the client has signed, and a parent or guardian has not yet (2.14)."""
        return self.waiting is not None and self.waiting.state is State.PENDING_GUARDIAN

    def ends_soon(self, at: datetime) -> bool:
        """Whether what is allowed ends within 30 days."""
        return self._ends_within(SOON, at)

    def ends_very_soon(self, at: datetime) -> bool:
        """Whether it ends within 7 days."""
        return self._ends_within(VERY_SOON, at)

    def _ends_within(self, span: timedelta, at: datetime) -> bool:
        end = self.live.ends_at if self.live else None
        return end is not None and at < end <= at + span


def people_of(client: Client, at: datetime) -> list[Person]:
    """Everybody linked to a client, in the order of being named; three statements."""
    relationships = people.relationships_of([client.id])
    consents = db.session.scalars(
        select(Consent)
        .where(Consent.client_id == client.id)
        .options(selectinload(Consent.scopes), selectinload(Consent.withdrawals))
        .order_by(Consent.state_changed_at, Consent.id)
    ).all()
    return [_person(each, consents, at) for each in relationships]


def person_of(client: Client, relationship_id: int, at: datetime) -> Person:
    """One person of this client. Raises NotFound."""
    for person in people_of(client, at):
        if person.relationship.id == relationship_id:
            return person
    raise NotFound


def own(client: Client, consent_id: int) -> Consent:
    """A consent of this client. Raises NotFound."""
    return _one(Consent.client_id == client.id, consent_id)


def own_signed(client: Client, consent_id: int) -> Consent:
    """A consent that this client has signed, whatever became of it. Raises NotFound."""
    consent = own(client, consent_id)
    if consent.signed_text is None:
        raise NotFound
    return consent


def withdrawal_of(consent: Consent, withdrawal_id: int) -> Withdrawal:
    """One document of this consent's. Raises NotFound."""
    for each in consent.withdrawals:
        if each.id == withdrawal_id:
            return each
    raise NotFound


def live_of(client: Client) -> list[Consent]:
    """What this client shares now, on hold included."""
    return list(
        db.session.scalars(
            select(Consent)
            .where(Consent.client_id == client.id, Consent.state.in_(rules.LIVE))
            .options(selectinload(Consent.scopes), joinedload(Consent.family_member))
            .order_by(Consent.id)
        )
    )


def waiting_of(client: Client, at: datetime) -> list[Consent]:
    """What waits for this client's signature."""
    return list(
        db.session.scalars(
            _with_people()
            .where(Consent.client_id == client.id, _waiting(at))
            .order_by(Consent.created_at, Consent.id)
        )
    )


def suspended_of(client: Client, at: datetime) -> list[Consent]:
    """What a return suspended and the client alone can share again (row 116)."""
    return list(
        db.session.scalars(
            _with_people().where(Consent.client_id == client.id, _suspended(at)).order_by(Consent.id)
        )
    )


def for_staff(*, staff: StaffMember, consent_id: int, now: datetime) -> Consent:
    """A consent of a client of this staff member's caseload, with its history. Raises NotFound."""
    consent = db.session.get(Consent, consent_id)
    if consent is None:
        raise NotFound
    people.client_for(staff=staff, client_id=consent.client_id, now=now)
    return consent


LISTS = ("to_sign", "ends_soon", "on_hold", "scan_due", "active", "ended")


def listed(*, staff: StaffMember, name: str, now: datetime, limit: int = 200) -> list[Consent]:
    """The consents of a staff member's clients in one of `LISTS`; two statements."""
    newest_first = name == "ended"
    return list(
        db.session.scalars(
            _with_people()
            .where(people.caseload(staff, now), _in_list(name, now))
            .order_by(
                Consent.state_changed_at.desc() if newest_first else Consent.ends_at,
                Consent.created_at,
                Consent.id,
            )
            .limit(limit)
        )
    )


def history(consent: Consent) -> list[ConsentEvent]:
    """Each step, the newest first."""
    return list(reversed(consent.events))


def granted(consent: Consent, at: datetime) -> list[Scope]:
    """The boxes that are ticked and not withdrawn, in order. Grants nothing by itself."""
    open_rows = {row.scope for row in consent.scopes if row.withdrawn_at is None or row.withdrawn_at > at}
    return [scope for scope in Scope if scope in open_rows]


def clients_waiting(*, staff: StaffMember, now: datetime) -> list[tuple[Client, int]]:
    """The staff member's clients who have something to sign or to decide again, and how many."""
    found = db.session.scalars(
        _with_people()
        .where(people.caseload(staff, now), or_(_waiting(now), _suspended(now)))
        .order_by(Consent.created_at, Consent.id)
    )
    return list(Counter(consent.client for consent in found).items())


def sittings(*, staff: StaffMember, now: datetime) -> list[DeskSigning]:
    """The sittings of the last hours that this staff member's clients had or have, newest first."""
    return list(
        db.session.scalars(
            select(DeskSigning)
            .join(DeskSigning.client)
            .where(people.caseload(staff, now), DeskSigning.created_at > now - timedelta(hours=12))
            .options(contains_eager(DeskSigning.client), joinedload(DeskSigning.witness))
            .order_by(DeskSigning.created_at.desc())
        )
    )


def _one(condition: ColumnElement[bool], consent_id: int) -> Consent:
    consent = db.session.scalars(_with_people().where(condition, Consent.id == consent_id)).one_or_none()
    if consent is None:
        raise NotFound
    return consent


def _with_people() -> Select[Consent]:
    return (
        select(Consent)
        .join(Consent.client)
        .options(
            contains_eager(Consent.client).joinedload(Client.location),
            joinedload(Consent.family_member),
            joinedload(Consent.relationship),
            selectinload(Consent.scopes),
        )
    )


def _waiting(at: datetime) -> ColumnElement[bool]:
    """What can still be signed; asked together with `Client`."""
    return (
        Consent.state.in_(rules.WAITING)
        & (Consent.state_changed_at > at - rules.DRAFT_LIFE)
        & Client.deceased_on.is_(None)
    )


def _runs(at: datetime) -> ColumnElement[bool]:
    """What the clock has not ended; asked together with `Client`."""
    return (
        (Consent.ends_at > at)
        & or_(Consent.guardian_until.is_(None), Consent.guardian_until > at)
        & Client.deceased_on.is_(None)
    )


def _suspended(at: datetime) -> ColumnElement[bool]:
    return (Consent.state == State.ON_HOLD) & (Consent.hold_kind == HoldKind.NEW_EPISODE) & _runs(at)


def _in_list(name: str, at: datetime) -> ColumnElement[bool]:
    running = (Consent.state == State.ACTIVE) & _runs(at)
    held = (Consent.state == State.ON_HOLD) & _runs(at)
    conditions = {
        "to_sign": _waiting(at),
        "ends_soon": running & (Consent.ends_at <= at + SOON),
        "on_hold": held,
        "scan_due": Consent.scan_due_on.is_not(None) & Consent.scan_filed_on.is_(None),
        "active": running,
        "ended": ~(running | held | _waiting(at)),
    }
    if name not in conditions:
        raise NotFound
    return conditions[name]


def _person(relationship: Relationship, consents: Sequence[Consent], at: datetime) -> Person:
    mine = [each for each in consents if each.relationship_id == relationship.id]
    live = [each for each in mine if each.state in rules.LIVE and not standing.is_over(each, at)]
    waiting = [
        each for each in mine if each.state in rules.WAITING and each.state_changed_at > at - rules.DRAFT_LIFE
    ]
    ended = [
        each for each in mine if each.signed_text is not None and each not in live and each not in waiting
    ]
    return Person(relationship, *(group[-1] if group else None for group in (live, waiting, ended)))
