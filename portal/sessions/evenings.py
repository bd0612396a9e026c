"""The evenings of a standing place: each has a sign-up of its own, which can be given up alone."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select

from portal.core.actor import Actor
from portal.core.clock import local_date
from portal.core.db import db
from portal.sessions import apart, entering, notices, places, rules
from portal.sessions.basis import permit_for
from portal.sessions.entering import Wish
from portal.sessions.models import FamilySession, SessionState, SignUp
from portal.sessions.models_series import StandingPlace
from portal.sessions.rules import LIVE_SIGN_UP, Event, SignUpState


def fill(mine: StandingPlace, *, actor: Actor, now: datetime) -> list[SignUp]:
    """Enter the person in each evening of theirs that is still open and not yet decided."""
    made = []
    for session_id in _open_evenings(mine, now):
        sign_up = _enter(places.locked(session_id), mine, actor, now)
        if sign_up is not None:
            made.append(sign_up)
    if made:
        notices.placed(min(made, key=lambda each: each.session.starts_at), now=now)
    return made


def fill_evening(session: FamilySession, *, actor: Actor, now: datetime) -> list[SignUp]:
    """A new evening is published: everybody who stands in its series has a place, in order."""
    made = []
    for mine in _standing(session.series_id):
        if is_in(mine, session):
            sign_up = _enter(session, mine, actor, now)
            made += [sign_up] if sign_up else []
    return made


def hold_people(series_id: int | None, now: datetime) -> None:
    """Lock the consents of everybody who stands in a series, before a session row is locked."""
    for mine in _standing(series_id):
        session = sample(mine.series_id, now)
        if session is not None and not session.is_open_kind:
            permit_for(session, family_member_id=mine.family_member_id, at=now, lock=True)


def empty(mine: StandingPlace, *, actor: Actor, now: datetime) -> None:
    """Give up the evenings that are still to come; each goes to the next in its own line."""
    query = (
        select(SignUp.session_id)
        .join(SignUp.session)
        .where(
            SignUp.standing_place_id == mine.id,
            SignUp.state.in_(LIVE_SIGN_UP),
            FamilySession.starts_at > now,
        )
        .order_by(SignUp.session_id)
    )
    for session_id in db.session.scalars(query).all():
        session = places.locked(session_id)
        sign_up = places.live_sign_up(session_id, mine.family_member_id)
        if sign_up is not None and sign_up.standing_place_id == mine.id:
            places.change(sign_up, Event.GIVE_UP, actor=actor, now=now, reason="standing_place_ended")
            places.pass_on(session, actor=actor, now=now)


def sample(series_id: int, now: datetime) -> FamilySession | None:
    """The next evening of a series that families see: what covers it covers the others."""
    query = (
        select(FamilySession)
        .where(
            FamilySession.series_id == series_id,
            FamilySession.state == SessionState.PUBLISHED,
            FamilySession.starts_at > now,
        )
        .order_by(FamilySession.starts_at, FamilySession.id)
        .limit(1)
    )
    return db.session.scalar(query)


def given_up(session_id: int, family_member_id: int) -> frozenset[int]:
    """The standing places of which the person has given up this evening."""
    query = select(SignUp.standing_place_id).where(
        SignUp.session_id == session_id,
        SignUp.family_member_id == family_member_id,
        SignUp.state == SignUpState.GIVEN_UP,
        SignUp.standing_place_id.is_not(None),
    )
    return frozenset(each for each in db.session.scalars(query) if each is not None)


def standing_in(session: FamilySession, family_member_id: int) -> int | None:
    """The standing place to which a sign-up for this evening belongs: whoever skipped it comes back."""
    for mine in _standing(session.series_id):
        if mine.family_member_id == family_member_id and is_in(mine, session):
            return mine.id
    return None


def may_stand(mine: StandingPlace, now: datetime) -> bool:
    """Whether a permission of this moment covers the evenings to come."""
    evening = sample(mine.series_id, now)
    if evening is None:
        return False
    if evening.is_open_kind:
        return True
    return permit_for(evening, family_member_id=mine.family_member_id, at=now) is not None


def is_in(mine: StandingPlace, session: FamilySession) -> bool:
    """Whether the evening's local day lies in the span of the standing place."""
    on = local_date(session.starts_at, session.timezone)
    return mine.from_on <= on and (mine.to_on is None or on <= mine.to_on)


def _standing(series_id: int | None) -> Sequence[StandingPlace]:
    if series_id is None:
        return ()
    return db.session.scalars(
        select(StandingPlace)
        .where(StandingPlace.series_id == series_id, StandingPlace.state == SignUpState.PLACED)
        .order_by(StandingPlace.queue_number)
    ).all()


def _open_evenings(mine: StandingPlace, now: datetime) -> list[int]:
    """The evenings to come of a span about which the person has not decided yet, in the order of locking."""
    decided = select(SignUp.session_id).where(
        SignUp.family_member_id == mine.family_member_id,
        or_(SignUp.standing_place_id == mine.id, SignUp.state.in_(LIVE_SIGN_UP)),
    )
    query = (
        select(FamilySession)
        .where(
            FamilySession.series_id == mine.series_id,
            FamilySession.state == SessionState.PUBLISHED,
            FamilySession.starts_at > now,
            FamilySession.id.not_in(decided),
        )
        .order_by(FamilySession.id)
    )
    return [each.id for each in db.session.scalars(query) if is_in(mine, each)]


def _enter(session: FamilySession, mine: StandingPlace, actor: Actor, now: datetime) -> SignUp | None:
    """A place, or a turn in line; nothing beside somebody whom this person is never with."""
    if not rules.is_open(session.state, session.closes_at, now):
        return None
    if places.live_sign_up(session.id, mine.family_member_id):
        return None
    if apart.flag_in(session.id, mine.family_member_id):
        return None
    wish = Wish(
        family_member_id=mine.family_member_id,
        relationship_id=mine.relationship_id,
        staff_id=mine.made_by_staff_id,
        way_of_contact=mine.way_of_contact,
        standing_place_id=mine.id,
    )
    places.pass_on(session, actor=actor, now=now)
    return entering.enter(session, wish, actor=actor, now=now)
