"""The gate's two forms and a model of the rules agree on random histories.

Each history is driven through the services in one transaction and rolled back.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import literal, select

from portal.consent import queries, service
from portal.consent.models import Consent
from portal.consent.rules import NEEDS, Scope
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.core.errors import Refused
from portal.disclosure import gate
from portal.disclosure.gate import Permit
from portal.people.models import Relationship
from portal.workflows import access_ended
from tests.conftest import NOW
from tests.factories.consent import relationship_of

SCOPES = st.frozensets(st.sampled_from(Scope), min_size=1)
STEPS = st.one_of(
    st.tuples(st.just("sign"), SCOPES, st.integers(0, 40)),
    st.tuples(st.just("narrow"), SCOPES),
    st.tuples(st.just("hold"), st.sampled_from(["spoken", "safety"])),
    st.tuples(st.just("undo")),
    st.tuples(st.just("lift"), st.sampled_from(["client", "desk", "staff"])),
    st.tuples(st.just("revoke")),
    st.tuples(st.just("wait"), st.timedeltas(timedelta(seconds=1), timedelta(days=30))),
    st.tuples(st.just("sweep")),
    st.tuples(st.just("die")),
    st.tuples(st.just("error")),
)
STAFF = Actor("staff", 1)


class Done(Exception):
    """Ends a history, so that nothing of it stays."""


@dataclass
class Model:
    """What the person may see, told in the plainest way."""

    allowed: frozenset[Scope] = frozenset()
    ends_at: datetime = NOW
    held: str | None = None
    held_at: datetime = NOW
    agreed: set[str] = field(default_factory=set)
    dead: bool = False

    def sees(self, now: datetime) -> set[Scope]:
        if self.dead or self.held or now >= self.ends_at:
            return set()
        return {scope for scope in self.allowed if scope not in NEEDS or NEEDS[scope] in self.allowed}


@dataclass
class World:
    """One pair, its clock, and the model beside it."""

    relationship: Relationship
    now: datetime = NOW
    model: Model = field(default_factory=Model)

    def live(self) -> Consent | None:
        found = queries.live_of(self.relationship.client)
        return found[0] if found else None

    def do(self, step: tuple[Any, ...]) -> None:
        with suppress(Refused):
            getattr(self, step[0])(*step[1:])

    def sign(self, scopes: frozenset[Scope], days: int) -> None:
        day = self.now.astimezone(UTC).date() + timedelta(days=days)
        consent = service.prepare(
            relationship=self.relationship,
            scopes=scopes,
            expires_on=day,
            purpose="own_request",
            language="en",
            actor=Actor("job"),
            now=self.now,
        )
        service.sign(
            consent=consent,
            typed_name="Marcus Dole",
            agreed=True,
            method="own_account",
            witness_id=None,
            actor=Actor("client"),
            now=self.now,
        )
        end = datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC)
        self.model = Model(allowed=scopes, ends_at=end)

    def narrow(self, scopes: frozenset[Scope]) -> None:
        if consent := self.live():
            fallen = access_ended.narrow(
                consent=consent, scopes=scopes, typed_name="Marcus Dole", actor=Actor("client"), now=self.now
            )
            self.model.allowed -= fallen

    def hold(self, kind: str) -> None:
        if consent := self.live():
            access_ended.hold(consent=consent, kind=kind, actor=STAFF, now=self.now)
            self.model.held, self.model.held_at, self.model.agreed = kind, self.now, set()

    def undo(self) -> None:
        if consent := self.live():
            service.undo_hold(consent=consent, actor=STAFF, now=self.now)
            assert self.now < self.model.held_at + timedelta(minutes=10)
            self.model.held = None

    def lift(self, side: str) -> None:
        if consent := self.live():
            service.lift_hold(consent=consent, actor=Actor(side, 1), now=self.now)
            self.model.agreed.add("client" if side == "desk" else side)
            if self.model.held == "spoken" or self.model.agreed == {"client", "staff"}:
                self.model.held = None

    def revoke(self) -> None:
        if consent := self.live():
            access_ended.stop(consent=consent, actor=Actor("client"), now=self.now)
            self.model.allowed = frozenset()

    def error(self) -> None:
        if consent := self.live():
            service.mark_entered_in_error(consent=consent, actor=STAFF, now=self.now, reason="wrong person")
            self.model.allowed = frozenset()

    def wait(self, span: timedelta) -> None:
        self.now += span

    def sweep(self) -> None:
        access_ended.sweep(self.now)

    def die(self) -> None:
        self.relationship.client.deceased_on = date(2026, 3, 4)
        db.session.flush()
        self.model.dead = True


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


def by_sql(link: Relationship, at: datetime) -> set[Scope]:
    pair = literal(link.client_id), literal(link.family_member_id)
    row = db.session.execute(select(*[gate.permitted(*pair, scope, at) for scope in Scope])).one()
    return {scope for scope, answer in zip(Scope, row, strict=True) if answer}


@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    steps=st.lists(STEPS, min_size=2, max_size=8),
    others=st.lists(st.timedeltas(timedelta(days=-40), timedelta(days=60)), min_size=1, max_size=2),
)
def test_the_forms_of_the_gate_and_the_model_agree(
    app: Flask, steps: list[tuple[Any, ...]], others: list[timedelta]
) -> None:
    with suppress(Done), writing():
        link = relationship_of(None, None)
        link.client.location.timezone = "UTC"
        world = World(link)
        for step in steps:
            world.do(step)
            seen = by_person(link, world.now)
            assert seen == world.model.sees(world.now), step
            assert by_sql(link, world.now) == seen
        for at in [world.now, *(NOW + span for span in others)]:
            assert by_pair(link, at) == by_person(link, at) == by_sql(link, at)
        raise Done
