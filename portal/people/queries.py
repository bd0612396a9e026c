"""Reads of people."""

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from portal.core.db import db
from portal.people.models import Client, FamilyMember, StaffMember


def family_member_of(user_id: int) -> FamilyMember | None:
    """The family member who signs in with this account."""
    return db.session.scalars(select(FamilyMember).where(FamilyMember.user_id == user_id)).one_or_none()


def client_of(user_id: int) -> Client | None:
    """The client who signs in with this account."""
    return db.session.scalars(select(Client).where(Client.user_id == user_id)).one_or_none()


def staff_member_of(user_id: int) -> StaffMember | None:
    """The staff member who signs in with this account, with their roles."""
    return db.session.scalars(
        select(StaffMember).where(StaffMember.user_id == user_id).options(selectinload(StaffMember.roles))
    ).one_or_none()
