"""The word for the telephone: a client and a relative agree on it, and the desk asks for it."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from portal.audit import service as audit
from portal.core import tokens
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import Refused
from portal.people import queries
from portal.people.models import Client, Relationship, StaffMember
from portal.people.rules import plain_name

SHORTEST, LONGEST = 6, 60
"""Letters and digits of the word."""


def set_word(relationship: Relationship, *, word: str, key: str, actor: Actor, now: datetime) -> None:
    """Put a word in force, or none when it is empty; raises Refused("phone_word_short")."""
    plain = tokens.plain_code(word)
    if plain and not SHORTEST <= len(plain) <= LONGEST:
        raise Refused("phone_word_short", field="word", least=SHORTEST)
    relationship.phone_word_digest = tokens.code_digest(word, key) if plain else None
    audit.record(
        "phone_word.set",
        actor=actor,
        now=now,
        client_id=relationship.client_id,
        relationship_id=relationship.id,
        is_set=bool(plain),
    )


def caller(*, staff: StaffMember, name: str, word: str, key: str, now: datetime) -> Relationship | None:
    """Who is calling, by name and word, among the people of this staff member's clients.

    None alike for an unknown name, another word, no word agreed on, and two people it could be.
    """
    digest = tokens.code_digest(word, key)
    found = db.session.scalars(
        select(Relationship)
        .join(Relationship.client)
        .join(Relationship.family_member)
        .where(
            queries.caseload(staff, now),
            Relationship.ended_at.is_(None),
            Relationship.phone_word_digest == digest,
        )
        .options(contains_eager(Relationship.client).joinedload(Client.location))
        .options(contains_eager(Relationship.family_member))
    ).all()
    wanted = plain_name([name])
    same = [each for each in found if plain_name([each.family_member.full_name]) == wanted]
    return same[0] if len(same) == 1 else None
