"""From one state of a consent to the next.

`move` is the only way: it asks `rules.TRANSITIONS` and updates the row only while it is still
in the state the caller saw. Row, history and audit change together.
"""

from datetime import datetime

from sqlalchemy import select, update

from portal.audit import service as audit
from portal.consent import rules
from portal.consent.models import Consent, ConsentEvent
from portal.consent.rules import Event, State
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import TooLate
from portal.people.models import Client


def lock_pair(consent: Consent) -> None:
    """Lock every consent of the pair, by id: two signatures at once wait for each other."""
    db.session.flush()
    list(
        db.session.scalars(
            select(Consent)
            .where(
                Consent.client_id == consent.client_id, Consent.family_member_id == consent.family_member_id
            )
            .order_by(Consent.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


def lock_of(client: Client) -> list[Consent]:
    """Every consent of the client's, locked by id before anything else (lock order)."""
    db.session.flush()
    return list(
        db.session.scalars(
            select(Consent)
            .where(Consent.client_id == client.id)
            .order_by(Consent.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


def move(
    consent: Consent, event: Event, *, actor: Actor, now: datetime, reason: str | None = None
) -> Consent:
    """One step of the state machine. Raises TooLate where it cannot happen (any more)."""
    before = consent.state
    after = rules.next_state(before, event)
    if after is None:
        raise TooLate
    db.session.flush()
    moved = db.session.execute(
        update(Consent)
        .where(Consent.id == consent.id, Consent.state == before)
        .values(state=after, state_changed_at=now)
        .execution_options(synchronize_session="fetch")
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise TooLate
    return note_step(consent, event, actor=actor, now=now, to=after, before=before, reason=reason)


def note_step(
    consent: Consent,
    event: Event,
    *,
    actor: Actor,
    now: datetime,
    to: State,
    before: State | None = None,
    reason: str | None = None,
) -> Consent:
    """Write one step into the history and the audit; `before` None: the state does not change."""
    before = before or consent.state
    consent.events.append(
        ConsentEvent(
            event=event,
            from_state=before,
            to_state=to,
            at=now,
            actor_kind=actor.kind,
            actor_id=actor.id,
            reason=(reason or "").strip()[:200] or None,
        )
    )
    db.session.flush()
    audit.record(
        "consent.changed_state",
        actor=actor,
        now=now,
        client_id=consent.client_id,
        consent_id=consent.id,
        from_state=before,
        to_state=to,
        event=event,
    )
    return consent


def live_of_pair(consent: Consent) -> list[Consent]:
    """What is active or on hold for the same client and person, by id."""
    return list(
        db.session.scalars(
            select(Consent)
            .where(
                Consent.client_id == consent.client_id,
                Consent.family_member_id == consent.family_member_id,
                Consent.state.in_(rules.LIVE),
            )
            .order_by(Consent.id)
        )
    )
