"""Standing places on somebody's behalf, on the page of the series."""

from datetime import date, timedelta

from flask.testing import FlaskClient
from sqlalchemy import select

from portal.consent.models import Consent
from portal.core.db import db, writing
from portal.people.models import Role
from portal.sessions import series
from portal.sessions.models import SessionKind, SignUp, SignUpState
from portal.sessions.models_series import StandingPlace
from portal.sessions.planning import Plan
from portal.sessions.series import Rhythm
from tests.conftest import NOW
from tests.factories.consent import FACTORY, make_signed_consent
from tests.factories.people import make_family_member, make_location, make_staff
from tests.page import STAFF_BYTES, check_page
from tests.signin import post, sign_in


def weekly(client: FlaskClient, standing_places: int = 1) -> tuple[Consent, int]:
    """Three published Tuesdays; a coordinator is signed in."""
    consent = make_signed_consent(family_member=make_family_member(given_name="Rosa"))
    location = consent.client.location
    plan = Plan(kind=SessionKind.MULTI_FAMILY, title_en="Talking", title_es="Hablar", capacity=8)
    with writing():
        made, _evenings = series.create(
            location_id=location.id,
            timezone=location.timezone,
            plan=plan,
            rhythm=Rhythm(date(2026, 3, 10), NOW.time(), 90, "FREQ=WEEKLY;COUNT=3;BYDAY=TU"),
            standing_places=standing_places,
            actor=FACTORY,
            now=NOW,
        )
        series.publish(series_id=made.id, actor=FACTORY, now=NOW)
    staff = make_staff(Role.COORDINATOR, location=location)
    sign_in(client, staff.user, "staff")
    return consent, made.id


def stand(client: FlaskClient, consent: Consent, series_id: int) -> None:
    form = {
        "family_member_id": consent.family_member_id,
        "from_on": "2026-03-05",
        "way_of_contact": "phone",
    }
    assert post(client, f"/staff/series/{series_id}/stand", form).status_code == 302


def test_a_standing_place_asked_for_by_telephone_fills_every_evening(client: FlaskClient) -> None:
    consent, series_id = weekly(client)
    check_page(client.get(f"/staff/series/{series_id}/stand"), budget=STAFF_BYTES)
    stand(client, consent, series_id)
    assert len(db.session.scalars(select(SignUp)).all()) == 3
    assert db.session.scalars(select(StandingPlace.way_of_contact)).all() == ["phone"]
    page = check_page(client.get(f"/staff/series/{series_id}"), budget=STAFF_BYTES)
    assert "Rosa D." in page.one("main").text


def test_a_standing_place_is_ended_from_the_series(client: FlaskClient) -> None:
    consent, series_id = weekly(client)
    stand(client, consent, series_id)
    mine = db.session.scalars(select(StandingPlace.id)).one()
    assert post(client, f"/staff/standing-places/{mine}/end").status_code == 302
    assert db.session.scalars(select(StandingPlace.state)).all() == [SignUpState.GIVEN_UP]
    assert set(db.session.scalars(select(SignUp.state))) == {SignUpState.GIVEN_UP}


def test_a_request_for_one_is_approved_and_found_from_its_task(client: FlaskClient) -> None:
    consent, series_id = weekly(client)
    stand(client, consent, series_id)
    mine = db.session.scalars(select(StandingPlace.id)).one()
    with writing():
        db.session.get_one(StandingPlace, mine).state = SignUpState.REQUESTED
    assert client.get(f"/staff/standing-places/{mine}").location == f"/staff/series/{series_id}"
    assert post(client, f"/staff/standing-places/{mine}/approve").status_code == 302
    assert db.session.scalars(select(StandingPlace.state)).all() == [SignUpState.PLACED]


def test_the_first_day_comes_before_the_last(client: FlaskClient) -> None:
    consent, series_id = weekly(client)
    yesterday = (NOW - timedelta(days=1)).date().isoformat()
    form = {
        "family_member_id": consent.family_member_id,
        "from_on": "2026-03-05",
        "to_on": yesterday,
        "way_of_contact": "phone",
    }
    answer = post(client, f"/staff/series/{series_id}/stand", form)
    assert "The last day lies before the first" in answer.text
    assert db.session.scalars(select(StandingPlace)).all() == []


def test_another_locations_standing_places_are_not_there(client: FlaskClient) -> None:
    consent, series_id = weekly(client)
    stand(client, consent, series_id)
    mine = db.session.scalars(select(StandingPlace.id)).one()
    sign_in(client, make_staff(Role.COORDINATOR, location=make_location()).user, "staff")
    assert client.get(f"/staff/series/{series_id}/stand").status_code == 404
    assert client.get(f"/staff/standing-places/{mine}").status_code == 404
    for verb in ("approve", "end"):
        assert post(client, f"/staff/standing-places/{mine}/{verb}").status_code == 404
