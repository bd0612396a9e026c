"""The level of care of an episode over time: rows with from-dates, staff only.

Where nothing is entered, the level of the track that the episode follows counts.
"""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.audit import service as audit
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound, Refused
from portal.people.models import Client, Episode, LevelOfCare
from portal.schedule.models import CareStep


def enter(
    *, episode: Episode, level_of_care: LevelOfCare, from_on: date, actor: Actor, now: datetime
) -> CareStep:
    """From a local day on, the episode is at this level.

    Refused `before_episode` (field from_on) and `level_on_that_day` (field from_on), where
    the day has another entry. The same entry twice is that entry.
    """
    if from_on < episode.started_on:
        raise Refused("before_episode", field="from_on")
    same_day = select(CareStep).filter_by(episode_id=episode.id, from_on=from_on)
    known = db.session.scalars(same_day).one_or_none()
    if known is not None and known.level_of_care is level_of_care:
        return known
    if known is not None:
        raise Refused("level_on_that_day", field="from_on")
    step = CareStep(episode=episode, level_of_care=level_of_care, from_on=from_on, entered_at=now)
    db.session.add(step)
    db.session.flush()
    _audit("care.level_entered", step, actor=actor, now=now)
    return step


def take_back(*, step: CareStep, actor: Actor, now: datetime) -> None:
    """It was entered by mistake."""
    _audit("care.level_taken_back", step, actor=actor, now=now)
    db.session.delete(step)


def steps_of(client_id: int) -> list[CareStep]:
    """Every entry of a client, the newest day first, with its episode."""
    return list(
        db.session.scalars(
            select(CareStep)
            .join(CareStep.episode)
            .where(Episode.client_id == client_id)
            .options(joinedload(CareStep.episode))
            .order_by(CareStep.from_on.desc(), CareStep.id)
        )
    )


def step_for(*, step_id: int, client: Client) -> CareStep:
    """One entry of this client, or NotFound."""
    for step in steps_of(client.id):
        if step.id == step_id:
            return step
    raise NotFound


def level_on(steps: Sequence[CareStep], on: date) -> LevelOfCare | None:
    """What counts on a day; None: no entry has begun. `steps` as `steps_of` gives them."""
    return next((step.level_of_care for step in steps if step.from_on <= on), None)


def _audit(kind: str, step: CareStep, *, actor: Actor, now: datetime) -> None:
    audit.record(
        kind,
        actor=actor,
        now=now,
        client_id=step.episode.client_id,
        episode_id=step.episode_id,
        care_step_id=step.id,
        level=step.level_of_care.value,
        from_on=step.from_on.isoformat(),
    )
