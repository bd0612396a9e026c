"""A cancelled session takes place after all: a new one like it, everybody where they were.

What was cancelled stays cancelled, as history. Nobody is written to by this; whoever holds
a place is asked on their page whether they still come.
"""

from collections.abc import Sequence
from datetime import datetime

from portal.core.actor import Actor
from portal.core.db import db
from portal.oversight import tasks
from portal.oversight.rules import TaskKind
from portal.sessions import entering, places, planning
from portal.sessions.basis import permit_for
from portal.sessions.models import FamilySession, SignUp
from portal.sessions.models_telling import Telling
from portal.sessions.rules import SignUpState

NOT_YET_CONFIRMED = 0
"""No revision is 0, so the page asks."""


def hold(
    session: FamilySession, tellings: Sequence[Telling], *, actor: Actor, now: datetime
) -> tuple[FamilySession, dict[Telling, SignUp]]:
    """Plan and publish the same session again and put everybody back whom the gate still lets in.

    Returns it with the new sign-up of each telling. Raises Refused starts_in_past.
    """
    made = planning.create(
        location_id=session.location_id,
        timezone=session.timezone,
        plan=planning.plan_of(session),
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        series_id=session.series_id,
        actor=actor,
        now=now,
    )
    planning.publish(session_id=made.id, actor=actor, now=now)
    back = {each: _back(each, made, actor, now) for each in tellings}
    db.session.flush()
    return made, {telling: sign_up for telling, sign_up in back.items() if sign_up is not None}


def _back(telling: Telling, session: FamilySession, actor: Actor, now: datetime) -> SignUp | None:
    """One person's place or turn as it was; None where no permission covers it any more."""
    old = telling.sign_up
    known = places.live_sign_up(session.id, old.family_member_id)  # a standing place came first
    if known is not None:
        return known
    if old.relationship_id is not None and not permit_for(
        session, family_member_id=old.family_member_id, at=now
    ):
        return None
    made = SignUp(
        session=session,
        family_member_id=old.family_member_id,
        relationship_id=old.relationship_id,
        state=_state(telling.held),
        queue_number=old.queue_number,
        made_at=now,
        made_by_staff_id=old.made_by_staff_id,
        way_of_contact=old.way_of_contact,
        confirmed_for_revision=NOT_YET_CONFIRMED,
        responsible_adult_id=old.responsible_adult_id,
    )
    db.session.add(made)
    db.session.flush()
    places.note(made, "held_again", actor=actor, now=now)
    places.audit_change(made, None, "held_again", actor=actor, now=now)
    entering.need(made, interpreter=old.interpreter, access_need=old.access_need, actor=actor, now=now)
    if made.state is SignUpState.REQUESTED:
        _ask_staff(made, actor, now)
    return made


def _state(held: SignUpState) -> SignUpState:
    """An offer ends once: whoever had one has the first turn in line again."""
    return SignUpState.WAITLISTED if held is SignUpState.OFFERED else held


def _ask_staff(made: SignUp, actor: Actor, now: datetime) -> None:
    tasks.open_task(
        TaskKind.APPROVAL,
        subject=entering.subject(made),
        actor=actor,
        now=now,
        location_id=made.session.location_id,
        owner_id=made.session.facilitator_id,
        client_id=places.client_of(made),
    )
