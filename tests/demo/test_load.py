from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from portal.accounts.models import User
from portal.accounts.passphrases import passphrases
from portal.center import demo_mark
from portal.consent.models import Consent
from portal.consent.rules import LIVE, Scope
from portal.core.db import db
from portal.demo import accounts, load
from portal.demo.cast import CLIENTS, STAFF
from portal.disclosure import gate
from portal.education.models import Assignment, Progress
from portal.people.models import Client, FamilyMember, StaffMember
from portal.schedule import queries as schedule
from portal.schedule.models import Track
from portal.sessions.models import OPEN_KINDS, FamilySession, SessionState, SignUp
from portal.sessions.rules import TAKES_A_PLACE, SignUpState
from tests.conftest import NOW

KEY = "the demo's own key for codes"
DAYS = (
    datetime(2026, 3, 2, 5, 30, tzinfo=UTC),  # a Monday, half an hour after midnight
    datetime(2026, 3, 8, 7, 30, tzinfo=UTC),  # the hour that the clocks skip
)


def number(model: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def loaded(now: datetime = NOW) -> bool:
    done = load.load(code_key=KEY, now=now)
    db.session.rollback()
    return done


def assert_invariants() -> None:
    """One live consent for each pair, no session over its capacity, nobody twice in one."""
    live = Counter(
        (one.client_id, one.family_member_id)
        for one in db.session.scalars(select(Consent).where(Consent.state.in_(LIVE)))
    )
    assert set(live.values()) == {1}
    places = [one for one in db.session.scalars(select(SignUp)) if one.state in TAKES_A_PLACE]
    assert set(Counter((one.session_id, one.family_member_id) for one in places).values()) == {1}
    for session in db.session.scalars(select(FamilySession)):
        assert sum(one.session_id == session.id for one in places) <= session.capacity


def test_the_center_stands_once_and_holds_together(app):
    """One load for all that is asked of it: building it is a thousand steps."""
    assert not demo_mark.is_demo()
    assert loaded()
    assert demo_mark.is_demo()
    assert_counts()
    assert_invariants()
    assert_sessions()
    assert_every_place_rests_on_a_permission()
    assert_elena_sees_what_marcus_shares()
    assert_everybody_named_can_sign_in()
    assert not loaded()
    assert number(Client) == 30


def assert_counts() -> None:
    assert (number(Client), number(FamilyMember), number(StaffMember)) == (30, 45, 5)
    states = Counter(one.state.value for one in db.session.scalars(select(Consent)))
    assert states == {"active": 36, "pending_signature": 5, "on_hold": 2, "revoked": 2, "expired": 1}
    assert number(Assignment) >= 16
    assert number(Progress) == 9
    tracks = {track.name for track in db.session.scalars(select(Track))}
    assert tracks == {"IOP mornings", "IOP evenings"}
    assert sum(schedule.enrolled_on(on=NOW.date()).values()) == 30


def assert_sessions() -> None:
    """A month of them: one is full with a waitlist, one has its last place left."""
    free, waiting = [], 0
    query = select(FamilySession).where(FamilySession.state == SessionState.PUBLISHED)
    for session in db.session.scalars(query.where(FamilySession.starts_at > NOW)):
        places = db.session.scalars(select(SignUp).where(SignUp.session_id == session.id)).all()
        free.append(session.capacity - sum(one.state is SignUpState.PLACED for one in places))
        waiting += sum(one.state is SignUpState.WAITLISTED for one in places)
    assert len(free) == 10
    assert sorted(free)[:2] == [0, 1]
    assert waiting == 2


def assert_every_place_rests_on_a_permission() -> None:
    for place in db.session.scalars(select(SignUp)):
        if place.session.kind not in OPEN_KINDS and place.session.starts_at > NOW:
            assert gate.permits(family_member_id=place.family_member_id, at=NOW, scope=Scope.SESSIONS)


def assert_elena_sees_what_marcus_shares() -> None:
    elena = db.session.scalars(select(FamilyMember).where(FamilyMember.given_name == "Elena")).one()
    permits = gate.permits(family_member_id=elena.id, at=NOW)
    assert {permit.scope for permit in permits} == set(Scope) - {Scope.GROUP_NAMES}


def assert_everybody_named_can_sign_in() -> None:
    for name, _ in accounts.MAIN:
        query = select(User).where(User.sign_in_name == accounts.sign_in_name(name))
        assert passphrases.fits(db.session.scalars(query).one().passphrase_hash, accounts.PASSPHRASE)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("now", DAYS, ids=lambda now: f"{now:%Y-%m-%d}")
def test_it_loads_on_any_day(app, held_clock, now: datetime):
    held_clock.at = now
    assert loaded(now)
    assert_invariants()


def test_sign_in_names_are_all_different():
    relatives = {(one.given_name, one.family_name) for player in CLIENTS for one in player.relatives}
    given = [*(one.given_name for one in (*CLIENTS, *STAFF)), *(name for name, _ in relatives)]
    assert len({accounts.sign_in_name(name) for name in given}) == 30 + 5 + 45
