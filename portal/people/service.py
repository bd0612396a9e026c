"""People: one function per verb. Invitations stand in `people.invitations`."""

from datetime import date, datetime

from sqlalchemy import select

from portal.audit import service as audit
from portal.center.models import Location, Program
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import Refused
from portal.people import invitations
from portal.people.models import (
    CareTeamMember,
    Client,
    Episode,
    EpisodeStatus,
    FamilyMember,
    Relationship,
    RelationshipCode,
    StaffMember,
)
from portal.people.rules import plain_email

open_invitation = invitations.open_invitation
new_code = invitations.new_code
end_invitations = invitations.end_invitations


def create_client(
    *,
    location: Location,
    given_name: str,
    family_name: str,
    birth_on: date,
    email: str | None = None,
    language: str = "en",
    client_id: int | None = None,
    actor: Actor,
    now: datetime,
) -> Client:
    """A client without an episode, an account or a consent.

    `client_id` is the key that a form chose when it was shown, so that a second press
    of its button finds the first one's client.
    """
    client = Client(
        location=location,
        given_name=given_name.strip(),
        family_name=family_name.strip(),
        birth_on=birth_on,
        email=plain_email(email),
        language=language,
        created_at=now,
    )
    if client_id is not None:
        client.id = client_id
    db.session.add(client)
    db.session.flush()
    audit.record("client.created", actor=actor, now=now, client_id=client.id)
    return client


def start_episode(*, client: Client, program: Program, started_on: date) -> Episode:
    """One course of care in `program`; `workflows.intake` enrols it and audits."""
    episode = Episode(client=client, program=program, started_on=started_on)
    db.session.add(episode)
    db.session.flush()
    return episode


def join_care_team(*, client: Client, staff: StaffMember, actor: Actor, now: datetime) -> CareTeamMember:
    """Put a therapist on the client's care team from now on."""
    member = CareTeamMember(client_id=client.id, staff=staff, from_at=now)
    db.session.add(member)
    audit.record("care_team.joined", actor=actor, now=now, client_id=client.id, staff_id=staff.id)
    return member


def create_family_member(
    *,
    given_name: str,
    family_name: str,
    email: str | None = None,
    phone: str | None = None,
    language: str = "en",
    actor: Actor,
    now: datetime,
) -> FamilyMember:
    """A person whom a client may let in. Grants nothing."""
    person = FamilyMember(
        given_name=given_name.strip(),
        family_name=family_name.strip(),
        email=plain_email(email),
        phone=(phone or "").strip() or None,
        language=language,
        created_at=now,
    )
    db.session.add(person)
    db.session.flush()
    audit.record("family_member.created", actor=actor, now=now, family_member_id=person.id)
    return person


def relate(
    *, client: Client, family_member: FamilyMember, code: RelationshipCode, now: datetime, actor: Actor
) -> Relationship:
    """Link a person to a client. Refused `already_related` where they are linked already."""
    known = select(Relationship.id).filter_by(client_id=client.id, family_member_id=family_member.id)
    if db.session.scalar(known) is not None:
        raise Refused("already_related")
    relationship = Relationship(client=client, family_member=family_member, code=code, created_at=now)
    db.session.add(relationship)
    db.session.flush()
    audit.record(
        "relationship.created",
        actor=actor,
        now=now,
        client_id=client.id,
        relationship_id=relationship.id,
        family_member_id=family_member.id,
    )
    return relationship


def end_episode(*, episode: Episode, ended_on: date, finished: bool, actor: Actor, now: datetime) -> None:
    """A course of care is over: finished, or left before its end."""
    episode.status = EpisodeStatus.FINISHED if finished else EpisodeStatus.CANCELLED
    episode.ended_on = ended_on
    audit.record(
        "client.discharged",
        actor=actor,
        now=now,
        client_id=episode.client_id,
        episode_id=episode.id,
        ended_on=ended_on.isoformat(),
        finished=finished,
    )


def record_death(*, client: Client, died_on: date, actor: Actor, now: datetime) -> None:
    """Every disclosure stops with it; `workflows.client_died` does the rest (42 CFR 2.15)."""
    client.deceased_on = died_on
    audit.record("client.died", actor=actor, now=now, client_id=client.id)


def take_back_death(*, client: Client, actor: Actor, now: datetime) -> None:
    """It was entered for the wrong client."""
    client.deceased_on = None
    audit.record("client.death_taken_back", actor=actor, now=now, client_id=client.id)


def set_family_contact(*, client: Client, unwanted: bool, actor: Actor, now: datetime) -> None:
    """ "Prefers no family contact", or no longer: it stops every prompt, and no permission."""
    client.no_family_contact = unwanted
    audit.record("client.family_contact", actor=actor, now=now, client_id=client.id, unwanted=unwanted)
