"""Changing an enrolment once it stands: other days, or taken back altogether."""

from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from portal.audit import service as audit
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound, Refused
from portal.people.models import Client, Episode
from portal.schedule.models import Enrolment


def enrolment_for(*, enrolment_id: int, client: Client) -> Enrolment:
    """An enrolment of this client with its track, or NotFound."""
    found = db.session.scalars(
        select(Enrolment)
        .join(Enrolment.episode)
        .where(Enrolment.id == enrolment_id, Episode.client_id == client.id)
        .options(joinedload(Enrolment.track))
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def change(
    *, enrolment: Enrolment, from_on: date, to_on: date | None, actor: Actor, now: datetime
) -> Enrolment:
    """Give it other days, both included; None: no last day.

    Refused `last_day_before_first` (field to_on) and `already_on_a_track` (field from_on).
    """
    if to_on is not None and to_on < from_on:
        raise Refused("last_day_before_first", field="to_on")
    db.session.execute(select(Episode.id).where(Episode.id == enrolment.episode_id).with_for_update())
    if _others(enrolment, from_on, to_on):
        raise Refused("already_on_a_track", field="from_on")
    enrolment.from_on, enrolment.to_on = from_on, to_on
    audit.record(
        "schedule.enrolment_changed",
        actor=actor,
        now=now,
        client_id=enrolment.episode.client_id,
        enrolment_id=enrolment.id,
        track_id=enrolment.track_id,
        from_on=from_on.isoformat(),
        to_on=to_on.isoformat() if to_on else None,
    )
    return enrolment


def take_back(*, enrolment: Enrolment, actor: Actor, now: datetime) -> None:
    """It was entered by mistake: the client never followed this track."""
    audit.record(
        "schedule.enrolment_taken_back",
        actor=actor,
        now=now,
        client_id=enrolment.episode.client_id,
        enrolment_id=enrolment.id,
        track_id=enrolment.track_id,
        to_on=enrolment.to_on.isoformat() if enrolment.to_on else None,
    )
    db.session.delete(enrolment)


def _others(enrolment: Enrolment, from_on: date, to_on: date | None) -> bool:
    query = select(Enrolment.id).where(
        Enrolment.episode_id == enrolment.episode_id,
        Enrolment.id != enrolment.id,
        or_(Enrolment.to_on.is_(None), Enrolment.to_on >= from_on),
    )
    if to_on is not None:
        query = query.where(Enrolment.from_on <= to_on)
    return db.session.scalars(query).first() is not None
