"""At the telephone: what may be said to a caller, and what was."""

from collections.abc import Collection
from datetime import datetime

from portal.audit import service as audit
from portal.consent.rules import Scope
from portal.core.actor import Actor
from portal.core.errors import Refused
from portal.disclosure import service
from portal.disclosure.gate import Permit, permits
from portal.disclosure.models import Channel
from portal.people import phone_words
from portal.people.models import Relationship, StaffMember


def look_up(
    *, staff: StaffMember, name: str, word: str, key: str, actor: Actor, now: datetime
) -> tuple[Relationship, list[Permit]] | None:
    """The caller and what may be said; None: the standard sentence, whatever the cause (2.13(c)).

    Each use is audited, those that found nobody as well.
    """
    found = phone_words.caller(staff=staff, name=name, word=word, key=key, now=now)
    held = _permits(found, now) if found else []
    audit.record(
        "call.looked_up",
        actor=actor,
        now=now,
        client_id=found.client_id if found and held else None,
        relationship_id=found.id if found and held else None,
    )
    return (found, held) if found and held else None


def told(
    relationship: Relationship, *, call: str, scopes: Collection[Scope], actor: Actor, now: datetime
) -> None:
    """Write into the ledger what was said, once for each `call`; asks the gate again.

    Raises Refused: nothing_chosen, or changed_meanwhile where a consent no longer allows it.
    """
    if not scopes:
        raise Refused("nothing_chosen", field="scopes")
    held = {permit.scope: permit for permit in _permits(relationship, now)}
    if not set(scopes) <= set(held):
        raise Refused("changed_meanwhile")
    noted = [(held[scope], "call", Channel.PHONE) for scope in scopes]
    if not service.record(noted, occasion=f"call:{call}", now=now):
        return  # the same button pressed twice
    audit.record(
        "call.told",
        actor=actor,
        now=now,
        client_id=relationship.client_id,
        relationship_id=relationship.id,
        scopes=sorted(scope.value for scope in scopes),
    )


def _permits(relationship: Relationship, now: datetime) -> list[Permit]:
    held = permits(family_member_id=relationship.family_member_id, at=now)
    return [permit for permit in held if permit.relationship_id == relationship.id]
