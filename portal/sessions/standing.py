"""Standing places: one person in every evening of a series, from-to.

Order of locks: consent, series, session, sign-up, outbox. Each evening has a sign-up of its
own; what happens to one evening never ends the standing place. An evening's own line comes
first: a standing place takes what is free there, and waits its turn where nothing is.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound, Refused, TooLate
from portal.oversight import tasks
from portal.oversight.rules import TaskKind
from portal.sessions import apart, evenings, rules
from portal.sessions import standing_line as line
from portal.sessions.basis import permit_for
from portal.sessions.models import FamilySession
from portal.sessions.models_series import SessionSeries, StandingPlace
from portal.sessions.rules import LIVE_SIGN_UP, TAKES_A_PLACE, Event, SignUpState


def ask(
    *,
    series_id: int,
    family_member_id: int,
    from_on: date,
    actor: Actor,
    now: datetime,
    to_on: date | None = None,
    staff_id: int | None = None,
    way_of_contact: str | None = None,
) -> StandingPlace:
    """Give a place in every evening from-to, or the next number in line for one.

    Asking twice gives the same. Raises NotFound where no permission covers the series or
    nobody may stand in it, Refused last_day_before_first, not_open_for_you, kept_apart.
    """
    if to_on is not None and to_on < from_on:
        raise Refused("last_day_before_first", field="to_on")
    relationship_id = _hold_basis(series_id, family_member_id, now)
    series = line.locked(series_id)
    if not series.standing_places and actor.kind == "family":
        raise NotFound
    line.settle(series, actor=actor, now=now)
    known = line.live_of(series_id, family_member_id)
    if known:
        return known
    _refuse_apart(series_id, family_member_id, actor)
    made = StandingPlace(
        series=series,
        family_member_id=family_member_id,
        relationship_id=relationship_id,
        state=_first_state(series, actor, now),
        queue_number=line.last_number(series_id) + 1,
        from_on=from_on,
        to_on=to_on,
        made_at=now,
        made_by_staff_id=staff_id,
        way_of_contact=way_of_contact,
    )
    return _insert(made, actor, now)


def approve(*, standing_place_id: int, actor: Actor, now: datetime) -> StandingPlace:
    """Staff say yes to a request. Raises NotFound, Refused kept_apart, TooLate."""
    asked = line.again(standing_place_id)
    _hold_basis(asked.series_id, asked.family_member_id, now)
    series = line.locked(asked.series_id)
    mine = line.again(standing_place_id)
    if mine.state is not SignUpState.REQUESTED:
        raise TooLate
    _refuse_apart(series.id, mine.family_member_id, actor)
    event = Event.APPROVE if line.free(series) else Event.LINE_UP
    line.change(mine, event, actor=actor, now=now)
    tasks.drop(TaskKind.APPROVAL, subjects=[f"standing:{mine.id}"], actor=actor, now=now)
    if event is Event.APPROVE:
        evenings.fill(mine, actor=actor, now=now)
    return mine


def give_up(*, standing_place_id: int, actor: Actor, now: datetime) -> StandingPlace:
    """End a standing place, an offer of one or a turn in line; the next in line is offered it.

    The evenings that are still open for changes are given up too. Twice is the same as once.
    """
    series = line.locked(line.again(standing_place_id).series_id)
    mine = line.again(standing_place_id)
    if mine.state not in LIVE_SIGN_UP:
        return mine
    line.change(mine, Event.GIVE_UP, actor=actor, now=now)
    tasks.drop(TaskKind.APPROVAL, subjects=[f"standing:{mine.id}"], actor=actor, now=now)
    evenings.empty(mine, actor=actor, now=now)
    line.settle(series, actor=actor, now=now)
    return mine


def take_offer(*, standing_place_id: int, actor: Actor, now: datetime) -> StandingPlace:
    """Take an open offer. Twice is the same as once. Raises Refused offer_over, NotFound."""
    asked = line.again(standing_place_id)
    _hold_basis(asked.series_id, asked.family_member_id, now)
    line.locked(asked.series_id)
    mine = line.again(standing_place_id)
    if mine.state is SignUpState.PLACED:
        return mine
    if mine.state is not SignUpState.OFFERED or mine.offer_ends_at is None or mine.offer_ends_at <= now:
        raise Refused("offer_over")
    _refuse_apart(mine.series_id, mine.family_member_id, actor)
    line.change(mine, Event.TAKE, actor=actor, now=now)
    evenings.fill(mine, actor=actor, now=now)
    return mine


def let_go(*, standing_place_id: int, actor: Actor, now: datetime) -> StandingPlace:
    """Say no to an open offer; it goes to the next in line. Twice is the same as once."""
    series = line.locked(line.again(standing_place_id).series_id)
    mine = line.again(standing_place_id)
    if mine.state not in LIVE_SIGN_UP:
        return mine
    if mine.state is not SignUpState.OFFERED:
        raise TooLate
    line.change(mine, Event.LET_GO, actor=actor, now=now)
    line.settle(series, actor=actor, now=now)
    return mine


def release(*, relationship_id: int, actor: Actor, now: datetime) -> None:
    """A permission has ended: end the standing places that rest on it, or move them to another.

    The evenings' own sign-ups are `service.release`'s.
    """
    query = (
        select(StandingPlace.id)
        .where(StandingPlace.relationship_id == relationship_id, StandingPlace.state.in_(LIVE_SIGN_UP))
        .order_by(StandingPlace.series_id)
    )
    for standing_place_id in db.session.scalars(query).all():
        series = line.locked(line.again(standing_place_id).series_id)
        mine = line.again(standing_place_id)
        other = _other_permit(mine, now)
        if other is not None:
            mine.relationship_id = other
        elif mine.state in LIVE_SIGN_UP:
            line.change(mine, Event.END_ACCESS, actor=actor, now=now)
            line.settle(series, actor=actor, now=now)


def expire_offers(now: datetime, actor: Actor) -> int:
    """End offers that ran out and pass on what is free, series by series; returns the new offers."""
    query = (
        select(StandingPlace.series_id)
        .where(StandingPlace.state.in_([SignUpState.OFFERED, SignUpState.WAITLISTED]))
        .distinct()
        .order_by(StandingPlace.series_id)
    )
    ids = db.session.scalars(query).all()
    return sum(len(line.settle(line.locked(each), actor=actor, now=now)) for each in ids)


@dataclass(frozen=True)
class EveryTime:
    """How one person stands to the series of one evening."""

    is_possible: bool
    """Whether families may ask for a standing place in it."""
    mine: StandingPlace | None
    is_skipped: bool
    """This evening was given up, and no other sign-up came after."""
    now: datetime

    @property
    def is_offer_open(self) -> bool:
        """Whether an offer may still be taken."""
        ends_at = self.mine.offer_ends_at if self.mine else None
        return ends_at is not None and self.now < ends_at


def every_time(session: FamilySession, family_member_id: int | None, now: datetime) -> EveryTime | None:
    """What the evening's page says about a standing place; None where there is nothing to say."""
    if session.series_id is None or family_member_id is None:
        return None
    series = db.session.get_one(SessionSeries, session.series_id)
    mine = mine_in(session, family_member_id)
    skipped = mine is not None and mine.id in evenings.given_up(session.id, family_member_id)
    return EveryTime(series.standing_places > 0, mine, skipped, now)


def mine_in(session: FamilySession, family_member_id: int) -> StandingPlace | None:
    """The person's live standing place in the series of an evening."""
    return line.live_of(session.series_id, family_member_id) if session.series_id else None


def of_series(series_id: int) -> list[StandingPlace]:
    """Everybody who stands, is offered or waits, in order, for staff; one statement."""
    query = (
        select(StandingPlace)
        .where(StandingPlace.series_id == series_id, StandingPlace.state.in_(LIVE_SIGN_UP))
        .options(joinedload(StandingPlace.family_member))
        .order_by(StandingPlace.queue_number)
    )
    return list(db.session.scalars(query))


def _insert(made: StandingPlace, actor: Actor, now: datetime) -> StandingPlace:
    db.session.add(made)
    try:
        db.session.flush()
    except IntegrityError as error:  # the index of live standing places: somebody was faster
        raise TooLate from error
    line.note(made, None, "sign_up", actor=actor, now=now)
    if made.state is SignUpState.PLACED:
        evenings.fill(made, actor=actor, now=now)
    elif made.state is SignUpState.REQUESTED:
        _ask_staff(made, actor, now)
    return made


def _ask_staff(made: StandingPlace, actor: Actor, now: datetime) -> None:
    tasks.open_task(
        TaskKind.APPROVAL,
        subject=f"standing:{made.id}",
        actor=actor,
        now=now,
        location_id=made.series.location_id,
        client_id=made.relationship.client_id if made.relationship else None,
        due_on=made.from_on,
    )


def _first_state(series: SessionSeries, actor: Actor, now: datetime) -> SignUpState:
    sample = evenings.sample(series.id, now)
    if sample is not None and sample.needs_approval and actor.kind == "family":
        return SignUpState.REQUESTED
    return rules.first_state(line.free(series))


def _hold_basis(series_id: int, family_member_id: int, now: datetime) -> int | None:
    """The relationship it will rest on, its consent locked; None for a series of open evenings."""
    sample = evenings.sample(series_id, now)
    if sample is None:
        raise NotFound
    if sample.is_open_kind:
        return None
    permit = permit_for(sample, family_member_id=family_member_id, at=now, lock=True)
    if permit is None:
        raise NotFound
    return permit.relationship_id


def _refuse_apart(series_id: int, family_member_id: int, actor: Actor) -> None:
    there = line.people(series_id, TAKES_A_PLACE) - {family_member_id}
    if apart.others_of([family_member_id])[family_member_id] & there:
        raise Refused("kept_apart" if actor.kind == "staff" else "not_open_for_you")


def _other_permit(mine: StandingPlace, now: datetime) -> int | None:
    sample = evenings.sample(mine.series_id, now)
    permit = sample and permit_for(
        sample,
        family_member_id=mine.family_member_id,
        at=now,
        without_relationship=mine.relationship_id,
    )
    return permit.relationship_id if permit else None
