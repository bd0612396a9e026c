"""200 withdrawals against 200 claims: once the withdrawal has committed, no mail is begun.

Each trial is one client's "stop" racing one round of the worker over the same consent. The
line to the server is a list; sockets have their own test (`test_withdrawn_while_sending`).
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from flask import Flask
from sqlalchemy import select, update

from portal.consent.models import Consent
from portal.consent.rules import Scope
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.mail.dispatch import dispatch
from portal.mail.models import MessageState, OutboundMessage
from portal.mail.post import Answer, Envelope, Post
from portal.reminders.service import prepare_all
from portal.sessions.models import SessionKind
from portal.workflows import access_ended
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.mail import make_mail_reader, post_of
from tests.factories.people import make_client
from tests.factories.sessions import make_session, make_sign_up

TRIALS = 200
BEGUN = {MessageState.SENDING, MessageState.SENT}
LEADS_S = tuple(number * 0.001 for number in range(-6, 7))
"""By how much the worker goes first; below zero, the client does."""


class Memory:
    """A line that takes everything and keeps it."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.envelopes: list[Envelope] = []

    def send(self, envelope: Envelope, _trace: Callable[[str], None]) -> Answer:
        self.addresses.append(envelope.address)
        self.envelopes.append(envelope)
        return Answer(MessageState.SENT)

    def close(self) -> None:
        return None


@dataclass
class Trial:
    """One race and what was seen of it."""

    consent_id: int
    message_id: int
    state_at_commit: MessageState | None = None
    trouble: list[Exception] = field(default_factory=list)


def make_trials() -> list[Trial]:
    """200 people with a reminder on its way, each under a consent of their own."""
    with writing():
        client = make_client()
        session = make_session(
            kind=SessionKind.MULTI_FAMILY,
            location=client.location,
            starts_at=NOW + timedelta(hours=23),
            capacity=TRIALS,
        )
        consents = {}
        for number in range(TRIALS):
            consent = make_signed_consent(
                client=client, family_member=make_mail_reader(), scopes={Scope.SESSIONS}
            )
            make_sign_up(session=session, relationship=consent.relationship, queue_number=number + 1)
            consents[consent.family_member_id] = consent.id
    prepare_all()
    with writing():
        db.session.execute(update(OutboundMessage).values(not_before=NOW + timedelta(days=1)))
    messages = db.session.execute(select(OutboundMessage.reader_id, OutboundMessage.id)).all()
    return [Trial(consents[reader_id], message_id) for reader_id, message_id in messages]


def run(app: Flask, post: Post, trial: Trial, lead_s: float) -> None:
    with writing():
        due = update(OutboundMessage).where(OutboundMessage.id == trial.message_id)
        db.session.execute(due.values(not_before=NOW))
    ready = threading.Barrier(2)

    def stop() -> None:
        with writing():
            consent = db.session.get_one(Consent, trial.consent_id)
            access_ended.stop(consent=consent, actor=Actor("client", consent.client_id), now=NOW)
        trial.state_at_commit = db.session.scalar(
            select(OutboundMessage.state).where(OutboundMessage.id == trial.message_id)
        )

    def guarded(work: Callable[[], object], wait_s: float) -> None:
        with app.app_context():
            try:
                ready.wait(10)
                time.sleep(wait_s)
                work()
            except Exception as error:
                trial.trouble.append(error)
            finally:
                db.session.remove()

    threads = [
        threading.Thread(target=guarded, args=(stop, max(lead_s, 0))),
        threading.Thread(target=guarded, args=(lambda: dispatch(post), max(-lead_s, 0))),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads), "a deadlock"


def test_in_200_races_no_mail_begins_after_the_withdrawal(app: Flask) -> None:
    trials, line = make_trials(), Memory()
    assert len(trials) == TRIALS
    post = replace(post_of(app), open_line=lambda: line)
    for number, trial in enumerate(trials):
        run(app, post, trial, LEADS_S[number % len(LEADS_S)])
    db.session.rollback()
    ended = dict(db.session.execute(select(OutboundMessage.id, OutboundMessage.state)).all())
    assert [trial.trouble for trial in trials if trial.trouble] == []
    assert set(ended.values()) <= {MessageState.SENT, MessageState.DROPPED}  # no round ended early
    sent = {trial.message_id for trial in trials if ended[trial.message_id] is MessageState.SENT}
    begun = {trial.message_id for trial in trials if trial.state_at_commit in BEGUN}
    assert sent <= begun
    assert len(line.addresses) == len(set(line.addresses)) == len(sent)
    assert 0 < len(sent) < TRIALS  # a race: both have won
