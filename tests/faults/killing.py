"""The kill rig: workers that die by SIGKILL, at a named point of sending or at any moment.

A life is a fork of the test's own process, so it costs no new interpreter. The workers of a
wave live at the same time and share the same clock; the next wave begins after their leases.
"""

import gc
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask
from sqlalchemy import select, update

from portal.core import clock
from portal.core.db import db, writing
from portal.mail import claims, letters, records, smtp
from portal.mail import dispatch as mail
from portal.mail.kinds import Letter
from portal.mail.models import MessageState, OutboundMessage
from portal.mail.post import Envelope
from tests.conftest import HeldClock
from tests.factories.mail import make_message, plain_kind, post_of
from tests.smtp import Mailbox

POINTS = ("before_claim", "after_claim", "sending", "after_data", "before_record")
MAILS_PER_LIFE = 2
LIFE_S = 0.08
"""About as long as a round of a few mails takes: a random death falls somewhere into it."""
SEED = 20260304
Round = Callable[[Flask, mail.Trace], None]


def our_round(app: Flask, trace: mail.Trace) -> None:
    """What the worker does when it starts again."""
    with writing():
        records.recover(now=clock.now())
    mail.dispatch(post_of(app, [plain_kind()]), trace=trace)


def naive_round(app: Flask, trace: mail.Trace) -> None:
    """The form that everybody writes first: send, mark, and send again what is not marked."""
    line = smtp.KeptLine()
    for message_id in (id_ for batch in claims.batches(500) for id_ in batch):
        message = db.session.get_one(OutboundMessage, message_id)
        line.send(envelope(message), trace)
        trace("before_record")
        with writing():
            db.session.execute(
                update(OutboundMessage)
                .where(OutboundMessage.id == message_id)
                .values(state=MessageState.SENT)
            )


def envelope(message: OutboundMessage) -> Envelope:
    letter = Letter(message.context["address"], "en", values={"token": "t"}, template="confirm_address")
    words = letters.write(plain_kind(), letter, letters.Office("Office", "555", "https://portal.example"))
    return Envelope(f"<{message.id}@harbor.example>", "Office", letter.address, words, None)


def die_at(point: str, hits: int) -> mail.Trace:
    """A trace that kills this very process when it comes to `point` for the `hits`-th time."""
    seen: Counter[str] = Counter()

    def trace(here: str) -> None:
        seen[here] += 1
        if here == point and seen[here] == hits:
            os.kill(os.getpid(), signal.SIGKILL)

    return trace


@dataclass
class Rig:
    """Kills workers, `at_once` of them at a time, until enough have died."""

    app: Flask
    clock: HeldClock
    work: Round
    points: tuple[str, ...] = POINTS
    """Where they die; none: at any moment."""
    at_once: int = 1

    def __post_init__(self) -> None:
        self.chance = random.Random(SEED)
        self.lives = 0

    def kill(self, kills: int) -> int:
        """Wave after wave, then a last worker that finishes; returns how many mails were made."""
        self._warm_up()
        died = waves = 0
        while died < kills:
            waves += 1
            for _ in range(self.at_once * MAILS_PER_LIFE):
                make_message(now=clock.now())
            died += self._wave()
            self.clock.advance(minutes=10)
            assert waves < 20 * kills, "the workers do not die"
        self.work(self.app, mail.silent)
        gc.unfreeze()
        return 1 + waves * self.at_once * MAILS_PER_LIFE

    def _warm_up(self) -> None:
        """Templates and statements are compiled once, not once a life."""
        make_message(now=clock.now())
        self.work(self.app, mail.silent)
        gc.freeze()

    def _wave(self) -> int:
        db.session.remove()
        db.engine.dispose()  # nothing of the parent's connections reaches a child
        children = [self._live() for _ in range(self.at_once)]
        if not self.points:
            self._kill_at_random(children)
        ends = [os.waitpid(child, 0)[1] for child in children]
        assert not any(os.WIFSIGNALED(end) and os.WTERMSIG(end) == signal.SIGALRM for end in ends)
        return sum(os.WIFSIGNALED(end) and os.WTERMSIG(end) == signal.SIGKILL for end in ends)

    def _live(self) -> int:
        trace: mail.Trace = mail.silent
        if self.points:
            point = self.points[self.lives % len(self.points)]
            trace = die_at(point, self.chance.randint(1, MAILS_PER_LIFE))
        self.lives += 1
        child = os.fork()
        if child == 0:
            signal.alarm(60)
            try:
                self.work(self.app, trace)
            finally:
                os._exit(0)
        return child

    def _kill_at_random(self, children: list[int]) -> None:
        waits = sorted((self.chance.uniform(0, LIFE_S), child) for child in children)
        begun = time.monotonic()
        for wait, child in waits:
            time.sleep(max(0, begun + wait - time.monotonic()))
            os.kill(child, signal.SIGKILL)  # one that has ended already is not reaped yet


def states() -> dict[int, MessageState]:
    """Every message and how it ended."""
    db.session.rollback()
    return dict(db.session.execute(select(OutboundMessage.id, OutboundMessage.state)).all())


def assert_accounted_for(box: Mailbox, made: int) -> Counter[MessageState]:
    """Nothing twice; whatever is called sent arrived; whatever arrived is sent or unconfirmed."""
    ended = states()
    assert box.doubled == []
    assert len(ended) == made
    assert set(ended.values()) <= {MessageState.SENT, MessageState.UNCONFIRMED}
    arrived = {int(str(mail["Message-ID"])[1:].partition("@")[0]) for mail in box.mails}
    sent = {key for key, state in ended.items() if state is MessageState.SENT}
    assert sent <= arrived <= set(ended)
    return Counter(ended.values())
