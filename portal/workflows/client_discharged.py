"""A course of care ends: the episode and the program times do, the consents do not.

Family places and lessons run on to each consent's own end, since step-down is when
families are needed. Nobody is mailed; who may see that the program ended sees it.
"""

from datetime import date, datetime

from portal.core import clock
from portal.core.actor import Actor
from portal.core.errors import Refused
from portal.people import service
from portal.people.models import Client, Episode, EpisodeStatus
from portal.schedule import queries
from portal.schedule import service as schedule


def discharge(*, client: Client, ended_on: date, finished: bool, actor: Actor, now: datetime) -> None:
    """End the running episode on `ended_on`, a day at the client's location.

    Raises Refused day_ahead and ends_before_start_of_care (field ended_on), no_open_episode.
    """
    if ended_on > clock.local_date(now, client.location.timezone):
        raise Refused("day_ahead", field="ended_on")
    running = running_episodes(client)
    if not running:
        raise Refused("no_open_episode")
    if any(ended_on < episode.started_on for episode in running):
        raise Refused("ends_before_start_of_care", field="ended_on")
    end_care(client=client, ended_on=ended_on, finished=finished, actor=actor, now=now)


def end_care(*, client: Client, ended_on: date, finished: bool, actor: Actor, now: datetime) -> None:
    """End whatever runs: each episode, and each enrolment that would go on after the day."""
    for episode in running_episodes(client):
        ends_on = max(ended_on, episode.started_on)
        service.end_episode(episode=episode, ended_on=ends_on, finished=finished, actor=actor, now=now)
    for enrolment in queries.enrolments(client_id=client.id):
        if enrolment.from_on <= ended_on and (enrolment.to_on is None or enrolment.to_on > ended_on):
            schedule.end_enrolment(enrolment=enrolment, to_on=ended_on, actor=actor, now=now)


def running_episodes(client: Client) -> list[Episode]:
    """The courses of care that have not ended."""
    return [each for each in client.episodes if each.status in (EpisodeStatus.ACTIVE, EpisodeStatus.PLANNED)]
