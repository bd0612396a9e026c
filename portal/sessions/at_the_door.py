"""Finding whoever stands at the door. Nobody is found without a consent that is usable now.

A stranger, a known person without a consent and a person of another team give the same
answer: nothing.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.core.db import db
from portal.people import queries as people
from portal.people.models import Client, FamilyMember, Relationship, StaffMember
from portal.people.rules import plain_name
from portal.sessions import desk
from portal.sessions.models import FamilySession, SignUp

LEAST_LETTERS = 2
MOST = 10


@dataclass(frozen=True)
class Found:
    """Somebody who may come in. `sign_up`: their place or turn, if they have one already."""

    person: FamilyMember
    clients: list[Client]
    """The clients of this staff member whom the person belongs to."""
    sign_up: SignUp | None = None


def find(*, staff: StaffMember, session: FamilySession, typed: str, now: datetime) -> list[Found]:
    """Everybody of one's own whose names begin as typed, at most ten; a fixed number of statements."""
    words = plain(typed).split()
    if len("".join(words)) < LEAST_LETTERS:
        return []
    roster = desk.roster_for(staff=staff, session=session, now=now)
    signed_up = {row.sign_up.family_member_id: row for row in roster.seen if row.is_consent_usable}
    known = [row.sign_up.family_member for row in signed_up.values()]
    others = desk.people_to_enter(staff=staff, session=session, now=now)
    matching = [each for each in (*known, *others) if is_named(each, words)][:MOST]
    clients = _clients_of(matching, staff, now)
    return [
        Found(
            person=each,
            clients=clients.get(each.id, []),
            sign_up=signed_up[each.id].sign_up if each.id in signed_up else None,
        )
        for each in matching
    ]


def is_named(person: FamilyMember, words: Sequence[str]) -> bool:
    """Whether each word begins a part of the person's name."""
    parts = plain(person.full_name).split()
    return all(any(part.startswith(word) for part in parts) for word in words)


def plain(name: str) -> str:
    """A name as it is compared: no capitals, no accents."""
    apart = unicodedata.normalize("NFKD", plain_name([name]))
    return "".join(each for each in apart if not unicodedata.combining(each))


def _clients_of(found: Sequence[FamilyMember], staff: StaffMember, now: datetime) -> dict[int, list[Client]]:
    query = (
        select(Relationship.family_member_id, Client)
        .join(Client, Client.id == Relationship.client_id)
        .where(
            Relationship.family_member_id.in_([each.id for each in found]),
            Relationship.ended_at.is_(None),
            people.caseload(staff, now),
        )
        .order_by(Client.given_name, Client.id)
    )
    clients: dict[int, list[Client]] = {}
    for family_member_id, client in db.session.execute(query):
        clients.setdefault(family_member_id, []).append(client)
    return clients
