"""Telling everybody about a change: the mails that were queued, and the calls that are ticked off.

One task a change asks staff to call; it ends by itself when everybody is reached or called.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import select

from portal.audit import service as audit
from portal.core.actor import Actor
from portal.core.clock import local_date
from portal.core.db import db
from portal.core.errors import NotFound
from portal.mail.models import OutboundMessage
from portal.oversight import tasks
from portal.oversight.rules import TaskKind
from portal.sessions import places
from portal.sessions.models import FamilySession, SignUp
from portal.sessions.models_telling import ClosedDay, SessionChange, Telling
from portal.sessions.reach import ChangeKind
from portal.sessions.rules import SignUpState

ANSWERS = ("told", "comes", "cannot_come")


def begin(
    *,
    session: FamilySession,
    kind: ChangeKind,
    starts_at: datetime,
    mails: Mapping[SignUp, OutboundMessage | None],
    actor: Actor,
    now: datetime,
    asks_again: bool = False,
    closed_day: ClosedDay | None = None,
    held: Mapping[int, SignUpState] | None = None,
    unneeded: frozenset[int] = frozenset(),
) -> SessionChange | None:
    """Write down whom a change concerns and which mail tells them; None where it concerns nobody.

    `asks_again`: the people are asked whether they still come. `held`: sign-up id → its
    state before. `unneeded`: the ids of sign-ups whose people never heard of what is taken
    back. A change of a closed day is written down though it concerns nobody.
    """
    if not mails and closed_day is None:
        return None
    change = SessionChange(
        session=session,
        closed_day_id=closed_day.id if closed_day else None,
        kind=kind,
        starts_at=starts_at,
        asks_revision=session.time_revision if asks_again else None,
        at=now,
        by_id=actor.id if actor.kind == "staff" else None,
    )
    db.session.add(change)
    for sign_up, message in mails.items():
        db.session.add(
            Telling(
                change=change,
                sign_up=sign_up,
                held=(held or {}).get(sign_up.id, sign_up.state),
                message_id=message.id if message else None,
                is_needed=sign_up.id not in unneeded,
            )
        )
    db.session.flush()
    return change


def ask_to_call(change: SessionChange, *, actor: Actor, now: datetime) -> None:
    """Open the one task of a change's call list."""
    session = change.session
    tasks.open_task(
        TaskKind.CALL,
        subject=subject(change),
        actor=actor,
        now=now,
        location_id=session.location_id,
        due_on=local_date(max(change.starts_at, now), session.timezone),
    )


def take_back(tellings: Iterable[Telling], *, actor: Actor, now: datetime) -> None:
    """Nobody needs to hear this news any more; who was called stays noted."""
    for each in tellings:
        each.is_needed = False
        tasks.drop(TaskKind.CALL, subjects=[subject(each.change)], actor=actor, now=now)


def subject(change: SessionChange) -> str:
    """What the task of a call list is about."""
    return f"change:{change.id}"


def locked(telling_id: int, change_id: int) -> Telling:
    """One line of a call list, locked until the transaction ends. Raises NotFound."""
    query = (
        select(Telling)
        .where(Telling.id == telling_id, Telling.change_id == change_id)
        .with_for_update(of=Telling)
        .execution_options(populate_existing=True)
    )
    telling = db.session.scalar(query)
    if telling is None:
        raise NotFound
    return telling


def tick(telling: Telling, *, answer: str, actor: Actor, now: datetime) -> None:
    """Somebody was called, and this is what they said. Ticking twice keeps the first call."""
    if answer not in ANSWERS:
        raise NotFound
    if telling.called_at is not None:
        return
    telling.called_at, telling.called_by_id, telling.answer = now, actor.id, answer
    _audit("session.called", telling, actor, now)


def untick(telling: Telling, *, actor: Actor, now: datetime) -> None:
    """That was a slip: nobody called them, and nobody said that they come."""
    if telling.called_at is None:
        return
    _audit("session.call_taken_back", telling, actor, now)
    asked = telling.change.asks_revision
    if telling.answer == "comes" and asked is not None:
        telling.sign_up.confirmed_for_revision = asked - 1
        places.note(telling.sign_up, "time_unconfirmed", actor=actor, now=now)
    telling.called_at = telling.called_by_id = telling.answer = None


def _audit(kind: str, telling: Telling, actor: Actor, now: datetime) -> None:
    relationship = telling.sign_up.relationship
    audit.record(
        kind,
        actor=actor,
        now=now,
        client_id=relationship.client_id if relationship else None,
        session_id=telling.change.session_id,
        sign_up_id=telling.sign_up_id,
        answer=telling.answer,
    )
