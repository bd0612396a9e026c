"""A client comes back for a new episode (row 116): the same person, account and family.

What they allowed during the last episode is suspended, as a hold of its own kind that only
the client can lift, until they decide again: a hold is a row with a history, both forms of
the gate read it already, and it can be lifted, stopped or replaced like any other. A hold
that stands for another reason stays as it is. Accounts stay linked, progress is kept.
"""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from portal.audit import service as audit
from portal.center.models import Program
from portal.consent import queries
from portal.consent.models import HoldKind
from portal.consent.rules import State
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound, Refused
from portal.people.models import Client, Episode
from portal.schedule.models import Track
from portal.workflows import access_ended, client_discharged, intake


def start(*, client: Client, track_id: int, start_on: date, actor: Actor, now: datetime) -> Episode:
    """Begin the new episode and pause every consent of before until the client decides again.

    Raises Refused episode_runs while one runs, client_cannot_sign for a client who died,
    NotFound for a track of another location.
    """
    if client.deceased_on is not None:
        raise Refused("client_cannot_sign")
    if client_discharged.running_episodes(client):
        raise Refused("episode_runs")
    track = next((each for each in tracks_at(client) if each.id == track_id), None)
    if track is None:
        raise NotFound
    held = _suspend(client, actor, now)
    episode = intake.enrol(client, track, start_on, actor, now)
    audit.record(
        "client.returned", actor=actor, now=now, client_id=client.id, episode_id=episode.id, held=held
    )
    return episode


def tracks_at(client: Client) -> list[Track]:
    """The timetables of the client's location, by name."""
    return list(
        db.session.scalars(
            select(Track)
            .join(Track.program)
            .where(Program.location_id == client.location_id)
            .options(contains_eager(Track.program))
            .order_by(Track.name, Track.id)
        )
    )


def _suspend(client: Client, actor: Actor, now: datetime) -> int:
    running = [consent for consent in queries.live_of(client) if consent.state is State.ACTIVE]
    for consent in running:
        access_ended.hold(consent=consent, kind=HoldKind.NEW_EPISODE, actor=actor, now=now)
    return len(running)
