from datetime import date, datetime, time
from typing import Any

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound, Refused
from portal.schedule import occurrences, queries, service
from portal.schedule.models import BlockException, Closure, Enrolment
from tests.conftest import NOW
from tests.factories.people import make_client, make_episode, make_program
from tests.factories.schedule import make_block, make_enrolment, make_track

WHO: dict[str, Any] = {"actor": Actor("staff", 1), "now": NOW}
TUESDAY = datetime(2026, 3, 3, 17, 30)


def audit_kinds() -> list[str]:
    return [row.kind for row in db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))]


def starts(track_id: int, first: date, last: date) -> list[str]:
    found = queries.occurrences(track_id=track_id, from_on=first, to_on=last)
    return [f"{each.start_at:%m-%d %H:%M}" for each in found]


def test_an_enrolment_lasts_the_weeks_of_its_track(write):
    episode = make_episode()
    track = make_track(program=episode.program, weeks=10)
    with write():
        enrolment = service.enrol(episode=episode, track=track, from_on=date(2026, 2, 9), **WHO)
    assert enrolment.to_on == date(2026, 4, 19)
    assert audit_kinds() == ["schedule.enrolled"]


def test_an_episode_follows_one_track_at_a_time(write):
    enrolment = make_enrolment(to_on=date(2026, 4, 19))
    again: dict[str, Any] = {"episode": enrolment.episode, "track": enrolment.track}
    with pytest.raises(Refused, match="already_on_a_track"), write():
        service.enrol(from_on=date(2026, 4, 19), **again, **WHO)
    with write():
        service.enrol(from_on=date(2026, 4, 20), **again, **WHO)
    assert len(db.session.scalars(select(Enrolment)).all()) == 2


def test_a_track_of_another_location_is_refused(write):
    with pytest.raises(Refused, match="track_of_other_location"), write():
        service.enrol(episode=make_episode(), track=make_track(), from_on=date(2026, 3, 2), **WHO)


def test_an_enrolment_cannot_end_before_it_begins(write):
    episode = make_episode()
    days: dict[str, Any] = {"from_on": date(2026, 3, 2), "to_on": date(2026, 3, 1)}
    with pytest.raises(Refused, match="last_day_before_first"), write():
        service.enrol(episode=episode, track=make_track(program=episode.program), **days, **WHO)


def test_a_block_begins_on_the_first_day_of_its_rule(write):
    track = make_track()
    with write():
        block = service.add_block(
            track=track,
            name="Group",
            starts_on=date(2026, 1, 1),
            start_time=time(9),
            minutes=180,
            rrule="FREQ=WEEKLY;BYDAY=MO",
            **WHO,
        )
    assert block.starts_on == date(2026, 1, 5)
    assert audit_kinds() == ["schedule.block_added"]


@pytest.mark.parametrize(
    ("rrule", "minutes", "code"),
    [
        ("FREQ=SECONDLY", 60, "rule_not_understood"),
        ("FREQ=WEEKLY;UNTIL=20251231", 60, "rule_without_a_day"),
        ("FREQ=WEEKLY", 0, "length_not_possible"),
        ("FREQ=WEEKLY", 721, "length_not_possible"),
    ],
)
def test_a_block_that_cannot_be_is_refused(write, rrule: str, minutes: int, code: str):
    track = make_track()
    when: dict[str, Any] = {
        "starts_on": date(2026, 1, 1),
        "start_time": time(9),
        "minutes": minutes,
        "rrule": rrule,
    }
    with pytest.raises(Refused, match=code), write():
        service.add_block(track=track, name="Group", **when, **WHO)


def test_moving_to_wednesday_and_back_is_told_twice(write):
    block = make_block(rrule="FREQ=WEEKLY;BYDAY=TU")
    revisions = []
    for new_start in (datetime(2026, 3, 4, 17, 30), TUESDAY):
        with write():
            row = occurrences.move_occurrence(
                block_id=block.id, original_start=TUESDAY, new_start=new_start, **WHO
            )
            revisions.append(row.time_revision)
    assert revisions == [2, 3]
    assert starts(block.track_id, date(2026, 3, 3), date(2026, 3, 4)) == ["03-03 22:30"]


def test_another_length_is_no_other_start(write):
    block = make_block()
    with write():
        row = occurrences.move_occurrence(
            block_id=block.id, original_start=TUESDAY, new_start=TUESDAY, new_minutes=60, **WHO
        )
    assert row.time_revision == 1
    assert audit_kinds() == ["schedule.occurrence_moved"]


def test_a_cancelled_occurrence_comes_back_with_its_revision(write):
    block = make_block()
    where: dict[str, Any] = {"block_id": block.id, "original_start": TUESDAY}
    with write():
        occurrences.cancel_occurrence(**where, **WHO)
    with write():
        occurrences.cancel_occurrence(**where, **WHO)
    assert starts(block.track_id, date(2026, 3, 3), date(2026, 3, 3)) == []
    with write():
        row = occurrences.move_occurrence(**where, new_start=TUESDAY, **WHO)
    assert row.time_revision == 1
    assert audit_kinds() == ["schedule.occurrence_cancelled", "schedule.occurrence_moved"]


def test_only_what_takes_place_can_be_moved_or_cancelled(write):
    block = make_block()
    friday = datetime(2026, 3, 6, 17, 30)
    with pytest.raises(NotFound), write():
        occurrences.cancel_occurrence(block_id=block.id, original_start=friday, **WHO)
    with pytest.raises(NotFound), write():
        occurrences.move_occurrence(block_id=1, original_start=TUESDAY, new_start=friday, **WHO)
    assert db.session.scalars(select(BlockException)).all() == []


def test_an_extra_evening_is_added_once(write):
    block = make_block()
    friday = datetime(2026, 3, 6, 17, 30)
    with write():
        occurrences.add_occurrence(block_id=block.id, start=friday, **WHO)
    with pytest.raises(Refused, match="occurs_already"), write():
        occurrences.add_occurrence(block_id=block.id, start=friday, **WHO)
    assert starts(block.track_id, date(2026, 3, 5), date(2026, 3, 6)) == ["03-05 22:30", "03-06 22:30"]


def test_a_closure_empties_its_days_and_nothing_can_be_moved_there(write):
    block = make_block()
    location = block.track.program.location
    days: dict[str, Any] = {"from_on": date(2026, 3, 3), "to_on": date(2026, 3, 3), "reason": "weather"}
    for _ in range(2):
        with write():
            service.close(location=location, **days, **WHO)
    assert len(db.session.scalars(select(Closure)).all()) == 1
    assert starts(block.track_id, date(2026, 3, 2), date(2026, 3, 4)) == ["03-02 22:30", "03-04 22:30"]
    with pytest.raises(Refused, match="day_closed"), write():
        occurrences.move_occurrence(
            block_id=block.id, original_start=datetime(2026, 3, 2, 17, 30), new_start=TUESDAY, **WHO
        )


def test_a_closure_can_be_taken_back(write):
    block = make_block()
    with write():
        closure = service.close(
            location=block.track.program.location,
            from_on=date(2026, 3, 3),
            to_on=date(2026, 3, 3),
            reason="holiday",
            **WHO,
        )
    with write():
        service.open_again(closure=closure, **WHO)
    assert starts(block.track_id, date(2026, 3, 3), date(2026, 3, 3)) == ["03-03 22:30"]
    assert audit_kinds() == ["schedule.closed", "schedule.opened_again"]


def test_a_closure_of_another_location_closes_nothing_here(write):
    block = make_block()
    with write():
        service.close(
            location=make_program().location,
            from_on=date(2026, 3, 1),
            to_on=date(2026, 3, 9),
            reason="other",
            **WHO,
        )
    assert len(starts(block.track_id, date(2026, 3, 2), date(2026, 3, 5))) == 4


def test_an_enrolment_can_end_early(write):
    enrolment = make_enrolment(episode=make_episode(client=make_client()))
    with write():
        service.end_enrolment(enrolment=enrolment, to_on=date(2026, 3, 1), **WHO)
    assert audit_kinds() == ["schedule.enrolment_ended"]
    with pytest.raises(Refused, match="last_day_before_first"), write():
        service.end_enrolment(enrolment=enrolment, to_on=date(2026, 2, 8), **WHO)
