"""The rules of places, by table and in threes."""

import itertools
from datetime import UTC, datetime, time, timedelta

import pytest

from portal.sessions.rules import (
    LIVE_SIGN_UP,
    TRANSITIONS,
    Event,
    SessionState,
    SignUpState,
    Turn,
    Waiting,
    first_state,
    is_open,
    may_join,
    month_ends_at,
    next_in_line,
    next_state,
    offer_ends_at,
    places_left,
    tell_at,
)

W, OF, P = SignUpState.WAITLISTED, SignUpState.OFFERED, SignUpState.PLACED
R, NO = SignUpState.REQUESTED, SignUpState.DECLINED
UP, END, OFF = SignUpState.GIVEN_UP, SignUpState.ACCESS_ENDED, SignUpState.SESSION_CANCELLED
TABLE = {
    R: {
        "approve": P,
        "line_up": W,
        "decline": NO,
        "give_up": UP,
        "end_access": END,
        "cancel_session": OFF,
    },
    W: {"offer": OF, "place": P, "give_up": UP, "end_access": END, "cancel_session": OFF},
    OF: {
        "take": P,
        "let_go": UP,
        "expire": UP,
        "give_up": UP,
        "end_access": END,
        "cancel_session": OFF,
    },
    P: {"give_up": UP, "end_access": END, "cancel_session": OFF},
}
AT = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
NEW_YORK = "America/New_York"


@pytest.mark.parametrize(("state", "event"), list(itertools.product(SignUpState, Event)))
def test_every_state_answers_every_event_as_the_table_says(state: SignUpState, event: Event) -> None:
    assert next_state(state, event) is TABLE.get(state, {}).get(event.value)


def test_final_states_never_reopen() -> None:
    assert {state for state, _ in TRANSITIONS} == LIVE_SIGN_UP


@pytest.mark.parametrize(("taken", "left", "state"), [(7, 1, P), (8, 0, W), (9, 0, W)])
def test_the_last_place_is_a_place_and_the_next_a_turn_in_line(
    taken: int, left: int, state: SignUpState
) -> None:
    assert places_left(8, taken) == left
    assert first_state(places_left(8, taken)) is state


def test_the_first_who_asked_is_first_in_line() -> None:
    assert next_in_line([Waiting(1, 30), Waiting(2, 10), Waiting(3, 20)], 2) == Turn((2, 3))


def test_whoever_cannot_be_offered_a_place_is_passed_over_with_the_reason() -> None:
    line = [Waiting(1, 1, "no_permission"), Waiting(2, 2), Waiting(3, 3, "no_permission")]
    assert next_in_line(line, 2) == Turn((2,), ((1, "no_permission"),))


@pytest.mark.parametrize(
    ("present", "apart_from", "chosen", "skipped"),
    [
        ({9}, {9}, (2,), ((1, "kept_apart"),)),
        ({9}, {8}, (1, 2), ()),
        (set(), {12}, (1,), ()),  # whoever is offered a place first keeps the other out
        ({9, 12}, {9}, (2,), ((1, "kept_apart"),)),
    ],
)
def test_whoever_is_kept_apart_from_somebody_there_is_passed_over(
    present: set[int], apart_from: set[int], chosen: tuple[int, ...], skipped: tuple[tuple[int, str], ...]
) -> None:
    first = Waiting(1, 1, person_id=11, apart_from=frozenset(apart_from))
    second = Waiting(2, 2, person_id=12, apart_from=frozenset({11} & {11 if 12 in apart_from else 0}))
    assert next_in_line([first, second], 2, present) == Turn(chosen, skipped)


def test_nobody_is_skipped_when_no_place_went_past_them() -> None:
    assert next_in_line([Waiting(1, 1, "no_permission")], 1) == Turn()
    assert next_in_line([Waiting(1, 1), Waiting(2, 2)], 0) == Turn()


@pytest.mark.parametrize(("seconds", "expected"), [(-1, True), (0, False), (1, False)])
def test_own_changes_end_at_the_cutoff(seconds: int, expected: bool) -> None:
    assert is_open(SessionState.PUBLISHED, AT, AT + timedelta(seconds=seconds)) is expected


@pytest.mark.parametrize(
    ("minutes", "expected"), [(-16, False), (-15, True), (0, True), (89, True), (90, False)]
)
def test_the_link_is_shown_near_the_start_only(minutes: int, expected: bool) -> None:
    assert may_join(AT, AT + timedelta(minutes=90), AT + timedelta(minutes=minutes)) is expected


def offer(now: datetime, latest: datetime, quiet: tuple[int, int] = (21, 8)) -> datetime:
    return offer_ends_at(now, latest, zone=NEW_YORK, quiet_from=time(quiet[0]), quiet_until=time(quiet[1]))


def test_an_offer_lasts_a_day_when_nothing_is_quiet() -> None:
    assert offer(AT, AT + timedelta(days=9), (0, 0)) == AT + timedelta(hours=24)


def test_an_offer_stands_still_in_the_quiet_hours() -> None:
    # 10 am to 9 pm are 11 hours, 8 am to 9 pm another 13: it ends at the second bedtime.
    assert offer(AT, AT + timedelta(days=9)) == AT + timedelta(hours=35)


def test_an_offer_made_at_night_begins_in_the_morning() -> None:
    night = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)  # 11 pm in New York
    assert offer(night, night + timedelta(hours=16)) == datetime(2026, 3, 5, 17, 0, tzinfo=UTC)


def test_an_offer_is_shorter_near_the_start_and_never_outlives_the_cutoff() -> None:
    assert offer(AT, AT + timedelta(hours=8)) == AT + timedelta(hours=2)
    assert offer(AT, AT + timedelta(minutes=30)) == AT + timedelta(minutes=30)


def test_an_offer_across_the_change_of_clocks_keeps_its_waking_hours() -> None:
    saturday = datetime(2026, 3, 8, 1, 0, tzinfo=UTC)  # 8 pm EST; 8 am EDT is 12:00 UTC
    assert offer(saturday, saturday + timedelta(hours=8)) == datetime(2026, 3, 8, 9, 0, tzinfo=UTC)
    assert offer(saturday, saturday + timedelta(hours=20)) == datetime(2026, 3, 8, 16, 0, tzinfo=UTC)


def test_news_about_a_place_waits_for_the_morning() -> None:
    assert tell_at(AT, NEW_YORK) == AT
    night = datetime(2026, 3, 5, 3, 0, tzinfo=UTC)  # 10 pm
    assert tell_at(night, NEW_YORK) == datetime(2026, 3, 5, 11, 0, tzinfo=UTC)


def test_a_month_ends_at_midnight_where_the_session_takes_place() -> None:
    new_york = "America/New_York"
    assert month_ends_at(datetime(2026, 3, 4, tzinfo=UTC), new_york) == datetime(2026, 4, 1, 4, tzinfo=UTC)
    assert month_ends_at(datetime(2027, 1, 1, 4, tzinfo=UTC), new_york) == datetime(2027, 1, 1, 5, tzinfo=UTC)
