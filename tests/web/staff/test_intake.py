"""The intake page: everything typed once, nothing lost, nothing doubled."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.audit.models import AuditEntry
from portal.consent.models import Consent
from portal.consent.rules import Scope, State
from portal.core.db import db
from portal.mail.models import OutboundMessage
from portal.people.models import CareTeamMember, Client, FamilyMember, Relationship, Role, StaffMember
from portal.schedule.models import Enrolment, Track
from tests.factories.people import make_family_member, make_location, make_program, make_staff
from tests.factories.schedule import make_track
from tests.page import STAFF_BYTES, check_page
from tests.signin import post, sign_in


@pytest.fixture
def desk(client: FlaskClient) -> dict[str, Any]:
    """A coordinator signed in, a track of her location, a therapist, and a filled page."""
    location = make_location()
    coordinator = make_staff(Role.COORDINATOR, location=location)
    track: Track = make_track(program=make_program(location=location))
    therapist: StaffMember = make_staff(Role.THERAPIST)
    page = {
        "client_key": "123456789012345",
        "given_name": "Marcus",
        "family_name": "Dole",
        "birth_on-month": "5",
        "birth_on-day": "17",
        "birth_on-year": "1990",
        "email": "",
        "language": "en",
        "track": str(track.id),
        "start_on": "2026-03-09",
        "therapist": str(therapist.id),
        "relative1-given_name": "Elena",
        "relative1-family_name": "Dole",
        "relative1-relation": "mother",
        "relative1-email": "Elena@Mail.example",
        "relative1-language": "es",
        "relative1-scopes": ["sessions", "lessons"],
        "relative1-until_on": "2026-09-04",
        "relative2-given_name": "Ray",
        "relative2-family_name": "Dole",
        "relative2-relation": "sibling",
        "relative2-email": "",
        "relative2-language": "en",
        "relative2-scopes": ["program_times"],
        "relative2-until_on": "2026-06-30",
    }
    assert coordinator.user is not None
    sign_in(client, coordinator.user, "staff")
    return page


def count(model: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_the_page_offers_tracks_and_therapists(client: FlaskClient, desk: Any) -> None:
    page = check_page(client.get("/staff/intake"), budget=STAFF_BYTES, status=200)
    assert "Evenings" in page.one("main").text
    assert "Dana Ortiz" in page.one("main").text


def test_one_page_enters_everybody_and_mails_nobody(client: FlaskClient, desk: Any) -> None:
    answer = post(client, "/staff/intake", desk)
    assert answer.status_code == 302
    found = db.session.scalars(select(Client)).one()
    assert answer.location == f"/staff/clients/{found.id}"
    assert db.session.scalars(select(Enrolment)).one().episode.client_id == found.id
    assert count(CareTeamMember) == 1
    consents = db.session.scalars(select(Consent).order_by(Consent.expires_on)).all()
    assert [one.state for one in consents] == [State.PENDING_SIGNATURE] * 2
    assert [one.recipient_name for one in consents] == ["Ray Dole", "Elena Dole"]
    assert {row.scope for row in consents[1].scopes} == {Scope.SESSIONS, Scope.LESSONS}
    assert count(OutboundMessage) == 0
    kinds = set(db.session.scalars(select(AuditEntry.kind)))
    assert {"client.created", "episode.started", "relationship.created", "consent.prepared"} <= kinds


def test_the_clients_page_shows_what_comes_next(client: FlaskClient, desk: Any) -> None:
    answer = client.get(post(client, "/staff/intake", desk).location)
    page = check_page(answer, budget=STAFF_BYTES, names=("Marcus", "Dole"), status=200)
    assert page.one("main").text.count("Waiting for signature") == 2
    assert "client.viewed" in db.session.scalars(select(AuditEntry.kind).order_by(AuditEntry.id)).all()


def test_a_second_press_finds_the_firsts_client(client: FlaskClient, desk: Any) -> None:
    first = post(client, "/staff/intake", desk)
    assert post(client, "/staff/intake", desk).location == first.location
    assert (count(Client), count(FamilyMember), count(Consent)) == (1, 2, 2)


def test_the_same_client_on_a_new_page_is_refused_and_typing_stays(client: FlaskClient, desk: Any) -> None:
    post(client, "/staff/intake", desk)
    answer = post(client, "/staff/intake", {**desk, "client_key": "987654321098765"})
    page = check_page(answer, budget=STAFF_BYTES, status=409)
    assert "already here" in page.one("main").text
    assert page.by_id()["relative2-given_name"].attributes["value"] == "Ray"
    assert count(Client) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"given_name": " "}, "Type the client's first name."),
        ({"birth_on-month": "13"}, "Type the birth date as three numbers"),
        ({"birth_on-year": "2027"}, "Type the birth date as three numbers"),
        ({"track": ""}, "Choose the track."),
        ({"relative1-relation": ""}, "Choose what this person is to the client."),
        ({"relative1-email": "elena"}, "does not look like an e-mail address"),
        ({"relative2-scopes": ["group_names"]}, "Names of groups need the program times too."),
        ({"relative2-until_on": "2026-03-03"}, "Choose a day from today on"),
        ({"relative2-until_on": "2027-03-05"}, "Choose a day from today on"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_entered(
    client: FlaskClient, desk: Any, change: Any, words: str
) -> None:
    answer = post(client, "/staff/intake", {**desk, **change})
    page = check_page(answer, budget=STAFF_BYTES, status=200)
    assert words in page.one("main").text
    assert page.all("title")[0].text.startswith("Error: ")
    assert page.by_id()["relative1-family_name"].attributes["value"] == "Dole"
    assert count(Client) == 0


def test_a_client_without_relatives_is_fine(client: FlaskClient, desk: Any) -> None:
    nobody = {key: "" for key in desk if key.startswith("relative") and "language" not in key}
    assert post(client, "/staff/intake", {**desk, **nobody}).status_code == 302
    assert (count(Client), count(Relationship)) == (1, 0)


def test_somebody_already_known_is_linked_not_doubled(client: FlaskClient, desk: Any) -> None:
    known = make_family_member(given_name="elena", email="elena@mail.example")
    post(client, "/staff/intake", desk)
    assert count(FamilyMember) == 2
    ids = set(db.session.scalars(select(Relationship.family_member_id)))
    assert known.id in ids


def test_a_client_under_18_is_entered_without_consents(client: FlaskClient, desk: Any) -> None:
    answer = post(client, "/staff/intake", {**desk, "birth_on-year": "2010"})
    assert (count(Client), count(Relationship), count(Consent)) == (1, 2, 0)
    page = check_page(client.get(answer.location), budget=STAFF_BYTES, status=200)
    assert "under 18" in page.one("main").text


def test_anothers_track_is_not_there(client: FlaskClient, desk: Any) -> None:
    elsewhere = make_track(name="Elsewhere")
    post(client, "/staff/intake", {**desk, "track": str(elsewhere.id)})
    assert count(Client) == 0


@pytest.mark.parametrize("role", [Role.THERAPIST, Role.ADMIN, Role.PRIVACY_OFFICER])
def test_intake_is_the_coordinators_page(client: FlaskClient, desk: Any, role: Role) -> None:
    member = make_staff(role)
    assert member.user is not None
    sign_in(client, member.user, "staff")
    assert client.get("/staff/intake").status_code == 404


def test_signed_out_and_without_a_token_nothing_happens(client: FlaskClient, desk: Any) -> None:
    assert client.post("/staff/intake", data=desk).status_code == 400
    with client.session_transaction() as cookie:
        cookie.clear()
    assert client.get("/staff/intake").location.startswith("/sign-in")
    assert count(Client) == 0


def test_one_more_relative_can_be_added_later(client: FlaskClient, desk: Any) -> None:
    address = post(client, "/staff/intake", desk).location + "/relatives/new"
    check_page(client.get(address), budget=STAFF_BYTES, status=200)
    more = {
        "given_name": "Ines",
        "family_name": "Dole",
        "relation": "grandparent",
        "language": "es",
        "scopes": ["sessions"],
        "until_on": "2026-09-04",
    }
    assert post(client, address, more).status_code == 302
    assert count(Consent) == 3
    again = post(client, address, more | {"given_name": ""})
    assert "Type the person's first name." in check_page(again, budget=STAFF_BYTES).one("main").text
