"""Reads of people."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import ColumnElement, bindparam, exists, false, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from portal.accounts import service as accounts
from portal.accounts.models import BrowserSession, User
from portal.audit import service as audit
from portal.core import tokens
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound
from portal.people.models import (
    CareTeamMember,
    Client,
    FamilyMember,
    Invitation,
    Relationship,
    Role,
    StaffMember,
    StaffRole,
)
from portal.people.rules import plain_email, plain_name

_FAMILY_MEMBER_OF = select(FamilyMember).where(FamilyMember.user_id == bindparam("user_id"))


_SIGNED_IN = (
    accounts.OPEN_BROWSER_SESSION.outerjoin(FamilyMember, FamilyMember.user_id == BrowserSession.user_id)
    .outerjoin(Client, Client.user_id == BrowserSession.user_id)
    .add_columns(FamilyMember, Client)
)


def signed_in(secret: str) -> tuple[BrowserSession, FamilyMember | None, Client | None] | None:
    """The open browser session of a cookie's secret, and who of family and clients its account is.

    Whether it still counts is asked of `accounts.counts`. One statement.
    """
    row = db.session.execute(_SIGNED_IN, {"digest": tokens.digest(secret)}).one_or_none()
    return (row[0], row[1], row[2]) if row else None


def family_member_of(user_id: int) -> FamilyMember | None:
    """The family member who signs in with this account."""
    return db.session.scalars(_FAMILY_MEMBER_OF, {"user_id": user_id}).one_or_none()


def client_of(user_id: int) -> Client | None:
    """The client who signs in with this account."""
    return db.session.scalars(select(Client).where(Client.user_id == user_id)).one_or_none()


def staff_member_of(user_id: int) -> StaffMember | None:
    """The staff member who signs in with this account, with their roles."""
    return db.session.scalars(
        select(StaffMember).where(StaffMember.user_id == user_id).options(selectinload(StaffMember.roles))
    ).one_or_none()


def caseload(staff: StaffMember, now: datetime) -> ColumnElement[bool]:
    """The clients a staff member works with, as a condition on `Client`.

    A therapist has those of their care teams, a coordinator those of their locations;
    administrators and the privacy office have none.
    """
    roles = {role.role for role in staff.roles}
    conditions: list[ColumnElement[bool]] = []
    if Role.THERAPIST in roles:
        conditions.append(_in_care_team(staff, now))
    if Role.COORDINATOR in roles:
        conditions.append(Client.location_id.in_(locations_of(staff)))
    return or_(false(), *conditions)


def locations_of(staff: StaffMember) -> list[int]:
    """The locations that a coordinator looks after."""
    return [
        role.location_id
        for role in staff.roles
        if role.role is Role.COORDINATOR and role.location_id is not None
    ]


def client_for(*, staff: StaffMember, client_id: int, now: datetime) -> Client:
    """A client of this staff member's caseload; for anybody else's NotFound, and audited."""
    query = select(Client).where(Client.id == client_id, caseload(staff, now))
    client = db.session.scalars(query.options(joinedload(Client.location))).one_or_none()
    if client is None:
        raise _refused_access(staff, client_id, now)
    return client


def relationship_for(*, staff: StaffMember, relationship_id: int, now: datetime) -> Relationship:
    """A relationship of a client of this staff member's caseload; else NotFound, and audited."""
    relationship = db.session.scalars(
        select(Relationship)
        .where(Relationship.id == relationship_id)
        .options(joinedload(Relationship.client), joinedload(Relationship.family_member))
    ).one_or_none()
    if relationship is None:
        raise NotFound
    client_for(staff=staff, client_id=relationship.client_id, now=now)
    return relationship


def same_person(*, given_name: str, family_name: str, email: str | None) -> FamilyMember | None:
    """Somebody already known under this address and this name, so that nobody is doubled."""
    address = plain_email(email)
    if address is None:
        return None
    wanted = plain_name((given_name, family_name))
    known = db.session.scalars(
        select(FamilyMember).where(func.lower(FamilyMember.email) == address).order_by(FamilyMember.id)
    )
    return next((one for one in known if plain_name((one.given_name, one.family_name)) == wanted), None)


def therapists() -> list[StaffMember]:
    """Everybody who can be on a care team, by name; disabled accounts are left out."""
    query = (
        select(StaffMember)
        .join(StaffMember.roles)
        .outerjoin(StaffMember.user)
        .where(StaffRole.role == Role.THERAPIST, User.disabled_at.is_(None))
        .order_by(StaffMember.family_name, StaffMember.given_name)
        .distinct()
    )
    return list(db.session.scalars(query))


def all_staff() -> list[StaffMember]:
    """Everybody who works here, by name, with roles and account; two statements."""
    query = select(StaffMember).options(selectinload(StaffMember.roles), joinedload(StaffMember.user))
    return list(db.session.scalars(query.order_by(StaffMember.family_name, StaffMember.given_name)))


def staff_names(ids: Collection[int | None]) -> dict[int | None, str]:
    """The names of staff members by their id."""
    members = db.session.scalars(
        select(StaffMember).where(StaffMember.id.in_([each for each in ids if each is not None]))
    )
    return {member.id: member.full_name for member in members}


def care_team_of(client_id: int, now: datetime) -> list[StaffMember]:
    """Who is on a client's care team now, in the order of joining."""
    return list(
        db.session.scalars(
            select(StaffMember)
            .join(CareTeamMember, CareTeamMember.staff_id == StaffMember.id)
            .where(
                CareTeamMember.client_id == client_id,
                CareTeamMember.from_at <= now,
                or_(CareTeamMember.until_at.is_(None), CareTeamMember.until_at > now),
            )
            .order_by(CareTeamMember.from_at, CareTeamMember.id)
        )
    )


def relationships_of(client_ids: Sequence[int]) -> list[Relationship]:
    """The people linked to these clients, each with the person, in order of being named."""
    return list(
        db.session.scalars(
            select(Relationship)
            .join(Relationship.family_member)
            .where(Relationship.client_id.in_(client_ids), Relationship.ended_at.is_(None))
            .options(contains_eager(Relationship.family_member))
            .order_by(Relationship.created_at, FamilyMember.given_name, Relationship.id)
        )
    )


def own_relationship(*, client_id: int, relationship_id: int | None) -> Relationship:
    """A relationship of this client that has not ended, with the person. Raises NotFound."""
    found = db.session.scalars(
        select(Relationship)
        .join(Relationship.family_member)
        .where(
            Relationship.id == relationship_id,
            Relationship.client_id == client_id,
            Relationship.ended_at.is_(None),
        )
        .options(contains_eager(Relationship.family_member))
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def latest_invitations(relationship_ids: Sequence[int]) -> dict[int, Invitation]:
    """The newest invitation of each relationship that has one."""
    rows = db.session.scalars(
        select(Invitation)
        .where(Invitation.relationship_id.in_(relationship_ids))
        .order_by(Invitation.created_at, Invitation.id)
    )
    return {row.relationship_id: row for row in rows}


def _in_care_team(staff: StaffMember, now: datetime) -> ColumnElement[bool]:
    return exists().where(
        CareTeamMember.client_id == Client.id,
        CareTeamMember.staff_id == staff.id,
        CareTeamMember.from_at <= now,
        or_(CareTeamMember.until_at.is_(None), CareTeamMember.until_at > now),
    )


def _refused_access(staff: StaffMember, client_id: int, now: datetime) -> NotFound:
    """NotFound; remembered when the client exists, since then somebody looked where they may not."""
    if db.session.scalar(select(Client.id).where(Client.id == client_id)) is None:
        return NotFound()
    record = partial(
        audit.record, "client.access_refused", actor=Actor("staff", staff.id), now=now, client_id=client_id
    )
    return NotFound(aftermath=record)
