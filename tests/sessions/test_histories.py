"""Random histories of one evening of a series: whatever happens, the promises about places hold.

Never over capacity unless it was lowered, nobody twice, order kept, nobody passed over without a
stored reason, nobody beside whom they are kept apart from, and every freed place offered or free.
"""

import os
from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Flask
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

from portal.consent import ending, holding
from portal.consent.models import Consent, HoldKind
from portal.consent.rules import Scope, State
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.core.errors import NotFound, Refused
from portal.sessions import (
    apart,
    approvals,
    places,
    planning,
    rules,
    series,
    service,
    standing,
    standing_line,
)
from portal.sessions.models import FamilySession, SessionKind, SessionState, SignUp, SignUpEvent
from portal.sessions.models_series import SessionSeries, StandingPlace
from portal.sessions.rules import LIVE_SIGN_UP, TAKES_A_PLACE, SignUpState
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.people import make_client, make_family_member
from tests.factories.sessions import make_series, make_session

STAFF, SOMEBODY = Actor("staff", None), Actor("family", 1)
PEOPLE = 4
people = st.integers(0, PEOPLE - 1)


_signed: dict[int, int] = {}
"""The consents of earlier histories: signing is slow, so whoever still shares is taken again."""


def signed(number: int) -> Consent:
    """An active consent, all for the same client."""
    known = db.session.get(Consent, _signed[number]) if number in _signed else None
    if known is not None and known.state is State.ACTIVE:
        return known
    some = db.session.get(Consent, next(iter(_signed.values()))) if _signed else None
    made = make_signed_consent(
        client=some.client if some else make_client(),
        family_member=make_family_member(),
        scopes={Scope.SESSIONS},
    )
    _signed[number] = made.id
    return made


class OneSession(RuleBasedStateMachine):
    """One group with few places, four people, and everything that can happen to them."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        with writing():
            self.consents = [signed(number).id for number in range(PEOPLE)]
            location = self.consent(0).client.location
            row = make_series(location=location, standing_places=1)
            session = make_session(
                kind=SessionKind.MULTI_FAMILY,
                location=location,
                capacity=1,
                cutoff_minutes=120,
                series_id=row.id,
            )
            self.session_id, self.series_id, self.over, self.too_many = session.id, row.id, 0, 0
            self.stopped: set[int] = set()
            self.flag: int | None = None
            self.were_together = False

    def consent(self, person: int) -> Consent:
        return db.session.get_one(Consent, self.consents[person])

    def session(self) -> FamilySession:
        return db.session.get_one(FamilySession, self.session_id)

    def mine(self, person: int) -> SignUp | None:
        return db.session.scalars(
            select(SignUp).where(
                SignUp.session_id == self.session_id,
                SignUp.family_member_id == self.consent(person).family_member_id,
                SignUp.state.in_(LIVE_SIGN_UP),
            )
        ).one_or_none()

    def do(self, verb: Any, actor: Actor = SOMEBODY, **values: Any) -> None:
        """One request: all of it or nothing."""
        try:
            with writing():
                verb(actor=actor, now=self.now, **values)
        except (Refused, NotFound):
            db.session.rollback()

    @initialize(order=st.permutations(range(PEOPLE)))
    def everybody_asks(self, order: list[int]) -> None:
        for person in order:
            self.sign_up(person)

    @rule(person=people)
    def ask_or_give_up(self, person: int) -> None:
        """Whoever has something gives it up, whoever has nothing asks."""
        mine = self.mine(person)
        if mine is None:
            self.sign_up(person)
        else:
            self.do(service.give_up, sign_up_id=mine.id)

    @rule(verb=st.sampled_from([service.take_offer, service.let_go]))
    def answer_an_offer(self, verb: Any) -> None:
        for row in self.rows():
            if row.state is SignUpState.OFFERED:
                self.do(verb, sign_up_id=row.id)
                break

    def sign_up(self, person: int) -> None:
        family_member_id = self.consent(person).family_member_id
        self.do(service.sign_up, session_id=self.session_id, family_member_id=family_member_id)

    @rule(capacity=st.integers(0, 3))
    def change_capacity(self, capacity: int) -> None:
        plan = planning.plan_of(self.session()).with_capacity(capacity)
        self.do(planning.change, session_id=self.session_id, plan=plan)
        self.over = max(0, self.taken() - capacity)

    @rule(person=people)
    def stand_or_leave(self, person: int) -> None:
        """Whoever stands in the series, or waits to, leaves; whoever does not asks."""
        family_member_id = self.consent(person).family_member_id
        mine = standing_line.live_of(self.series_id, family_member_id)
        db.session.rollback()
        if mine is not None:
            self.do(standing.give_up, standing_place_id=mine.id)
        else:
            wish: dict[str, Any] = {"series_id": self.series_id, "from_on": NOW.date()}
            self.do(standing.ask, family_member_id=family_member_id, **wish)

    @rule(verb=st.sampled_from([standing.take_offer, standing.let_go]))
    def answer_a_standing_offer(self, verb: Any) -> None:
        for mine in self.standing_places():
            if mine.state is SignUpState.OFFERED:
                self.do(verb, standing_place_id=mine.id)
                break

    @rule(number=st.integers(0, 2))
    def change_standing_places(self, number: int) -> None:
        self.do(series.set_standing_places, series_id=self.series_id, standing_places=number)
        self.too_many = max(0, self.standing_taken() - number)

    @rule(is_wanted=st.booleans())
    def staff_decide_from_now_on(self, is_wanted: bool) -> None:
        plan = replace(planning.plan_of(self.session()), needs_approval=is_wanted)
        self.do(planning.change, session_id=self.session_id, plan=plan)

    @rule(is_yes=st.booleans())
    def decide_on_requests(self, is_yes: bool) -> None:
        for row in self.rows():
            if row.state is SignUpState.REQUESTED and is_yes:
                self.do(approvals.approve, actor=STAFF, sign_up_id=row.id)
            elif row.state is SignUpState.REQUESTED:
                self.do(approvals.decline, actor=STAFF, sign_up_id=row.id, reason="talk_first")

    @rule()
    def keep_the_first_two_apart_or_not(self) -> None:
        if self.flag is not None:
            self.do(apart.end, actor=STAFF, keep_apart_id=self.flag)
            self.flag = None
            return
        one, other = (self.consent(person).family_member_id for person in (0, 1))
        with writing():
            made = apart.keep_apart(
                family_member_id=one,
                other_family_member_id=other,
                reason="safety_plan",
                actor=STAFF,
                now=self.now,
            )
            self.flag = made.id
        self.were_together = self.are_together(self.rows())

    @rule(hours=st.sampled_from([1, 12, 30]))
    def wait_and_sweep(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        with writing():
            service.expire_offers(self.now)
        self.no_place_lies_idle()

    def no_place_lies_idle(self) -> None:
        """Every freed place is offered, or nobody who waits can have it."""
        session = self.session()
        if not rules.is_open(session.state, session.closes_at, self.now):
            return
        if places.free(session, self.now):
            line = places.line(session.id, self.now)
            there = apart.present(session.id)
            assert all(each.skip_reason or each.apart_from & there for _row, each in line)
        db.session.rollback()

    @rule(person=people)
    def hold_or_lift(self, person: int) -> None:
        """A pause of the permission: the person keeps their place in line."""
        with writing():
            consent = self.consent(person)
            if consent.state is State.ACTIVE:
                holding.hold(consent=consent, kind=HoldKind.SPOKEN, actor=STAFF, now=self.now)
            elif consent.state is State.ON_HOLD:
                actor = Actor("client", consent.client_id)
                holding.lift_hold(consent=consent, actor=actor, now=self.now)

    @rule(person=people)
    def stop_sharing(self, person: int) -> None:
        with writing():
            consent = self.consent(person)
            if consent.state in (State.ACTIVE, State.ON_HOLD):
                ending.revoke(consent=consent, actor=STAFF, now=self.now)
                service.release(relationship_id=consent.relationship_id, actor=STAFF, now=self.now)
                self.stopped.add(consent.family_member_id)

    @precondition(lambda self: self.now > NOW + timedelta(days=3))
    @rule()
    def cancel(self) -> None:
        self.do(planning.cancel, session_id=self.session_id, reason="weather")

    def rows(self) -> list[SignUp]:
        query = select(SignUp).where(SignUp.session_id == self.session_id).order_by(SignUp.queue_number)
        return list(db.session.scalars(query.execution_options(populate_existing=True)))

    def standing_places(self) -> list[StandingPlace]:
        query = select(StandingPlace).where(StandingPlace.series_id == self.series_id)
        return list(db.session.scalars(query.execution_options(populate_existing=True)))

    def standing_taken(self) -> int:
        return sum(mine.state in TAKES_A_PLACE for mine in self.standing_places())

    def are_together(self, rows: list[SignUp]) -> bool:
        there = {row.family_member_id for row in rows if row.state in TAKES_A_PLACE}
        return {self.consent(person).family_member_id for person in (0, 1)} <= there

    def taken(self) -> int:
        return sum(row.state in TAKES_A_PLACE for row in self.rows())

    @invariant()
    def the_promises_hold(self) -> None:
        rows, session = self.rows(), self.session()
        self.never_over_capacity(rows, session.capacity)
        self.nobody_twice(rows)
        self.nobody_passed_over_without_a_reason(rows)
        self.the_standing_places_are_as_many_as_there_are()
        self.the_two_meet_no_more(rows)
        live = [row for row in rows if row.state in LIVE_SIGN_UP]
        assert not (live and session.state is SessionState.CANCELLED)
        assert not [row for row in live if row.family_member_id in self.stopped]
        db.session.rollback()

    def never_over_capacity(self, rows: list[SignUp], capacity: int) -> None:
        """Nobody is dropped when the number shrinks; until they leave, nobody is added."""
        over = max(0, sum(row.state in TAKES_A_PLACE for row in rows) - capacity)
        assert over <= self.over
        self.over = over

    def the_standing_places_are_as_many_as_there_are(self) -> None:
        mine = self.standing_places()
        live = [each.family_member_id for each in mine if each.state in LIVE_SIGN_UP]
        assert len(live) == len(set(live))
        assert not set(live) & self.stopped
        number = db.session.get_one(SessionSeries, self.series_id).standing_places
        too_many = max(0, sum(each.state in TAKES_A_PLACE for each in mine) - number)
        assert too_many <= self.too_many
        self.too_many = too_many

    def the_two_meet_no_more(self, rows: list[SignUp]) -> None:
        """A flag takes nobody's place; once one of the two is gone they never meet again."""
        together = self.flag is not None and self.are_together(rows)
        assert not together or self.were_together
        self.were_together = together

    def nobody_twice(self, rows: list[SignUp]) -> None:
        live = [row.family_member_id for row in rows if row.state in LIVE_SIGN_UP]
        assert len(live) == len(set(live))
        assert [row.queue_number for row in rows] == list(range(1, len(rows) + 1))

    def nobody_passed_over_without_a_reason(self, rows: list[SignUp]) -> None:
        """Whoever still waits while somebody behind them was offered a place has it written down."""
        if not any(row.state is SignUpState.WAITLISTED for row in rows):
            return
        query = select(SignUpEvent).where(SignUpEvent.sign_up_id.in_([row.id for row in rows]))
        events = list(db.session.scalars(query))
        offered = {event.sign_up_id for event in events if event.event in ("offer", "placed", "approve")}
        skipped = {event.sign_up_id for event in events if event.event == "skipped" and event.reason}
        last = max([row.queue_number for row in rows if row.id in offered], default=0)
        for row in rows:
            if row.state is SignUpState.WAITLISTED and row.queue_number < last:
                assert row.id in skipped


def histories(engine: str) -> int:
    few = {"sqlite": 170, "postgresql": 30}[engine]
    return few * 10 if os.environ.get("PORTAL_LONG") else few


def test_any_history_keeps_the_promises(app: Flask, engine: str) -> None:
    _signed.clear()
    run_state_machine_as_test(
        OneSession,
        settings=settings(
            max_examples=histories(engine),
            stateful_step_count=7,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
