"""The state machine: every state, every event, once as a rule and once through the database."""

import itertools

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.audit.models import AuditEntry
from portal.consent import rules, states
from portal.consent.models import Consent, ConsentEvent
from portal.consent.rules import Event, State
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.core.errors import TooLate
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent

MACHINE = """
draft              send_to_sign           pending_signature
draft              lapse                  lapsed
draft              mark_entered_in_error  entered_in_error
pending_signature  sign                   active
pending_signature  sign_first             pending_guardian
pending_guardian   sign                   active
pending_guardian   lapse                  lapsed
pending_guardian   mark_entered_in_error  entered_in_error
pending_signature  lapse                  lapsed
pending_signature  mark_entered_in_error  entered_in_error
active             hold                   on_hold
active             revoke                 revoked
active             expire                 expired
active             supersede              superseded
active             mark_entered_in_error  entered_in_error
on_hold            lift_hold              active
on_hold            revoke                 revoked
on_hold            expire                 expired
on_hold            supersede              superseded
on_hold            mark_entered_in_error  entered_in_error
revoked            mark_entered_in_error  entered_in_error
expired            mark_entered_in_error  entered_in_error
superseded         mark_entered_in_error  entered_in_error
"""
"""Written by hand from the drawing, not from the code. What is not here cannot happen."""

EXPECTED = {
    (State(state), Event(event)): State(after)
    for state, event, after in (line.split() for line in MACHINE.strip().splitlines())
}
PAIRS = list(itertools.product(State, Event))


@pytest.mark.parametrize(("state", "event"), PAIRS)
def test_each_event_in_each_state_does_what_the_drawing_says(state: State, event: Event) -> None:
    assert rules.next_state(state, event) is EXPECTED.get((state, event))


@pytest.mark.parametrize("state", [State.LAPSED, State.ENTERED_IN_ERROR])
def test_nothing_leads_out_of_the_last_states(state: State) -> None:
    assert [event for event in Event if rules.next_state(state, event)] == []


def test_what_has_ended_never_counts_again() -> None:
    ended = set(State) - rules.LIVE - rules.OPEN
    assert {rules.next_state(state, event) for state in ended for event in Event} <= {
        None,
        State.ENTERED_IN_ERROR,
    }


def test_every_step_through_the_database_leaves_history_and_audit(app: Flask) -> None:
    consent = make_signed_consent()
    for state, event in PAIRS:
        with writing():
            consent.state = state
        after = EXPECTED.get((state, event))
        if after is None:
            with pytest.raises(TooLate), writing():
                states.move(consent, event, actor=Actor("staff", 1), now=NOW)
            assert consent.state is state
            continue
        with writing():
            states.move(consent, event, actor=Actor("staff", 1), now=NOW)
        step = db.session.scalars(select(ConsentEvent).order_by(ConsentEvent.id.desc()).limit(1)).one()
        told = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
        assert (consent.state, step.from_state, step.to_state, step.event) == (after, state, after, event)
        assert told.fields["to_state"] == after.value


def test_the_slower_of_two_is_told_and_changes_nothing(app: Flask) -> None:
    consent = make_signed_consent()
    with pytest.raises(TooLate), writing():
        db.session.execute(
            update(Consent)
            .where(Consent.id == consent.id)
            .values(state=State.REVOKED)
            .execution_options(synchronize_session=False)
        )
        states.move(consent, Event.HOLD, actor=Actor("staff", 1), now=NOW)


def test_what_is_live_must_be_complete_says_the_database(app: Flask) -> None:
    consent = make_signed_consent()
    with pytest.raises(Exception, match="live_is_complete"), writing():
        consent.purpose = ""
