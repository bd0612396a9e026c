"""Invented people. No name here belongs to anybody."""

import itertools
from datetime import UTC, date, datetime
from typing import Any

from portal.accounts.models import User
from portal.center.models import Location, Program
from portal.people.models import (
    CareTeamMember,
    Client,
    Episode,
    FamilyMember,
    Relationship,
    RelationshipCode,
    Role,
    StaffMember,
    StaffRole,
)
from tests.factories import factory

BEFORE = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
_number = itertools.count(1)


@factory
def make_location(**values: Any) -> Location:
    return Location(**{"name": "Water Street", "timezone": "America/New_York", **values})


@factory
def make_program(**values: Any) -> Program:
    return Program(**{"location": values.pop("location", None) or make_location(), "name": "IOP", **values})


@factory
def make_user(**values: Any) -> User:
    name = f"person{next(_number)}@mail.example"
    return User(**{"sign_in_name": name, "passphrase_hash": "!", "created_at": BEFORE, **values})


@factory
def make_client(**values: Any) -> Client:
    return Client(
        **{
            "location": values.pop("location", None) or make_location(),
            "given_name": "Marcus",
            "family_name": "Dole",
            "birth_on": date(1990, 5, 17),
            "created_at": BEFORE,
            **values,
        }
    )


@factory
def make_episode(**values: Any) -> Episode:
    client = values.pop("client", None) or make_client()
    return Episode(
        **{
            "client": client,
            "program": values.pop("program", None) or make_program(location=client.location),
            "started_on": date(2026, 2, 9),
            **values,
        }
    )


@factory
def make_family_member(**values: Any) -> FamilyMember:
    return FamilyMember(
        **{
            "given_name": "Elena",
            "family_name": "Dole",
            "email": f"family{next(_number)}@mail.example",
            "created_at": BEFORE,
            **values,
        }
    )


@factory
def make_relationship(**values: Any) -> Relationship:
    return Relationship(
        **{
            "client": values.pop("client", None) or make_client(),
            "family_member": values.pop("family_member", None) or make_family_member(),
            "code": RelationshipCode.MOTHER,
            "created_at": BEFORE,
            **values,
        }
    )


@factory
def make_staff(*roles: Role, location: Location | None = None, **values: Any) -> StaffMember:
    member = StaffMember(
        **{
            "given_name": "Dana",
            "family_name": "Ortiz",
            "email": f"staff{next(_number)}@center.example",
            "user": values.pop("user", None) or make_user(),
            "created_at": BEFORE,
            **values,
        }
    )
    member.roles = [
        StaffRole(role=role, location_id=location.id if location else None)
        for role in roles or (Role.THERAPIST,)
    ]
    return member


@factory
def make_care_team_member(client: Client, staff: StaffMember, **values: Any) -> CareTeamMember:
    return CareTeamMember(**{"client_id": client.id, "staff": staff, "from_at": BEFORE, **values})
