"""Relatives of clients: who they are and what they are to the client. Never a consent.

Columns: client number, or client given name, client family name and client birth date; given
name, family name, relationship; and, where they are known: email, phone, language. What
comes of it is a person linked to a client, who sees nothing and gets nothing: a consent is
prepared and signed as for anybody else.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import select

from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import Refused
from portal.imports import cells
from portal.imports.clients import MAX_PART, address, language
from portal.imports.importer import Importer, name_cell, read_cell
from portal.imports.models import RecordNumber
from portal.imports.report import RowState
from portal.imports.tables import TableRow
from portal.people import queries as people_queries
from portal.people import service as people
from portal.people.models import Client, FamilyMember, Relationship, RelationshipCode
from portal.people.rules import plain_name


@dataclass(frozen=True)
class Wanted:
    """What one row says of a person."""

    client_id: int
    given_name: str
    family_name: str
    code: RelationshipCode
    email: str | None
    phone: str | None
    language: str | None

    @property
    def key(self) -> tuple[int, str]:
        """One person of one client."""
        return self.client_id, plain_name((self.given_name, self.family_name))


class RelativeImporter(Importer):
    """Relatives who are new to their client."""

    required: ClassVar[frozenset[str]] = frozenset({"given name", "family name", "relationship"})
    optional: ClassVar[frozenset[str]] = frozenset(
        {
            "client number",
            "client given name",
            "client family name",
            "client birth date",
            "email",
            "phone",
            "language",
        }
    )
    shown: ClassVar[tuple[str, ...]] = ("client number", "client family name", "given name", "family name")

    def __init__(self, *, location_ids: frozenset[int] | None = None, now: datetime) -> None:
        super().__init__(location_ids=location_ids, now=now)
        self.by_number: dict[str, int] = {}
        self.by_name: dict[tuple[str, date], list[int]] = {}
        for client_id, given, family, birth_on, number in _clients(location_ids):
            self.by_name.setdefault((plain_name((given, family)), birth_on), []).append(client_id)
            if number:
                self.by_number[number] = client_id
        self.linked = _linked()
        self.seen: dict[tuple[int, str], int] = {}

    def compared(self, row: TableRow) -> tuple[RowState, object, tuple[str, ...]]:
        """New, or there already. Raises Refused."""
        wanted = Wanted(
            client_id=self._client(row),
            given_name=name_cell(row, "given name", MAX_PART),
            family_name=name_cell(row, "family name", MAX_PART),
            code=read_cell(row, "relationship", _code, "relationship_not_understood"),
            email=read_cell(row, "email", address, "cell_not_an_address"),
            phone=row.cells.get("phone", "")[:40] or None,
            language=read_cell(row, "language", language, "language_not_understood"),
        )
        if wanted.key in self.seen:
            raise Refused("person_twice", row=self.seen[wanted.key])
        self.seen[wanted.key] = row.number
        return (RowState.THERE if wanted.key in self.linked else RowState.NEW), wanted, ()

    def write(self, wanted: object, *, actor: Actor, now: datetime) -> None:
        """Link the person; somebody known by address and name is linked, not doubled."""
        assert isinstance(wanted, Wanted)
        person = people_queries.same_person(
            given_name=wanted.given_name, family_name=wanted.family_name, email=wanted.email
        ) or people.create_family_member(
            given_name=wanted.given_name,
            family_name=wanted.family_name,
            email=wanted.email,
            phone=wanted.phone,
            language=wanted.language or "en",
            actor=actor,
            now=now,
        )
        client = db.session.get_one(Client, wanted.client_id)
        people.relate(client=client, family_member=person, code=wanted.code, now=now, actor=actor)

    def _client(self, row: TableRow) -> int:
        number = row.cells.get("client number", "")
        if number:
            found = [self.by_number[number]] if number in self.by_number else []
        else:
            born = read_cell(row, "client birth date", cells.birth_day, "date_not_understood")
            name = plain_name(
                (row.cells.get("client given name", ""), row.cells.get("client family name", ""))
            )
            found = self.by_name.get((name, born), [])
        if len(found) != 1:
            raise Refused("client_unknown")
        return found[0]


def _code(text: str) -> RelationshipCode:
    return RelationshipCode("_".join(text.lower().replace("-", " ").split()))


def _clients(location_ids: frozenset[int] | None) -> list[tuple[int, str, str, date, str | None]]:
    query = (
        select(Client.id, Client.given_name, Client.family_name, Client.birth_on, RecordNumber.number)
        .outerjoin(RecordNumber, RecordNumber.client_id == Client.id)
        .where(Client.deceased_on.is_(None))
    )
    if location_ids is not None:
        query = query.where(Client.location_id.in_(location_ids))
    return [(row[0], row[1], row[2], row[3], row[4]) for row in db.session.execute(query)]


def _linked() -> set[tuple[int, str]]:
    rows = db.session.execute(
        select(Relationship.client_id, FamilyMember.given_name, FamilyMember.family_name).join(
            Relationship.family_member
        )
    )
    return {(client_id, plain_name((given, family))) for client_id, given, family in rows}
