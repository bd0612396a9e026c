"""Where a client is in the program: the week and the level of care, for whom the client lets see it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, select

from portal.center.models import Location
from portal.consent.rules import Scope
from portal.core import clock
from portal.core.db import db
from portal.disclosure.gate import Permit
from portal.people.models import Client, Episode, EpisodeStatus, LevelOfCare
from portal.schedule import rules
from portal.schedule.models import Enrolment, Track


@dataclass(frozen=True)
class ProgramStep:
    """The week of the running course of care, of how many usually, and the level of care."""

    week: int
    weeks: int
    level: LevelOfCare


def program_steps(permits: Collection[Permit], *, at: datetime) -> dict[int, ProgramStep]:
    """Client id → the step at the instant `at`, for each client whose program runs; one statement.

    The day is that of the client's location. Demands PROGRAM_STEP permits; raises ValueError
    for any other. Without a permit it asks nothing.
    """
    if any(permit.scope is not Scope.PROGRAM_STEP for permit in permits):
        raise ValueError("the step of the program asks for a PROGRAM_STEP permit")
    found: dict[int, ProgramStep] = {}
    for client_id, started_on, from_on, to_on, weeks, level, zone in (
        db.session.execute(_enrolled(permits)) if permits else ()
    ):
        today = clock.local_date(at, zone)
        if from_on <= today and (to_on is None or today <= to_on):
            found[client_id] = ProgramStep(rules.program_week(started_on, today), weeks, level)
    return found


def _enrolled(permits: Collection[Permit]) -> Select[int, date, date, date | None, int, LevelOfCare, str]:
    """Client, first day of care, enrolment from and to, usual weeks, level, zone."""
    return (
        select(
            Client.id,
            Episode.started_on,
            Enrolment.from_on,
            Enrolment.to_on,
            Track.weeks,
            Track.level_of_care,
            Location.timezone,
        )
        .join(Episode, Episode.client_id == Client.id)
        .join(Enrolment, Enrolment.episode_id == Episode.id)
        .join(Track, Enrolment.track_id == Track.id)
        .join(Location, Client.location_id == Location.id)
        .where(
            Client.id.in_({permit.client_id for permit in permits}), Episode.status == EpisodeStatus.ACTIVE
        )
        .order_by(Enrolment.from_on, Enrolment.id)
    )
