"""The brief: who comes, what they need, what they read and shared, and only of one's own families."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from portal.consent.models import Consent
from portal.consent.rules import Scope
from portal.core.db import db, writing
from portal.education.models import Reflection
from portal.people.models import Client, Role, StaffMember
from portal.sessions import apart, client_part
from portal.sessions.models import FamilySession, SessionKind
from portal.sessions.rules import AccessNeed, Interpreter
from tests.conftest import NOW
from tests.factories.consent import FACTORY, make_signed_consent
from tests.factories.education import make_assignment, make_module, make_progress
from tests.factories.people import (
    make_care_team_member,
    make_client,
    make_family_member,
    make_location,
    make_staff,
)
from tests.factories.sessions import make_session, make_sign_up
from tests.page import STAFF_BYTES, check_page
from tests.signin import sign_in


def evening(client: Client, *names: str, **values) -> tuple[FamilySession, list[Consent]]:
    """A group of one client's family, everybody with a place."""
    session = make_session(
        kind=SessionKind.MULTI_FAMILY,
        location=client.location,
        starts_at=NOW + timedelta(hours=3),
        **values,
    )
    signed = [
        make_signed_consent(client=client, family_member=make_family_member(given_name=name))
        for name in names
    ]
    for number, consent in enumerate(signed, 1):
        make_sign_up(
            session=session,
            relationship=consent.relationship,
            queue_number=number,
            interpreter=Interpreter.SPANISH,
            access_need=AccessNeed.STEP_FREE,
        )
    return session, signed


def therapist(browser: FlaskClient, client: Client) -> StaffMember:
    staff = make_staff(Role.THERAPIST)
    make_care_team_member(client, staff)
    sign_in(browser, staff.user, "staff")
    return staff


def brief(browser: FlaskClient, session: FamilySession) -> str:
    answer = browser.get(f"/staff/sessions/{session.id}/brief")
    return check_page(answer, budget=STAFF_BYTES, names=("Marcus",)).one("main").text


def test_the_brief_names_who_comes_and_what_they_need(client: FlaskClient) -> None:
    mine = make_client()
    session, _signed = evening(mine, "Rosa")
    therapist(client, mine)
    page = brief(client, session)
    for words in ("Rosa Dole", "Marcus D.", "Interpreter: Spanish", "Access: Step-free access"):
        assert words in page


def test_the_lesson_of_the_evening_counts_only_whoever_shares_lessons(client: FlaskClient) -> None:
    mine, module = make_client(), make_module(code="m03")
    session, signed = evening(mine, "Rosa", "Ray", module_code="m03")
    for consent in signed:
        make_assignment(relationship=consent.relationship, module=module)
        make_progress(family_member=consent.family_member, module=module, finished_at=NOW)
    without = make_signed_consent(
        client=mine, family_member=make_family_member(given_name="Lea"), scopes={Scope.SESSIONS}
    )
    make_sign_up(session=session, relationship=without.relationship, queue_number=3)
    make_progress(family_member=without.family_member, module=module, finished_at=NOW)
    therapist(client, mine)
    page = brief(client, session)
    assert "2 people have read this lesson." in page
    assert page.count("Not picked for them") == 1


@pytest.mark.parametrize("shared", [True, False])
def test_a_note_stands_there_only_if_it_is_shared(client: FlaskClient, shared: bool) -> None:
    mine, module = make_client(), make_module(code="m03")
    session, (consent,) = evening(mine, "Rosa", module_code="m03")
    with writing():
        db.session.add(
            Reflection(
                family_member_id=consent.family_member_id,
                module_id=module.id,
                text="I want to talk about the keys.",
                changed_at=NOW,
                shared_with_id=consent.relationship_id if shared else None,
                shared_at=NOW if shared else None,
            )
        )
    therapist(client, mine)
    assert ("about the keys" in brief(client, session)) is shared


def test_two_people_to_be_kept_apart_stand_on_top(client: FlaskClient) -> None:
    mine = make_client()
    session, (one, other) = evening(mine, "Rosa", "Ray")
    with writing():
        apart.keep_apart(
            family_member_id=one.family_member_id,
            other_family_member_id=other.family_member_id,
            reason="team_decision",
            actor=FACTORY,
            now=NOW,
        )
    therapist(client, mine)
    assert "Keep apart, and both are expected: Rosa D. and Ray D." in brief(client, session)


def test_the_clients_own_answer_stands_there_for_their_team(client: FlaskClient) -> None:
    mine = make_client()
    session, _signed = evening(mine, "Rosa", with_client=True)
    with writing():
        client_part.ask(
            session=db.session.get_one(FamilySession, session.id), client_id=mine.id, actor=FACTORY, now=NOW
        )
    therapist(client, mine)
    assert "Marcus D.: Has not answered yet" in brief(client, session)


def test_another_teams_families_are_a_number(client: FlaskClient) -> None:
    mine = make_client()
    session, _signed = evening(mine, "Rosa")
    theirs = make_signed_consent(
        client=make_client(location=mine.location, given_name="Priya"),
        family_member=make_family_member(given_name="Anil"),
    )
    make_sign_up(session=session, relationship=theirs.relationship, queue_number=2)
    therapist(client, mine)
    page = brief(client, session)
    assert "Anil" not in page
    assert "1 person of another team is not shown." in page


def test_another_locations_brief_is_not_there(client: FlaskClient) -> None:
    session, _signed = evening(make_client(), "Rosa")
    sign_in(client, make_staff(Role.COORDINATOR, location=make_location()).user, "staff")
    assert client.get(f"/staff/sessions/{session.id}/brief").status_code == 404
