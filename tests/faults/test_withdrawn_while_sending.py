"""Withdrawal against claim: once the revocation has committed, no mail is begun."""

import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.consent.models import Consent
from portal.core import clock
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.mail.dispatch import dispatch
from portal.mail.kinds import Kind, Message
from portal.mail.models import MessageState, OutboundMessage
from portal.mail.post import Post
from portal.reminders import mails
from portal.reminders.service import prepare_all
from portal.sessions.models import SessionKind
from portal.workflows import access_ended
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.mail import make_mail_reader, post_of
from tests.factories.people import make_client
from tests.factories.sessions import make_session, make_sign_up
from tests.smtp import Mailbox, mail_server

pytestmark = pytest.mark.smtp
TRIALS = 20


@dataclass
class Watch:
    """When the gate last said yes under its lock, and when the revocation was surely committed."""

    said_yes_at: float = 0.0
    revoked_at: float = 0.0
    trouble: list[Exception] = field(default_factory=list)


def make_queued_reminder() -> Consent:
    client = make_client()
    consent = make_signed_consent(client=client, family_member=make_mail_reader())
    session = make_session(
        kind=SessionKind.MULTI_FAMILY, location=client.location, starts_at=NOW + timedelta(hours=23)
    )
    make_sign_up(session=session, relationship=consent.relationship)
    prepare_all()
    return consent


def watched(app: Flask, watch: Watch) -> Post:
    """The real kind, its last yes timed while the consent is still locked."""
    [real] = [kind for kind in mails.KINDS if kind.name == "session_reminder"]
    assert real.still_wanted is not None

    def still_wanted(message: Message, now: object) -> str | None:
        assert real.still_wanted is not None
        reason = real.still_wanted(message, clock.now())
        if reason is None:
            watch.said_yes_at = time.monotonic()
        return reason

    kind = Kind(real.name, True, True, real.render, still_wanted, real.preference)
    return post_of(app, [kind])


def side_by_side(app: Flask, consent_id: int, lead_s: float, watch: Watch) -> None:
    barrier = threading.Barrier(2)
    post = watched(app, watch)

    def revoke() -> None:
        with app.app_context(), writing():
            consent = db.session.get_one(Consent, consent_id)
            access_ended.stop(consent=consent, actor=Actor("client", consent.client_id), now=NOW)
        watch.revoked_at = time.monotonic()

    def send() -> None:
        with app.app_context():
            dispatch(post)

    def run(work: object, wait_s: float) -> None:
        try:
            barrier.wait()
            time.sleep(wait_s)
            work()  # type: ignore[operator]
        except Exception as error:
            watch.trouble.append(error)

    threads = [
        threading.Thread(target=run, args=(revoke, max(lead_s, 0))),
        threading.Thread(target=run, args=(send, max(-lead_s, 0))),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def trial(app: Flask, box: Mailbox, number: int) -> bool:
    """One race; whether the mail went out. It may only if it was begun before the revocation."""
    consent, watch = make_queued_reminder(), Watch()
    before = len(box.mails)
    consent_id = consent.id
    db.session.remove()
    side_by_side(app, consent_id, (number - TRIALS / 2) * 0.004, watch)
    assert watch.trouble == []
    arrived = len(box.mails) - before
    if arrived:
        assert watch.said_yes_at < watch.revoked_at
    newest = select(OutboundMessage).order_by(OutboundMessage.state_changed_at.desc())
    states = {message.state for message in db.session.scalars(newest)}
    assert states <= {MessageState.SENT, MessageState.DROPPED}
    return bool(arrived)


def test_a_revocation_that_has_committed_lets_no_mail_begin(app: Flask) -> None:
    with mail_server(app) as box:
        went = [trial(app, box, number) for number in range(TRIALS)]
    assert box.doubled == []
    assert not all(went)  # the race was one: the revocation won sometimes
    db.session.rollback()


def test_after_a_revocation_nothing_is_begun_at_all(app: Flask) -> None:
    consents = [make_queued_reminder() for _ in range(5)]
    for consent in consents:
        with writing():
            access_ended.stop(consent=consent, actor=Actor("client", consent.client_id), now=NOW)
    with mail_server(app) as box:
        dispatch(post_of(app))
    assert box.mails == []
    assert set(db.session.scalars(select(OutboundMessage.state))) == {MessageState.DROPPED}
