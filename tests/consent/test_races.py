"""Two hands at once: one live consent per pair, one ending per consent."""

import threading
from collections import Counter
from collections.abc import Callable
from functools import partial

from flask import Flask
from sqlalchemy import select

from portal.consent import ending, signing
from portal.consent.models import Consent, SigningMethod
from portal.consent.rules import State
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.core.errors import TooLate
from tests.conftest import NOW
from tests.factories.consent import make_pending_consent, make_signed_consent

ROUNDS = 5


def at_once(app: Flask, *verbs: Callable[[], None]) -> list[str]:
    """Run each in a thread of its own; returns what became of each."""
    outcomes: list[str] = []
    gate = threading.Barrier(len(verbs))

    def run(verb: Callable[[], None]) -> None:
        with app.app_context():
            gate.wait()
            try:
                with writing():
                    verb()
                outcomes.append("done")
            except TooLate:
                outcomes.append("too late")
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(verb,)) for verb in verbs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    db.session.rollback()
    return outcomes


def sign(consent_id: int) -> None:
    consent = db.session.get_one(Consent, consent_id)
    signing.sign(
        consent=consent,
        typed_name="Marcus Dole",
        agreed=True,
        method=SigningMethod.OWN_ACCOUNT,
        witness_id=None,
        actor=Actor("client", consent.client_id),
        now=NOW,
    )


def revoke(consent_id: int) -> None:
    consent = db.session.get_one(Consent, consent_id)
    ending.revoke(consent=consent, actor=Actor("client", consent.client_id), now=NOW)


def test_two_signatures_at_once_leave_one_live_consent(app: Flask) -> None:
    for _ in range(ROUNDS):
        first = make_pending_consent()
        second = make_pending_consent(client=first.client, family_member=first.family_member)
        ids = first.id, second.id
        outcomes = at_once(app, *[partial(sign, each) for each in ids])
        states = db.session.scalars(select(Consent.state).where(Consent.id.in_(ids))).all()
        assert outcomes == ["done", "done"]
        assert Counter(states) == {State.ACTIVE: 1, State.SUPERSEDED: 1}


def test_two_hands_that_stop_the_same_consent_stop_it_once(app: Flask) -> None:
    for _ in range(ROUNDS):
        chosen = make_signed_consent().id
        outcomes = at_once(app, *[partial(revoke, chosen)] * 2)
        assert sorted(outcomes) == ["done", "too late"]


def test_the_same_consent_is_signed_once(app: Flask) -> None:
    for _ in range(ROUNDS):
        chosen = make_pending_consent().id
        outcomes = at_once(app, *[partial(sign, chosen)] * 2)
        assert sorted(outcomes) == ["done", "too late"]
