"""Random histories of one reader on two devices: nothing read, answered or written is ever lost.

Double taps, old tabs, a new version and a withdrawal in mid-lesson; a stranger looks in
between, and so does the care team. The model says what must be there; the rows are read.
"""

import os
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from portal.accounts.models import User
from portal.consent.rules import Scope
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.education import private, service
from portal.education.models import CheckAnswer, ExerciseLine, Module, ModuleVersion, Progress, Reflection
from portal.people.models import Relationship
from tests.conftest import HeldClock
from tests.factories.consent import make_signed_consent
from tests.factories.education import make_module, make_version
from tests.factories.people import make_family_member, make_staff, make_user
from tests.signin import post, sign_in

LONG = bool(os.environ.get("PORTAL_LONG"))
OPTIONS = 2
QUESTIONS = 2
devices = st.integers(0, 1)
taps = st.integers(1, 2)
texts = st.sampled_from(["Calm in the kitchen.", "We laughed.", "A hard evening.", ""])
lines = st.sampled_from(["Call my sister", "Walk the dog", "Lock the cabinet"])


class Center:
    """What every history stands on: one reader on two devices, a stranger, a therapist."""

    def __init__(self, app: Flask, clock: HeldClock) -> None:
        self.app, self.clock = app, clock
        self.user_id, self.stranger_user_id = make_user().id, make_user().id
        reader = make_family_member(user_id=self.user_id)
        make_family_member(given_name="Zoe", user_id=self.stranger_user_id)
        self.reader_id = reader.id
        consent = make_signed_consent(family_member=reader, scopes={Scope.LESSONS})
        self.relationship_id = consent.relationship_id
        self.client_id = db.session.get_one(Relationship, consent.relationship_id).client_id
        self.staff = Actor("staff", make_staff().id)

    def browser(self, user_id: int) -> FlaskClient:
        """A browser of this person, signed in now."""
        browser = self.app.test_client()
        sign_in(browser, db.session.get_one(User, user_id), "family", now=self.clock.at)
        return browser


class OneReader(RuleBasedStateMachine):
    """One lesson that was picked for the reader, and all that may happen to it."""

    center: Center

    @initialize(is_begun=st.booleans())
    def settle(self, is_begun: bool) -> None:
        """A lesson outside the library, picked; both devices are signed in."""
        self.devices = [self.center.browser(self.center.user_id) for _device in range(2)]
        self.stranger = self.center.browser(self.center.stranger_user_id)
        module = make_module(is_library=False)
        self.module_id, self.at = module.id, f"/learn/{module.id}"
        self.versions = {module.versions[0].id: 3}
        self.begun: int | None = None
        self.furthest, self.finished_at = 0, None
        self.answers: list[tuple[int, int]] = []
        self.note, self.revision = "", 0
        self.revisions_seen = [0]
        self.is_shared = False
        self.lines: list[str] = []
        self.is_picked = False
        self.pick()
        if is_begun:
            self.start(device=0, times=1, old=True)

    finished_at: datetime | None

    @property
    def parts(self) -> int:
        """The parts of the version that was begun; the practice is one."""
        return self.versions[self.begun or 0]

    def tap(self, device: int, path: str, times: int = 1, **data: object) -> set[int]:
        """Post the same form `times` times; the answers' statuses."""
        return {post(self.devices[device], self.at + path, data).status_code for _tap in range(times)}

    @precondition(lambda self: not self.is_picked)
    @rule()
    def pick(self) -> None:
        """The care team picks the lesson, again perhaps."""
        with writing():
            self.assignment_id = service.assign(
                relationship_id=self.center.relationship_id,
                module_id=self.module_id,
                suggested_by_on=None,
                note_code=None,
                actor=self.center.staff,
                now=self.center.clock.at,
            ).id
        self.is_picked = True

    @precondition(lambda self: self.is_picked)
    @rule()
    def withdraw(self) -> None:
        """The care team takes it back, wherever the reader is."""
        with writing():
            service.withdraw(
                client_id=self.center.client_id,
                assignment_id=self.assignment_id,
                actor=self.center.staff,
                now=self.center.clock.at,
            )
        self.is_picked = False

    @precondition(lambda self: len(self.versions) < 3)
    @rule(cards=st.integers(1, 4))
    def publish(self, cards: int) -> None:
        """A new version, shorter or longer."""
        with writing():
            version = make_version(db.session.get_one(Module, self.module_id), cards=cards)
            self.versions[version.id] = cards + 1

    @rule(device=devices, times=taps, old=st.booleans())
    def start(self, device: int, times: int, old: bool) -> None:
        """Start from a page that showed the first version, or the newest one."""
        version = list(self.versions)[0 if old else -1]
        answered = self.tap(device, "/start", times, version=version)
        if self.begun is None and not self.is_picked:
            assert answered == {404}
        else:
            assert answered == {302}
            self.begun = self.begun or version

    @precondition(lambda self: self.begun)
    @rule(device=devices, times=taps, part=st.integers(1, 6))
    def go_on(self, device: int, times: int, part: int) -> None:
        """The button of any part, also from a tab that is long behind, or beyond the end."""
        answered = self.tap(device, f"/{part}/next", times)
        assert answered == ({302} if part <= self.parts else {404})
        if part <= self.parts:
            self.furthest = max(self.furthest, part)

    @precondition(lambda self: self.begun and self.furthest < self.parts)
    @rule(device=devices)
    def read_to_the_end(self, device: int) -> None:
        """Every part that is left, one after the other."""
        for part in range(self.furthest + 1, self.parts + 1):
            assert self.tap(device, f"/{part}/next") == {302}
        self.furthest = self.parts

    @precondition(lambda self: self.begun)
    @rule(device=devices, times=taps, question=st.integers(1, QUESTIONS), option=st.integers(0, OPTIONS - 1))
    def answer(self, device: int, times: int, question: int, option: int) -> None:
        """An answer; a double tap is two tries of the same."""
        assert self.tap(device, f"/check/{question}", times, option=option) == {302}
        self.answers += [(question, option)] * times

    @precondition(lambda self: self.begun)
    @rule(device=devices, times=taps)
    def finish(self, device: int, times: int) -> None:
        """Finish; before every part is read it only leads back."""
        for _tap in range(times):
            assert self.tap(device, "/finish") <= {302, 409}
            if self.furthest == self.parts:
                self.finished_at = self.finished_at or self.center.clock.at
            self.center.clock.advance(seconds=1)

    @precondition(lambda self: self.begun)
    @rule(device=devices, times=taps, text=texts)
    def write(self, device: int, times: int, text: str) -> None:
        """Save the note from this page; the second tap says the same."""
        assert self.tap(device, "/notes", times, text=text, revision=self.revision) == {302}
        if text != self.note:
            self.note, self.is_shared = text, False
            self.revision += 1
            self.revisions_seen.append(self.revision)

    @precondition(lambda self: self.begun and len(self.revisions_seen) > 1)
    @rule(device=devices, text=texts, data=st.data())
    def write_from_an_old_tab(self, device: int, text: str, data: st.DataObject) -> None:
        """An old tab is told; it never writes over what came later."""
        revision = data.draw(st.sampled_from(self.revisions_seen[:-1]))
        answered = self.tap(device, "/notes", text=text, revision=revision)
        assert answered == ({302} if text == self.note else {409})

    @precondition(lambda self: self.note)
    @rule(device=devices, times=taps, data=st.data())
    def share(self, device: int, times: int, data: st.DataObject) -> None:
        """Share what was on the screen; a text that changed since is not shared."""
        revision = data.draw(st.sampled_from(self.revisions_seen))
        relationship = self.center.relationship_id
        assert self.tap(device, "/notes/share", times, relationship=relationship, revision=revision) == {302}
        self.is_shared = self.is_shared or revision == self.revision

    @precondition(lambda self: self.note)
    @rule(device=devices, times=taps)
    def take_back(self, device: int, times: int) -> None:
        """Stop sharing, from any tab."""
        assert self.tap(device, "/notes/take-back", times) == {302}
        self.is_shared = False

    @precondition(lambda self: self.begun)
    @rule(device=devices, times=taps, line=lines)
    def add_line(self, device: int, times: int, line: str) -> None:
        """Put a line on the list; the same one twice is one."""
        assert self.tap(device, "/notes/list", times, line=line) == {302}
        self.lines += [line] * (line not in self.lines)

    @rule(device=devices)
    def look(self, device: int) -> None:
        """A begun lesson opens on either device, picked or not, where the reader stopped."""
        page = self.devices[device].get(self.at)
        assert page.status_code == (200 if self.begun or self.is_picked else 404)
        if self.begun:
            where = self.devices[device].get(f"{self.at}/check")
            assert where.status_code == 302
            at_part = where.location.rsplit("/", 1)[1] if "/check/" not in where.location else None
            assert at_part == (str(self.furthest + 1) if self.furthest < self.parts else None)

    @rule()
    def a_stranger_looks(self) -> None:
        """Nobody else finds the lesson, its notes or its list."""
        for path in ("", "/1", "/check/1", "/notes", "/notes/print", "/finished"):
            assert self.stranger.get(self.at + path).status_code == 404

    @invariant()
    def everything_is_there(self) -> None:
        """The rows say what the model says, and the team reads a shared note alone."""
        self.center.clock.advance(seconds=1)
        ids = {"family_member_id": self.center.reader_id, "module_id": self.module_id}
        progress = db.session.scalars(select(Progress).filter_by(**ids)).one_or_none()
        assert (progress.version_id if progress else None) == self.begun
        if progress:
            assert (progress.furthest_part, progress.finished_at) == (self.furthest, self.finished_at)
            given = db.session.scalars(
                select(CheckAnswer).filter_by(progress_id=progress.id).order_by(CheckAnswer.id)
            )
            assert [(one.question, one.option) for one in given] == self.answers
        note = db.session.scalars(select(Reflection).filter_by(**ids)).one_or_none()
        assert (note.text if note else "", note.revision if note else 0) == (self.note, self.revision)
        kept = select(ExerciseLine.text).filter_by(**ids).order_by(ExerciseLine.position)
        assert list(db.session.scalars(kept)) == self.lines
        seen = private.shared_notes(relationship_ids=[self.center.relationship_id])
        assert [one.text for one in seen if one.module_id == self.module_id] == [self.note] * self.is_shared
        assert len(
            list(db.session.scalars(select(ModuleVersion.id).filter_by(module_id=self.module_id)))
        ) == (len(self.versions))
        db.session.rollback()


@pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
def test_whatever_happens_nothing_is_lost_and_nothing_is_shown_to_others(
    app: Flask, held_clock: HeldClock
) -> None:
    machine = type("OneReaderHere", (OneReader,), {"center": Center(app, held_clock)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=200 if LONG else 8,
            stateful_step_count=60 if LONG else 25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
