"""Tell the team something: one way in, and a task with a named owner."""

from datetime import datetime, timedelta

from sqlalchemy import select

from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import Refused
from portal.oversight import tasks
from portal.oversight.models import TeamMessage
from portal.oversight.rules import TaskKind
from portal.people import queries as people
from portal.people.models import Client, FamilyMember, Relationship

LONGEST = 2000
JUST_NOW = timedelta(minutes=10)


def tell(
    *, family_member: FamilyMember, body: str, call_back: str, actor: Actor, now: datetime
) -> TeamMessage:
    """Keep what was told and give it to whoever knows the family; raises Refused("nothing_told").

    It comes in whether or not a consent stands: hearing somebody out discloses nothing.
    """
    if not body.strip():
        raise Refused("nothing_told", field="body")
    known = _just_told(family_member.id, body.strip(), now)
    if known:
        return known
    message = TeamMessage(
        family_member_id=family_member.id, body=body.strip(), call_back=call_back.strip(), sent_at=now
    )
    db.session.add(message)
    db.session.flush()
    client = _client_of(family_member)
    team = people.care_team_of(client.id, now) if client else []
    tasks.open_task(
        TaskKind.MESSAGE,
        subject=f"message:{message.id}",
        location_id=client.location_id if client else None,
        owner_id=team[0].id if team else None,
        actor=actor,
        now=now,
    )
    return message


def _just_told(family_member_id: int, body: str, now: datetime) -> TeamMessage | None:
    """The same words a moment ago: a double press is one message."""
    return db.session.scalars(
        select(TeamMessage).where(
            TeamMessage.family_member_id == family_member_id,
            TeamMessage.body == body,
            TeamMessage.sent_at > now - JUST_NOW,
        )
    ).first()


def _client_of(family_member: FamilyMember) -> Client | None:
    """Whose care team hears it: the client who named this person last."""
    return db.session.scalars(
        select(Client)
        .join(Relationship, Relationship.client_id == Client.id)
        .where(Relationship.family_member_id == family_member.id)
        .order_by(Relationship.created_at.desc(), Relationship.id)
        .limit(1)
    ).one_or_none()
