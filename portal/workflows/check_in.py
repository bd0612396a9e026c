""" "Is it still right who sees what?": a quiet question in week 2 and after a step down in care (row 123).

Derived from the present, never queued; the answer is remembered for its occasion. Only a
client who shares something is asked.
"""

from datetime import date, datetime, timedelta

from sqlalchemy import select

from portal.audit import service as audit
from portal.consent import queries as consents
from portal.consent.models import CheckIn
from portal.core import clock
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound
from portal.people.models import Client, LevelOfCare
from portal.schedule import care
from portal.schedule import queries as schedule
from portal.schedule.models import CareStep, Enrolment

WEEKS = (2, 3)
"""The weeks of the program in which the first question stands on the page."""

AFTER_STEP = timedelta(days=14)

ORDER = (LevelOfCare.RESIDENTIAL, LevelOfCare.PHP, LevelOfCare.IOP, LevelOfCare.OUTPATIENT)
"""From the most care to the least."""


def due(client: Client, now: datetime) -> str | None:
    """The occasion that waits for an answer; mostly None.

    It is `week2:<episode>`, `step:<enrolment>` or `care:<entry>`.
    """
    if client.no_family_contact or client.deceased_on:
        return None
    today = clock.local_date(now, client.location.timezone)
    enrolments = schedule.enrolments(client_id=client.id)
    found = _step_down(enrolments, care.steps_of(client.id), today) or _week_two(enrolments, today)
    if found is None or _answered(client.id, found) or not consents.live_of(client):
        return None
    return found


def leave_it(*, client: Client, occasion: str, actor: Actor, now: datetime) -> None:
    """ "Yes, leave it", once. Raises NotFound for an occasion that does not wait."""
    if _answered(client.id, occasion):
        return
    if due(client, now) != occasion:
        raise NotFound
    db.session.add(CheckIn(client_id=client.id, occasion=occasion, at=now))
    audit.record("check_in.answered", actor=actor, now=now, client_id=client.id, occasion=occasion)


def _week_two(enrolments: list[Enrolment], today: date) -> str | None:
    for each in enrolments:
        started = each.episode.ended_on is None and each.from_on <= today
        if started and schedule.program_week(each.episode, today) in WEEKS:
            return f"week2:{each.episode_id}"
    return None


def _step_down(enrolments: list[Enrolment], entered: list[CareStep], today: date) -> str | None:
    """The newest step, if it lately led to less care than the one before.

    A level that staff entered and the level of a track are steps alike.
    """
    steps = [(each.from_on, f"care:{each.id}", each.level_of_care) for each in entered]
    steps += [(each.from_on, f"step:{each.id}", each.track.level_of_care) for each in enrolments]
    begun = sorted((each for each in steps if each[0] <= today), key=lambda each: each[0], reverse=True)
    if len(begun) < 2 or today - begun[0][0] >= AFTER_STEP:
        return None
    now_at, before = (ORDER.index(level) for _, _, level in begun[:2])
    return begun[0][1] if now_at > before else None


def _answered(client_id: int, occasion: str) -> bool:
    query = select(CheckIn.id).where(CheckIn.client_id == client_id, CheckIn.occasion == occasion)
    return db.session.scalar(query) is not None
