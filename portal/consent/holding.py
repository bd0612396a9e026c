"""A consent on hold: put on hold at once, agree to its end, undo what was pressed on the wrong row."""

from datetime import datetime

from portal.consent import rules, states
from portal.consent.models import Consent, HoldKind
from portal.consent.rules import Event, State
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import Refused

OWN_HANDS = frozenset({"client", "desk"})
"""Actors behind which the client stands in person: their own account, or the desk's tablet."""


def hold(
    *, consent: Consent, kind: HoldKind | str, actor: Actor, now: datetime, note: str | None = None
) -> Consent:
    """Pause at once: the client said so, or somebody's safety asks for it."""
    states.lock_pair(consent)
    held = states.move(consent, Event.HOLD, actor=actor, now=now, reason=note)
    held.hold_kind = HoldKind(kind)
    db.session.flush()
    return held


def lift_hold(*, consent: Consent, actor: Actor, now: datetime) -> Consent:
    """End a hold. A spoken one is the client's alone; a safety hold needs client and clinician.

    The first of the two to agree to the end of a safety hold leaves a step in the history;
    the hold ends with the second.
    """
    states.lock_pair(consent)
    side = "client" if actor.kind in OWN_HANDS else actor.kind
    if consent.state is State.ON_HOLD and consent.hold_kind is HoldKind.SAFETY:
        if sides_agreed(consent) | {side} != {"client", "staff"}:
            return states.note_step(consent, Event.LIFT_HOLD, actor=actor, now=now, to=State.ON_HOLD)
    elif side != "client":
        raise Refused("only_client_lifts")
    return _lift(consent, actor, now, None)


def undo_hold(*, consent: Consent, actor: Actor, now: datetime) -> Consent:
    """The staff member who pressed "Hold now" takes it back within 10 minutes as "wrong row"."""
    states.lock_pair(consent)
    if not may_undo_hold(consent, actor=actor, at=now):
        raise Refused("hold_undo_over")
    return _lift(consent, actor, now, "wrong_row")


def sides_agreed(consent: Consent) -> set[str]:
    """Who already agreed to the end of the present hold: client, staff."""
    sides: set[str] = set()
    for step in consent.events:
        if step.event is Event.HOLD:
            sides = set()
        elif step.event is Event.LIFT_HOLD and step.to_state is State.ON_HOLD:
            sides.add("client" if step.actor_kind in OWN_HANDS else step.actor_kind)
    return sides


def may_undo_hold(consent: Consent, *, actor: Actor, at: datetime) -> bool:
    """Whether this staff member may still say that the hold was pressed on the wrong row."""
    holds = [step for step in consent.events if step.event is Event.HOLD]
    return (
        consent.state is State.ON_HOLD
        and consent.hold_kind is not HoldKind.NEW_EPISODE
        and bool(holds)
        and (holds[-1].actor_kind, holds[-1].actor_id) == (actor.kind, actor.id)
        and actor.kind == "staff"
        and at < holds[-1].at + rules.UNDO_WINDOW
    )


def _lift(consent: Consent, actor: Actor, now: datetime, reason: str | None) -> Consent:
    lifted = states.move(consent, Event.LIFT_HOLD, actor=actor, now=now, reason=reason)
    lifted.hold_kind = None
    db.session.flush()
    return lifted
