"""How a sign-up comes to be: a place, a request, or the next number in line.

Runs while the consent and the session row are locked; who calls it has asked the gate.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from portal.core.actor import Actor
from portal.core.clock import local_date
from portal.core.db import db
from portal.core.errors import Refused, TooLate
from portal.oversight import tasks
from portal.oversight.rules import TaskKind
from portal.sessions import apart, client_part, notices, places, rules
from portal.sessions.models import FamilySession, SignUp
from portal.sessions.rules import AccessNeed, Interpreter, SignUpState


@dataclass(frozen=True)
class Wish:
    """Who is to come, and what they need."""

    family_member_id: int
    relationship_id: int | None
    staff_id: int | None = None
    way_of_contact: str | None = None
    interpreter: Interpreter | None = None
    access_need: AccessNeed | None = None
    standing_place_id: int | None = None
    brought_by_id: int | None = None
    responsible_adult_id: int | None = None


def enter(session: FamilySession, wish: Wish, *, actor: Actor, now: datetime, or_wait: bool = True) -> SignUp:
    """Give the person what there is for them; the session row is locked and settled.

    Raises Refused just_filled (with `or_wait` off), not_open_for_you, kept_apart.
    """
    apart.refuse(session.id, wish.family_member_id, actor)
    count = places.tally(session.id, now)
    state = _state(session, count.taken, actor, wish.standing_place_id)
    if state is SignUpState.WAITLISTED and not or_wait:
        raise Refused("just_filled")
    made = SignUp(
        session=session,
        family_member_id=wish.family_member_id,
        relationship_id=wish.relationship_id,
        state=state,
        queue_number=count.last_number + 1,
        made_at=now,
        made_by_staff_id=wish.staff_id,
        way_of_contact=wish.way_of_contact,
        confirmed_for_revision=session.time_revision,
        standing_place_id=wish.standing_place_id,
        brought_by_id=wish.brought_by_id,
        responsible_adult_id=wish.responsible_adult_id,
    )
    _insert(made, actor, now)
    if made.state is SignUpState.PLACED and count.waiting:
        places.note_passed_over(session, actor=actor, now=now)
    need(made, interpreter=wish.interpreter, access_need=wish.access_need, actor=actor, now=now)
    _follow(made, actor, now)
    return made


def need(
    sign_up: SignUp,
    *,
    interpreter: Interpreter | None,
    access_need: AccessNeed | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Write down an interpreter or access request; a task asks staff to see to it."""
    if (sign_up.interpreter, sign_up.access_need) == (interpreter, access_need):
        return
    sign_up.interpreter, sign_up.access_need = interpreter, access_need
    places.note(sign_up, "need_changed", actor=actor, now=now)
    if interpreter or access_need:
        _ask_staff(TaskKind.INTERPRETER, sign_up, actor, now)
    else:
        tasks.drop(TaskKind.INTERPRETER, subjects=[subject(sign_up)], actor=actor, now=now)


def no_longer_asked(sign_up: SignUp, *, actor: Actor, now: datetime) -> None:
    """The sign-up has ended: nobody has to decide on it or find an interpreter any more."""
    for kind in (TaskKind.APPROVAL, TaskKind.INTERPRETER):
        tasks.drop(kind, subjects=[subject(sign_up)], actor=actor, now=now)


def subject(sign_up: SignUp) -> str:
    """What a task about one sign-up is about."""
    return f"session:{sign_up.session_id}/{sign_up.id}"


def _state(session: FamilySession, taken: int, actor: Actor, standing_place_id: int | None) -> SignUpState:
    if session.needs_approval and actor.kind == "family" and standing_place_id is None:
        return SignUpState.REQUESTED
    return rules.first_state(rules.places_left(session.capacity, taken))


def _insert(made: SignUp, actor: Actor, now: datetime) -> None:
    db.session.add(made)
    try:
        db.session.flush()
    except IntegrityError as error:  # the index of live sign-ups: somebody was faster
        raise TooLate from error
    places.note(made, made.state.value, actor=actor, now=now, reason=made.way_of_contact)
    places.audit_change(made, None, "sign_up", actor=actor, now=now)


def _follow(made: SignUp, actor: Actor, now: datetime) -> None:
    """Tell the person, ask the client, or give staff something to decide."""
    if made.state is SignUpState.REQUESTED:
        _ask_staff(TaskKind.APPROVAL, made, actor, now)
    if made.state is SignUpState.PLACED and made.standing_place_id is None:  # told of once
        notices.placed(made, now=now)
    client_id = places.client_of(made)
    if made.session.with_client and client_id is not None:
        client_part.ask(session=made.session, client_id=client_id, actor=actor, now=now)


def _ask_staff(kind: TaskKind, sign_up: SignUp, actor: Actor, now: datetime) -> None:
    session = sign_up.session
    tasks.open_task(
        kind,
        subject=subject(sign_up),
        actor=actor,
        now=now,
        location_id=session.location_id,
        owner_id=session.facilitator_id,
        client_id=places.client_of(sign_up),
        due_on=local_date(session.starts_at, session.timezone),
    )
