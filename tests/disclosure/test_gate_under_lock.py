"""Who waits for a consent's lock sees what the other one has changed meanwhile."""

import threading
import time
from collections.abc import Callable

import pytest
from flask import Flask

from portal.consent import ending, states
from portal.consent.models import Consent
from portal.consent.rules import Scope
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.disclosure.gate import Permit, may_disclose
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent

CLIENT = Actor("client", 1)


def narrow(consent: Consent) -> None:
    ending.narrow(
        consent=consent, scopes={Scope.SESSIONS}, typed_name=consent.client_name, actor=CLIENT, now=NOW
    )


def revoke(consent: Consent) -> None:
    ending.revoke(consent=consent, actor=CLIENT, now=NOW)


def die(consent: Consent) -> None:
    states.lock_pair(consent)
    consent.client.deceased_on = NOW.date()


@pytest.mark.parametrize("end", [narrow, revoke, die])
def test_an_end_that_committed_while_we_waited_counts(app: Flask, end: Callable[[Consent], None]) -> None:
    signed = make_signed_consent()
    consent_id, pair = signed.id, {"client_id": signed.client_id, "family_member_id": signed.family_member_id}
    db.session.rollback()
    holds, answers = threading.Event(), []

    def change() -> None:
        with app.app_context(), writing():
            end(db.session.get_one(Consent, consent_id))
            db.session.flush()
            holds.set()
            time.sleep(0.3)  # the other one is waiting for the lock by now

    def ask() -> None:
        with app.app_context():
            holds.wait(10)
            with writing():
                answers.append(may_disclose(**pair, scope=Scope.SESSIONS, at=NOW, lock=True))

    threads = [threading.Thread(target=each) for each in (change, ask)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 1
    assert not isinstance(answers[0], Permit)
