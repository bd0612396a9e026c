"""A client names a person alone, in their own account: a draft to read and sign, and a task to invite.

The person is always entered anew, even where somebody with this name and address is known:
to say so would tell one client of another one's family (42 CFR 2.13). Staff see both.
"""

from dataclasses import dataclass
from datetime import datetime

from portal.consent import preparing
from portal.consent.models import Consent
from portal.consent.rules import names_one_person
from portal.core.actor import Actor
from portal.core.errors import Refused
from portal.oversight import tasks
from portal.oversight.rules import TaskKind
from portal.people import queries
from portal.people import service as people
from portal.people.models import Client, RelationshipCode
from portal.people.rules import plain_name


@dataclass(frozen=True)
class Named:
    """One person, as the client names them; how to reach them may be left to the office."""

    given_name: str
    family_name: str
    code: RelationshipCode
    email: str | None = None
    phone: str | None = None


def add(*, client: Client, person: Named, language: str, actor: Actor, now: datetime) -> Consent:
    """Enter the person and prepare a consent without any box; grants nothing, mails nothing.

    Raises Refused missing_recipient_name, already_named (field given_name), and what
    `preparing.prepare` raises.
    """
    _refuse(client, person)
    member = people.create_family_member(
        given_name=person.given_name,
        family_name=person.family_name,
        email=person.email,
        phone=person.phone,
        language=language,
        actor=actor,
        now=now,
    )
    relationship = people.relate(client=client, family_member=member, code=person.code, now=now, actor=actor)
    consent = preparing.prepare(
        relationship=relationship,
        scopes=(),
        expires_on=None,
        purpose="own_request",
        language=language,
        actor=actor,
        now=now,
    )
    tasks.open_task(
        TaskKind.NAMED,
        subject=f"client:{client.id}/{relationship.id}",
        actor=actor,
        now=now,
        location_id=client.location_id,
        client_id=client.id,
    )
    return consent


def _refuse(client: Client, person: Named) -> None:
    name = (person.given_name, person.family_name)
    if not all(part.strip() for part in name) or not names_one_person(" ".join(name)):
        raise Refused("missing_recipient_name", field="given_name")
    known = [each.family_member for each in queries.relationships_of([client.id])]
    if plain_name(name) in {plain_name((each.given_name, each.family_name)) for each in known}:
        raise Refused("already_named", field="given_name")
