"""Taking picked lessons back, one or a whole pack, and picking them again while the page is open.

What somebody has read stays theirs. A closed row never opens again: the way back picks anew.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from portal.core.actor import Actor
from portal.core.clock import local_date
from portal.core.db import db
from portal.core.errors import NotFound
from portal.education import assigning
from portal.education.models import Assignment
from portal.people.models import Relationship

WITHDRAWN = "withdrawn"


def withdraw_pack(
    *, client_id: int, relationship_id: int, pack_code: str, actor: Actor, now: datetime
) -> list[Assignment]:
    """Take back every lesson that came with this pack for one person; those that were open.

    Raises NotFound for somebody who is not family of this client. Twice is the same as once.
    """
    relationship = db.session.get(Relationship, relationship_id)
    if relationship is None or relationship.client_id != client_id:
        raise NotFound
    wanted = assigning.open_for(relationship_id).where(Assignment.pack_code == pack_code)
    open_ones = list(db.session.scalars(wanted.order_by(Assignment.id).with_for_update()))
    for assignment in open_ones:
        assigning.close(assignment, WITHDRAWN, actor, now)
    return open_ones


def put_back(
    *, client_id: int, assignment_ids: Sequence[int], actor: Actor, now: datetime
) -> list[Assignment]:
    """Pick again what was withdrawn, with its day, note and pack; a day that lies behind is left out.

    Asks the consent again, and raises as `assigning.assign` does; NotFound for a lesson that
    was not withdrawn or belongs to another client. Twice is the same as once.
    """
    closed = list(
        db.session.scalars(
            select(Assignment)
            .join(Assignment.relationship)
            .where(
                Assignment.id.in_(assignment_ids),
                Relationship.client_id == client_id,
                Assignment.closed_reason == WITHDRAWN,
            )
            .order_by(Assignment.id)
        )
    )
    if not closed or len(closed) != len(set(assignment_ids)):
        raise NotFound
    return [_again(one, actor, now) for one in closed]


def _again(one: Assignment, actor: Actor, now: datetime) -> Assignment:
    day, today = one.suggested_by_on, local_date(now, one.relationship.client.location.timezone)
    return assigning.assign(
        relationship_id=one.relationship_id,
        module_id=one.module_id,
        suggested_by_on=day if day and day >= today else None,
        note_code=one.note_code,
        pack_code=one.pack_code,
        actor=actor,
        now=now,
    )
