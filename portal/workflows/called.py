"""Somebody was telephoned about a change: ticked off, disclosed, and their answer kept."""

from datetime import datetime

from portal.consent.rules import Scope
from portal.core.actor import Actor
from portal.core.errors import Refused
from portal.disclosure import gate
from portal.disclosure import service as disclosure
from portal.disclosure.models import Channel
from portal.oversight import tasks
from portal.oversight.rules import TaskKind
from portal.sessions import calls, service, telling
from portal.sessions.models_telling import SessionChange, Telling
from portal.sessions.reach import ChangeKind
from portal.sessions.rules import LIVE_SIGN_UP


def called(*, change_id: int, telling_id: int, answer: str, actor: Actor, now: datetime) -> Telling:
    """Tick somebody off as called; "comes" and "cannot come" are kept with their place.

    Raises NotFound, and Refused call_not_allowed where the consent is not usable now: what
    was said by telephone is a disclosure, too.
    """
    line = telling.locked(telling_id, change_id)
    if line.called_at is not None:
        return line
    _disclose(line, now)
    _keep_answer(line, answer, actor, now)
    telling.tick(line, answer=answer, actor=actor, now=now)
    end_task(line.change, actor=actor, now=now)
    return line


def not_called(*, change_id: int, telling_id: int, actor: Actor, now: datetime) -> Telling:
    """Take a tick back: a slip of the finger. A place that was given up stays given up."""
    line = telling.locked(telling_id, change_id)
    telling.untick(line, actor=actor, now=now)
    if calls.is_somebody_left(line.change, now):
        telling.ask_to_call(line.change, actor=actor, now=now)
    return line


def end_task(change: SessionChange, *, actor: Actor, now: datetime) -> None:
    """End the task of a call list on which nobody is left."""
    if not calls.is_somebody_left(change, now):
        tasks.finish_about(TaskKind.CALL, subject=telling.subject(change), actor=actor, now=now)


def _keep_answer(line: Telling, answer: str, actor: Actor, now: datetime) -> None:
    if line.change.kind is ChangeKind.CANCELLED or line.sign_up.state not in LIVE_SIGN_UP:
        return
    if answer == "comes":
        service.confirm_time(sign_up_id=line.sign_up_id, actor=actor, now=now)
    elif answer == "cannot_come":
        service.give_up(sign_up_id=line.sign_up_id, actor=actor, now=now)


def _disclose(line: Telling, now: datetime) -> None:
    relationship = line.sign_up.relationship
    if relationship is None:
        return
    permit = gate.may_disclose(
        client_id=relationship.client_id,
        family_member_id=relationship.family_member_id,
        scope=Scope.SESSIONS,
        at=now,
        lock=True,
    )
    if not isinstance(permit, gate.Permit):
        raise Refused("call_not_allowed")
    disclosure.record_new(
        [(permit, f"session:{line.change.session_id}", Channel.PHONE)], occasion=f"call:{line.id}", now=now
    )
