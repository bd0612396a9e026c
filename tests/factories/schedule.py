"""Invented timetables."""

from datetime import date, time
from typing import Any

from portal.schedule.models import Block, Enrolment, Track
from tests.factories import factory
from tests.factories.people import make_episode, make_program


@factory
def make_track(**values: Any) -> Track:
    program = values.pop("program", None) or make_program()
    return Track(
        **{
            "program": program,
            "name": "Evenings",
            "timezone": program.location.timezone,
            "weeks": 10,
            **values,
        }
    )


@factory
def make_block(**values: Any) -> Block:
    """Every Monday to Thursday, 5:30 pm to 8:30 pm."""
    return Block(
        **{
            "track": values.pop("track", None) or make_track(),
            "name": "Coping skills",
            "starts_on": date(2026, 1, 5),
            "start_time": time(17, 30),
            "minutes": 180,
            "rrule": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH",
            **values,
        }
    )


@factory
def make_enrolment(**values: Any) -> Enrolment:
    """From the start of the episode, open-ended; on a track of the episode's own program."""
    episode = values.pop("episode", None) or make_episode()
    track = values.pop("track", None) or make_track(program=episode.program)
    return Enrolment(**{"episode": episode, "track": track, "from_on": episode.started_on, **values})
