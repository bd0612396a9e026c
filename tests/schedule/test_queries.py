from datetime import date, datetime, time
from typing import Any

import pytest
from sqlalchemy import event

from portal.consent.rules import Scope
from portal.core.db import db
from portal.disclosure.gate import Permit
from portal.schedule import queries
from portal.schedule.models import Enrolment
from tests.conftest import NOW
from tests.factories.people import make_episode
from tests.factories.schedule import make_block, make_enrolment, make_track

WEEK: dict[str, Any] = {"from_on": date(2026, 3, 2), "to_on": date(2026, 3, 8)}


def permit(enrolment: Enrolment, scope: Scope = Scope.PROGRAM_TIMES, consent_id: int = 3) -> Permit:
    return Permit(enrolment.episode.client_id, 1, 2, consent_id, scope, NOW)


def enrolled(**values: Any) -> Enrolment:
    enrolment = make_enrolment(**values)
    make_block(track=enrolment.track)
    return enrolment


def days(enrolment: Enrolment, **window: Any) -> list[int]:
    found = queries.program_times(permit=permit(enrolment), **{**WEEK, **window})
    return [each.on.day for each in found]


def test_program_times_follow_the_enrolment(app):
    assert days(enrolled()) == [2, 3, 4, 5]


def test_both_days_of_an_enrolment_count(app):
    assert days(enrolled(from_on=date(2026, 3, 3), to_on=date(2026, 3, 4))) == [3, 4]


def test_an_episode_that_ended_ends_its_program_times(app):
    assert days(enrolled(episode=make_episode(ended_on=date(2026, 3, 3)))) == [2, 3]


def test_a_change_of_track_shows_one_then_the_other(app):
    first = enrolled(to_on=date(2026, 3, 3))
    other = make_track(program=first.track.program, name="Mornings")
    make_block(track=other, start_time=time(9))
    make_enrolment(episode=first.episode, track=other, from_on=date(2026, 3, 4))
    found = queries.program_times(permit=permit(first), **WEEK)
    assert [f"{each.start_at:%d %H}" for each in found] == ["02 22", "03 22", "04 14", "05 14"]


def test_somebody_elses_times_stay_theirs(app):
    enrolled()
    assert days(make_enrolment()) == []


@pytest.mark.parametrize("scope", [scope for scope in Scope if scope is not Scope.PROGRAM_TIMES])
def test_no_other_permit_opens_program_times(app, scope: Scope):
    with pytest.raises(ValueError, match="PROGRAM_TIMES"):
        queries.program_times(permit=permit(enrolled(), scope), **WEEK)


def test_group_names_need_a_permit_of_their_own(app):
    enrolment = enrolled()
    times = permit(enrolment)
    names = permit(enrolment, Scope.GROUP_NAMES)
    assert {each.name for each in queries.program_times(permit=times, **WEEK)} == {""}
    named = queries.program_times(permit=times, names=names, **WEEK)
    assert {each.name for each in named} == {"Coping skills"}
    with pytest.raises(ValueError, match="GROUP_NAMES"):
        queries.program_times(permit=times, names=permit(enrolment, Scope.GROUP_NAMES, 4), **WEEK)


def test_the_number_of_statements_does_not_grow_with_the_tracks(app):
    tracks = [make_block().track_id for _ in range(3)]
    db.session.rollback()
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        queries.of_tracks(tracks, **WEEK)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert len([statement for statement in seen if statement.startswith("SELECT")]) == 2


def test_how_many_follow_each_track_on_a_day(app):
    enrolment = enrolled(to_on=date(2026, 3, 4))
    assert queries.enrolled_on(on=date(2026, 3, 4)) == {enrolment.track_id: 1}
    assert queries.enrolled_on(on=date(2026, 3, 5)) == {}


def test_the_program_week_is_counted_from_the_start_of_care(app):
    episode = make_episode(started_on=date(2026, 2, 9))
    assert queries.program_week(episode, date(2026, 3, 4)) == 4


def test_occurrences_carry_their_zone_and_their_name_in_the_rule(app):
    block = make_block()
    first = queries.occurrences(track_id=block.track_id, **WEEK)[0]
    assert (first.zone, first.original_start) == ("America/New_York", datetime(2026, 3, 2, 17, 30))
