"""A series on screen: dates first, then made; changed, moved and ended as "this one" or "this and later"."""

from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from portal.center.models import Location
from portal.core.db import db, writing
from portal.mail.models import OutboundMessage
from portal.people.models import Role
from portal.schedule.models import Closure
from portal.sessions.models import FamilySession, SessionState
from tests.conftest import NOW
from tests.factories.people import make_location, make_program, make_staff
from tests.factories.schedule import make_block, make_track
from tests.factories.sessions import make_sign_up
from tests.page import STAFF_BYTES, check_page, parse
from tests.signin import post, sign_in


def coordinator(client: FlaskClient) -> Location:
    location = make_location()
    sign_in(client, make_staff(Role.COORDINATOR, location=location).user, "staff")
    return location


def entry(location: Location, **values: Any) -> dict[str, Any]:
    """Tuesdays at six from March 10 to April 7: five evenings."""
    return {
        "kind": "multi_family",
        "client_id": 0,
        "title_en": "Talking when it is hard",
        "title_es": "Hablar cuando es difícil",
        "location_id": location.id,
        "starts_on": "2026-03-10",
        "start_time": "18:00",
        "minutes": 90,
        "days": [1],
        "every": 1,
        "until": "2026-04-07",
        "held_in": "en",
        "facilitator_id": 0,
        "meeting": "in_person",
        "capacity": 8,
        "standing_places": 4,
        "then": "look",
        **values,
    }


def evenings() -> list[FamilySession]:
    return list(db.session.scalars(select(FamilySession).order_by(FamilySession.starts_at)))


def series(client: FlaskClient, **values: Any) -> list[FamilySession]:
    """Five evenings, published."""
    location = coordinator(client)
    post(client, "/staff/series/new", entry(location, then="make", **values))
    post(client, f"/staff/series/{evenings()[0].series_id}/publish")
    return evenings()


def test_the_dates_are_shown_with_closed_days_before_anything_is_saved(client: FlaskClient) -> None:
    location = coordinator(client)
    with writing():
        closed = NOW.date().replace(day=17)
        db.session.add(Closure(location_id=location.id, from_on=closed, to_on=closed, reason="holiday"))
    answer = post(client, "/staff/series/new", entry(location))
    page = check_page(answer, budget=STAFF_BYTES).one("main").text
    assert "5 dates" in page
    assert "Tuesday, March 17" in page
    assert "Leave out Tuesday, March 17" not in page
    assert evenings() == []


def test_a_series_is_made_without_what_is_left_out(client: FlaskClient) -> None:
    location = coordinator(client)
    answer = post(client, "/staff/series/new", entry(location, then="make", skip=["2026-03-24"]))
    made = evenings()
    assert [each.starts_at.day for each in made] == [10, 17, 31, 7]
    assert {each.state for each in made} == {SessionState.DRAFT}
    check_page(client.get(answer.headers["Location"]), budget=STAFF_BYTES)
    post(client, f"{answer.headers['Location']}/publish")
    assert {each.state for each in evenings()} == {SessionState.PUBLISHED}


def test_a_series_begins_with_the_times_of_an_hour_for_families(client: FlaskClient) -> None:
    location = coordinator(client)
    track = make_track(program=make_program(location=location))
    block = make_block(track=track, is_family_hour=True)
    page = client.get("/staff/series/new").text
    assert f"block={block.id}" in page
    filled = client.get(f"/staff/series/new?block={block.id}").text
    assert f'value="{block.start_time:%H:%M}"' in filled


def test_nothing_is_made_without_a_day_of_the_week(client: FlaskClient) -> None:
    location = coordinator(client)
    answer = post(client, "/staff/series/new", entry(location, days=[], then="make"))
    assert "Tick at least one" in answer.text
    assert evenings() == []
    assert post(client, "/staff/series/new", entry(location, skip=["soon"])).status_code == 404


def changed(found: FamilySession, **values: Any) -> dict[str, Any]:
    return {**entry(found.location), "room": "Room 9", "then": "", **values}


def test_a_change_reaches_only_this_one_or_the_later_ones_too(client: FlaskClient) -> None:
    first, second, *_rest = series(client)
    assert "4 later sessions" in client.get(f"/staff/sessions/{first.id}/edit").text
    post(client, f"/staff/sessions/{first.id}/edit", changed(first, reach="one"))
    assert [each.room for each in evenings()] == ["Room 9", "", "", "", ""]
    post(client, f"/staff/sessions/{second.id}/edit", changed(second, reach="later", room="Room 3"))
    assert [each.room for each in evenings()] == ["Room 9"] + ["Room 3"] * 4


def test_this_and_later_move_by_as_much_on_the_wall(client: FlaskClient) -> None:
    first, *_rest = series(client)
    make_sign_up(session=first)
    form = {"on": "2026-03-11", "at": "18:30", "minutes": 60, "reach": "later"}
    assert post(client, f"/staff/sessions/{first.id}/move", form).status_code == 302
    assert [each.starts_at.astimezone(NOW.tzinfo).day for each in evenings()] == [11, 18, 25, 1, 8]
    assert db.session.scalars(select(OutboundMessage.kind)).all() == ["session_changed"]


def test_a_series_is_ended_from_its_page(client: FlaskClient) -> None:
    first, second, *_rest = series(client)
    url = f"/staff/sessions/{second.id}/cancel?reach=later"
    checked = [each for each in parse(client.get(url).text).all("input") if "checked" in each.attributes]
    assert [each.attributes["value"] for each in checked] == ["later"]
    post(client, f"/staff/sessions/{second.id}/cancel", {"reason": "planning", "reach": "later"})
    assert [each.state.value for each in evenings()] == ["published"] + ["cancelled"] * 4
    assert first.id == evenings()[0].id


def test_another_locations_series_is_not_there(client: FlaskClient) -> None:
    first, *_rest = series(client)
    sign_in(client, make_staff(Role.COORDINATOR, location=make_location()).user, "staff")
    assert client.get(f"/staff/series/{first.series_id}").status_code == 404
    assert post(client, f"/staff/series/{first.series_id}/publish").status_code == 404
