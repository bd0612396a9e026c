"""Random histories: both forms of the gate and a plain model agree, and no page, feed or mail
shows what the model forbids.

Each step is a request of its own, through the services and workflows, committed; at the end
of each history the family's own pages are opened, the feed fetched, and the worker sends.
"""

import os
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from sqlalchemy import literal, select

from portal.consent import ending, holding, preparing, queries, rules, signing, standing
from portal.consent.models import Consent
from portal.consent.rules import NEEDS, Scope, State
from portal.core import clock as core_clock
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.core.errors import Refused
from portal.disclosure import gate, held
from portal.disclosure.gate import Permit
from portal.mail.dispatch import dispatch
from portal.mail.models import MessageState, OutboundMessage
from portal.people.models import Client, Relationship
from portal.reminders.service import prepare_all
from portal.schedule import feeds
from portal.schedule.models import Track
from portal.sessions.models import SessionKind
from portal.workflows import access_ended, client_died, client_discharged, consent_signed, returned
from tests import conftest
from tests.conftest import NOW, HeldClock
from tests.factories.education import make_assignment
from tests.factories.mail import make_mail_reader, post_of
from tests.factories.people import (
    make_client,
    make_episode,
    make_location,
    make_relationship,
    make_staff,
    make_user,
)
from tests.factories.schedule import make_block, make_enrolment, make_track
from tests.factories.sessions import make_session, make_sign_up
from tests.faults.test_withdraw_against_claim import Memory
from tests.signin import sign_in

CHUNKS = 4
"""On each of the two engines, each with histories of its own."""
HISTORIES = 2000 if os.environ.get("PORTAL_LONG") else 200
ADULT = date(1990, 5, 17)
STAFF = Actor("staff", 1)
SCOPES = st.frozensets(st.sampled_from(Scope), min_size=1)
ZONES = ("UTC", "America/New_York", "America/Los_Angeles", "Pacific/Auckland")
STEPS = st.one_of(
    st.tuples(st.just("sign"), SCOPES, st.integers(0, 40)),
    st.tuples(st.just("sign"), SCOPES, st.integers(0, 40)),
    st.tuples(st.just("sign_first")),
    st.tuples(st.just("renew")),
    st.tuples(st.just("narrow"), SCOPES),
    st.tuples(st.just("hold"), st.sampled_from(["spoken", "safety"])),
    st.tuples(st.just("undo")),
    st.tuples(st.just("lift"), st.sampled_from(["client", "desk", "staff"])),
    st.tuples(st.just("revoke")),
    st.tuples(st.just("wait"), st.timedeltas(timedelta(seconds=1), timedelta(days=30))),
    st.tuples(st.just("wait"), st.timedeltas(timedelta(hours=-3), timedelta(seconds=-1))),
    st.tuples(st.just("birthday")),
    st.tuples(st.just("sweep")),
    st.tuples(st.just("discharge")),
    st.tuples(st.just("come_back")),
    st.tuples(st.just("die")),
    st.tuples(st.just("error")),
)


@dataclass
class Model:
    """What the person may see, told in the plainest way."""

    allowed: dict[Scope, datetime | None] = field(default_factory=dict)
    """Each box that was ticked, and when it was taken away."""
    signed_at: datetime = NOW
    ends_at: datetime = NOW
    held: str | None = None
    held_at: datetime = NOW
    agreed: set[str] = field(default_factory=set)

    def sees(self, now: datetime) -> set[Scope]:
        if self.held or not self.signed_at <= now < self.ends_at:
            return set()
        open_ones = {scope for scope, gone_at in self.allowed.items() if gone_at is None or gone_at > now}
        return {scope for scope in open_ones if scope not in NEEDS or NEEDS[scope] in open_ones}


@dataclass
class World:
    """One pair with a program, a session, a lesson, a feed and reminders; its clock and its model."""

    link_id: int
    clock: HeldClock
    model: Model = field(default_factory=Model)
    dead: bool = False

    @property
    def now(self) -> datetime:
        return self.clock.at

    @property
    def link(self) -> Relationship:
        return db.session.get_one(Relationship, self.link_id)

    @property
    def client(self) -> Client:
        return self.link.client

    @property
    def zone(self) -> str:
        return self.client.location.timezone

    def sees(self) -> set[Scope]:
        return set() if self.dead else self.model.sees(self.now)

    def live(self) -> Consent | None:
        found = queries.live_of(self.client)
        return found[0] if found else None

    def do(self, step: tuple[Any, ...]) -> None:
        """One request: all of it or nothing."""
        with suppress(Refused), writing():
            getattr(self, step[0])(*step[1:])

    def prepared(self, scopes: frozenset[Scope], day: date | None) -> Consent:
        return preparing.prepare(
            relationship=self.link,
            scopes=scopes,
            expires_on=day,
            purpose="own_request",
            language="en",
            actor=Actor("job"),
            now=self.now,
        )

    def sign(self, scopes: frozenset[Scope], days: int) -> None:
        day = self.now.astimezone(ZoneInfo(self.zone)).date() + timedelta(days=days)
        self.signed(self.prepared(scopes, day))

    def renew(self) -> None:
        if consent := self.live():
            self.signed(preparing.renew(consent=consent, actor=Actor("client"), now=self.now))

    def sign_first(self) -> None:
        """A minor signs and the guardian does not: nothing changes. An adult signs."""
        self.signed(self.prepared(frozenset(Scope), None), with_guardian=False)

    def signed(self, consent: Consent, with_guardian: bool = True) -> None:
        scopes = standing.granted(consent, self.now)
        consent_signed.sign(
            consent=consent,
            typed_name=self.client.full_name,
            agreed=True,
            method="own_account",
            witness_id=None,
            actor=Actor("client"),
            now=self.now,
            code_key="key",
        )
        if consent.state is State.PENDING_GUARDIAN and with_guardian:
            self.guardian_signs(consent)
        if consent.state is State.PENDING_GUARDIAN:
            return
        assert consent.expires_on is not None
        midnight = datetime.min.time()
        end = datetime.combine(consent.expires_on + timedelta(days=1), midnight, ZoneInfo(self.zone))
        self.model = Model(allowed=dict.fromkeys(scopes), signed_at=self.now, ends_at=end)
        birthday = datetime.combine(rules.of_age_on(self.client.birth_on), midnight, ZoneInfo(self.zone))
        if self.now < birthday and self.client.location.minor_rule == "minor_plus_guardian":
            self.model.ends_at = min(end, birthday)

    def guardian_signs(self, consent: Consent) -> None:
        signing.sign_as_guardian(
            consent=consent,
            name="Rosa Quartz",
            relationship="mother",
            basis="parent",
            agreed=True,
            method="desk",
            witness_id=self.witness_id,
            actor=Actor("desk"),
            now=self.now,
        )

    witness_id: int = 0

    def narrow(self, scopes: frozenset[Scope]) -> None:
        if consent := self.live():
            fallen = access_ended.narrow(
                consent=consent,
                scopes=scopes,
                typed_name=self.client.full_name,
                actor=Actor("client"),
                now=self.now,
            )
            self.model.allowed |= dict.fromkeys(fallen, self.now)

    def hold(self, kind: str) -> None:
        if consent := self.live():
            access_ended.hold(consent=consent, kind=kind, actor=STAFF, now=self.now)
            self.model.held, self.model.held_at, self.model.agreed = kind, self.now, set()

    def undo(self) -> None:
        if consent := self.live():
            holding.undo_hold(consent=consent, actor=STAFF, now=self.now)
            assert self.now < self.model.held_at + timedelta(minutes=10)
            assert self.model.held != "new_episode"
            self.model.held = None

    def lift(self, side: str) -> None:
        if consent := self.live():
            holding.lift_hold(consent=consent, actor=Actor(side, 1), now=self.now)
            self.model.agreed.add("client" if side == "desk" else side)
            if self.model.held != "safety" or self.model.agreed == {"client", "staff"}:
                assert "client" in self.model.agreed
                self.model.held = None

    def revoke(self) -> None:
        if consent := self.live():
            access_ended.stop(consent=consent, actor=Actor("client"), now=self.now)
            self.model = Model()

    def error(self) -> None:
        if consent := self.live():
            ending.mark_entered_in_error(consent=consent, actor=STAFF, now=self.now, reason="wrong person")
            self.model = Model()

    def wait(self, span: timedelta) -> None:
        self.clock.at += span

    def birthday(self) -> None:
        """To the second before, or past it."""
        at = core_clock.midnight(rules.of_age_on(self.client.birth_on), self.zone)
        if at > self.now and self.client.birth_on != ADULT:
            self.clock.at = at if self.now >= at - timedelta(seconds=1) else at - timedelta(seconds=1)

    def sweep(self) -> None:
        access_ended.sweep(self.now)
        if self.now >= self.model.ends_at:
            self.model = Model()

    def discharge(self) -> None:
        today = self.now.astimezone(ZoneInfo(self.zone)).date()
        client_discharged.discharge(
            client=self.client, ended_on=today, finished=True, actor=STAFF, now=self.now
        )

    def come_back(self) -> None:
        track = db.session.scalars(select(Track)).one()
        day = self.now.astimezone(ZoneInfo(self.zone)).date() + timedelta(days=1)
        live = self.live()
        suspends = live is not None and live.state is State.ACTIVE
        returned.start(client=self.client, track_id=track.id, start_on=day, actor=STAFF, now=self.now)
        if suspends:
            self.model.held, self.model.agreed = "new_episode", set()

    def die(self) -> None:
        today = self.now.astimezone(ZoneInfo(self.zone)).date()
        client_died.record(client=self.client, died_on=today, actor=STAFF, now=self.now)
        self.dead = True


def make_world(clock: HeldClock, zone: str, birth_on: date) -> World:
    clock.at = NOW
    with writing():
        place = make_location(timezone=zone, minor_rule="minor_plus_guardian")
        client = make_client(given_name="Zebulon", family_name="Quartz", location=place, birth_on=birth_on)
        elena = make_mail_reader(
            "session_reminders", "program_times", user=make_user(), timezone="America/New_York"
        )
        link = make_relationship(client=client, family_member=elena)
        episode = make_episode(client=client)
        track = make_track(program=episode.program)
        make_block(track=track, name="Marked group", rrule="FREQ=DAILY")
        make_enrolment(episode=episode, track=track)
        evening = make_session(
            location=place,
            kind=SessionKind.SINGLE_FAMILY,
            client=client,
            title_en="Marked evening",
            starts_at=NOW + timedelta(days=40),
        )
        make_sign_up(session=evening, family_member=elena, relationship=link)
        make_assignment(relationship=link, suggested_by_on=date(2026, 6, 20))
        return World(link.id, clock, witness_id=make_staff().id)


def by_pair(link: Relationship, at: datetime) -> set[Scope]:
    return {
        scope
        for scope in Scope
        if isinstance(
            gate.may_disclose(
                client_id=link.client_id, family_member_id=link.family_member_id, scope=scope, at=at
            ),
            Permit,
        )
    }


def by_person(link: Relationship, at: datetime) -> set[Scope]:
    return {permit.scope for permit in gate.permits(family_member_id=link.family_member_id, at=at)}


def by_worker(link: Relationship, at: datetime) -> set[Scope]:
    """The prepared form under lock, which the sending of mail asks."""
    own = link.family_member_id
    with writing():
        return {scope for scope in Scope if held.permits(family_member_id=own, scope=scope, at=at)}


def by_sql(link: Relationship, at: datetime) -> set[Scope]:
    pair = literal(link.client_id), literal(link.family_member_id)
    row = db.session.execute(select(*[gate.permitted(*pair, scope, at) for scope in Scope])).one()
    return {scope for scope, answer in zip(Scope, row, strict=True) if answer}


MARKS: dict[str, tuple[str, Scope]] = {
    "Marked evening": ("/sessions", Scope.SESSIONS),
    "suggested this": ("/learn", Scope.LESSONS),
    "5:30": ("/calendar", Scope.PROGRAM_TIMES),
    "Marked group": ("/calendar", Scope.GROUP_NAMES),
    "Level of care:": ("/home", Scope.PROGRAM_STEP),
    "finished the program on": ("/permissions", Scope.FINISHED_OR_LEFT),
}
"""What only one box can show, and where it would stand."""

MAILS = {"session_reminder": Scope.SESSIONS, "program_time_reminder": Scope.PROGRAM_TIMES}


def check_surfaces(app: Flask, world: World) -> None:
    """Open the pages, fetch the feed, let the worker send: nothing that the model forbids."""
    allowed, elena = world.sees(), world.link.family_member
    with writing():
        token = feeds.switch_on(family_member_id=elena.id, actor=Actor("family", elena.id), now=world.now)
    browser = app.test_client()
    sign_in(browser, elena.user, "family", now=world.now)
    pages = {url: browser.get(url).get_data(as_text=True) for url in ("/home", "/permissions")}
    pages |= {url: browser.get(url).get_data(as_text=True) for url in {url for url, _ in MARKS.values()}}
    for mark, (_, scope) in MARKS.items():
        assert scope in allowed or not [url for url, html in pages.items() if mark in html], mark
    assert ("Zebulon" in pages["/permissions"]) == bool(allowed)
    assert allowed or not [url for url, html in pages.items() if "Zebulon" in html]
    feed = app.test_client().get(f"/feed/{token}.ics").get_data(as_text=True)
    assert Scope.PROGRAM_TIMES in allowed or "SUMMARY:Calendar entry" not in feed
    assert Scope.SESSIONS in allowed or "SUMMARY:Appointment" not in feed
    assert "Zebulon" not in feed
    prepare_all()
    dispatch(replace(post_of(app), open_line=Memory))
    kinds = db.session.scalars(
        select(OutboundMessage.kind).where(OutboundMessage.state == MessageState.SENT)
    ).all()
    assert {MAILS[kind] for kind in kinds if kind in MAILS} <= allowed
    db.session.rollback()


def play(app: Flask, clock: HeldClock, engine: str, steps: list[Any], zone: str, **drawn: Any) -> None:
    """One history from an empty database to an empty database."""
    world = make_world(clock, zone, drawn["birth_on"])
    for step in steps:
        world.do(step)
        seen = by_person(world.link, world.now)
        assert seen == world.sees(), step
        assert by_sql(world.link, world.now) == seen, step
    for at in [world.now, *(NOW + span for span in drawn["others"])]:
        assert by_pair(world.link, at) == by_person(world.link, at) == by_sql(world.link, at)
    assert by_worker(world.link, world.now) == world.sees()
    check_surfaces(app, world)
    db.session.remove()
    conftest._apps[engine][1].clean()


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_history_shows_what_the_model_forbids(
    app: Flask, held_clock: HeldClock, engine: str, chunk: int
) -> None:
    birthdays = st.dates(date(2008, 3, 5), date(2008, 5, 1))

    @seed(f"{engine} {chunk}")
    @settings(
        max_examples=HISTORIES // (2 * CHUNKS),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        steps=st.lists(STEPS, min_size=3, max_size=9),
        zone=st.sampled_from(ZONES),
        birth_on=st.one_of(st.just(ADULT), birthdays),
        others=st.lists(st.timedeltas(timedelta(days=-40), timedelta(days=60)), min_size=1, max_size=2),
    )
    def history(steps: list[Any], zone: str, **drawn: Any) -> None:
        play(app, held_clock, engine, steps, zone, **drawn)

    history()


def test_a_guardians_signature_ends_on_the_birthday_whatever_the_end_says(app: Flask) -> None:
    """The printed end lies before the birthday; a wrong row would still not outlive it."""
    clock = HeldClock()
    world = make_world(clock, "UTC", date(2008, 3, 20))
    world.do(("sign", frozenset({Scope.LESSONS}), 3))
    consent = world.live()
    assert consent is not None
    with writing():
        consent.ends_at = NOW + timedelta(days=60)
    for at, sees in ((datetime(2026, 3, 19, 23, 59, 59), True), (datetime(2026, 3, 20), False)):
        instant = at.replace(tzinfo=ZoneInfo("UTC"))
        expected = {Scope.LESSONS} if sees else set()
        assert by_person(world.link, instant) == by_sql(world.link, instant) == expected


def test_who_comes_of_age_is_asked_to_sign_alone(app: Flask) -> None:
    world = make_world(HeldClock(), "UTC", date(2008, 3, 20))
    world.do(("sign", frozenset({Scope.LESSONS}), 15))
    world.clock.at = datetime(2026, 3, 20, tzinfo=ZoneInfo("UTC"))
    world.do(("sweep",))
    [waiting] = queries.waiting_of(world.client, world.now)
    assert {row.scope for row in waiting.scopes} == {Scope.LESSONS}
    assert waiting.state is State.PENDING_SIGNATURE
    assert not by_person(world.link, world.now)
