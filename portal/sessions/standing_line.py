"""The inside of standing places: lock, count, change one state, hand a free one on."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select

from portal.audit import service as audit
from portal.center import settings
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound, TooLate
from portal.sessions import apart, evenings, notices, places, rules
from portal.sessions.models_series import SessionSeries, StandingPlace
from portal.sessions.rules import LIVE_SIGN_UP, TAKES_A_PLACE, Event, SignUpState, Waiting

DECIDE_WITHIN = timedelta(days=7)
"""The quiet hours can make an offer of a standing place no longer than this."""


def locked(series_id: int) -> SessionSeries:
    """The series, locked until the transaction ends. Raises NotFound."""
    query = select(SessionSeries).where(SessionSeries.id == series_id).with_for_update(of=SessionSeries)
    series = db.session.scalar(query.execution_options(populate_existing=True))
    if series is None:
        raise NotFound
    return series


def again(standing_place_id: int) -> StandingPlace:
    """The standing place as it stands now. Raises NotFound."""
    query = select(StandingPlace).where(StandingPlace.id == standing_place_id)
    found = db.session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    return found


def live_of(series_id: int, family_member_id: int) -> StandingPlace | None:
    """The person's standing place, offer or turn in line."""
    query = select(StandingPlace).where(
        StandingPlace.series_id == series_id,
        StandingPlace.family_member_id == family_member_id,
        StandingPlace.state.in_(LIVE_SIGN_UP),
    )
    return db.session.scalar(query.execution_options(populate_existing=True))


def change(
    mine: StandingPlace,
    event: Event,
    *,
    actor: Actor,
    now: datetime,
    offer_ends_at: datetime | None = None,
) -> None:
    """One step, by the same table as a sign-up's. Raises TooLate where it cannot happen."""
    before, after = mine.state, rules.next_state(mine.state, event)
    if after is None:
        raise TooLate
    mine.state, mine.offer_ends_at = after, offer_ends_at
    mine.ended_at = None if after in LIVE_SIGN_UP else now
    db.session.flush()
    note(mine, before, event.value, actor=actor, now=now)


def settle(series: SessionSeries, *, actor: Actor, now: datetime) -> list[StandingPlace]:
    """End what ran out, then offer each free standing place to the next in line."""
    _end_overdue(series.id, actor, now)
    places_free = free(series)
    waiting = in_state(series.id, {SignUpState.WAITLISTED})
    if not places_free or not waiting:
        return []
    holders = people(series.id, TAKES_A_PLACE)
    turn = rules.next_in_line(_line(waiting, now), places_free, holders)
    by_id = {each.id: each for each in waiting}
    for standing_place_id, reason in turn.skipped:
        by_id[standing_place_id].skip_reason = reason
        note(by_id[standing_place_id], SignUpState.WAITLISTED, f"skipped_{reason}", actor=actor, now=now)
    return [_offer(by_id[each], series, actor, now) for each in turn.chosen]


def free(series: SessionSeries) -> int:
    """How many standing places are free."""
    return rules.places_left(series.standing_places, len(people(series.id, TAKES_A_PLACE)))


def people(series_id: int, states: Collection[SignUpState]) -> frozenset[int]:
    """The family members in these states."""
    return frozenset(each.family_member_id for each in in_state(series_id, states))


def in_state(series_id: int, states: Collection[SignUpState]) -> list[StandingPlace]:
    """The standing places of a series in these states, in order; one statement."""
    query = (
        select(StandingPlace)
        .where(StandingPlace.series_id == series_id, StandingPlace.state.in_(states))
        .order_by(StandingPlace.queue_number)
    )
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def last_number(series_id: int) -> int:
    """The highest number in line so far."""
    query = select(func.coalesce(func.max(StandingPlace.queue_number), 0))
    return db.session.execute(query.where(StandingPlace.series_id == series_id)).scalar_one()


def note(mine: StandingPlace, before: SignUpState | None, event: str, *, actor: Actor, now: datetime) -> None:
    """One audit entry for one step."""
    audit.record(
        "standing_place.changed_state",
        actor=actor,
        now=now,
        client_id=mine.relationship.client_id if mine.relationship else None,
        standing_place_id=mine.id,
        series_id=mine.series_id,
        family_member_id=mine.family_member_id,
        from_state=before.value if before else None,
        to_state=mine.state.value,
        event=event,
    )


def _end_overdue(series_id: int, actor: Actor, now: datetime) -> None:
    for mine in in_state(series_id, {SignUpState.OFFERED}):
        if mine.offer_ends_at is not None and mine.offer_ends_at <= now:
            change(mine, Event.EXPIRE, actor=actor, now=now)


def _line(waiting: Sequence[StandingPlace], now: datetime) -> list[Waiting]:
    """Everybody who waits, each with the gate's answer of this moment."""
    others = apart.others_of([each.family_member_id for each in waiting])
    return [
        Waiting(
            each.id,
            each.queue_number,
            None if evenings.may_stand(each, now) else places.NO_PERMISSION,
            each.family_member_id,
            others[each.family_member_id],
        )
        for each in waiting
    ]


def _offer(mine: StandingPlace, series: SessionSeries, actor: Actor, now: datetime) -> StandingPlace:
    center = settings.current()
    ends_at = rules.offer_ends_at(
        now,
        now + DECIDE_WITHIN,
        zone=mine.family_member.timezone or series.timezone,
        quiet_from=center.quiet_from,
        quiet_until=center.quiet_until,
    )
    change(mine, Event.OFFER, actor=actor, now=now, offer_ends_at=ends_at)
    notices.standing_offered(mine, now=now)
    return mine
