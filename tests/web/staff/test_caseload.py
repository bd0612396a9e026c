"""The caseload: own clients only, the next step, the same number of statements for any number."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from portal.core.db import db, writing
from portal.people import invitations
from portal.people.models import Client, Role, StaffMember
from portal.reports.caseload import Step, caseload, rows
from tests.conftest import NOW
from tests.factories.consent import FACTORY, make_pending_consent, make_signed_consent
from tests.factories.people import (
    make_care_team_member,
    make_client,
    make_episode,
    make_family_member,
    make_location,
    make_relationship,
    make_staff,
)
from tests.factories.schedule import make_enrolment
from tests.page import STAFF_BYTES, check_page
from tests.signin import sign_in


@pytest.fixture
def therapist(client: FlaskClient) -> StaffMember:
    member: StaffMember = make_staff(location=make_location())
    assert member.user is not None
    sign_in(client, member.user, "staff")
    return member


def own_client(therapist: StaffMember, **values: Any) -> Client:
    found: Client = make_client(**values)
    make_care_team_member(found, therapist)
    return found


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that run meanwhile."""
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def step_of(client: Client) -> Step:
    return rows([client], NOW)[0].step


def test_the_list_shows_own_clients_with_their_families(client: FlaskClient, therapist: StaffMember) -> None:
    marcus = own_client(therapist)
    make_enrolment(episode=make_episode(client=marcus, started_on=date(2026, 2, 9)))
    make_signed_consent(client=marcus, expires_on=date(2026, 9, 1))
    make_pending_consent(client=marcus, family_member=make_family_member(given_name="Ray"))
    make_client(given_name="Priya", family_name="Stranger")
    page = check_page(client.get("/staff/caseload"), budget=STAFF_BYTES, names=("Marcus",), status=200)
    text = " ".join(page.one("main").text.split())
    assert "Week 4 of 10" in text
    assert "Active to Sep 1" in text
    assert "Waiting for signature" in text
    assert "Priya" not in text


def test_without_clients_the_page_says_whom_to_ask(client: FlaskClient, therapist: StaffMember) -> None:
    text = check_page(client.get("/staff/caseload"), budget=STAFF_BYTES, status=200).one("main").text
    assert "No clients are assigned to you. Ask your administrator." in text


def test_filters_find_by_a_relatives_name_and_by_consent(client: FlaskClient, therapist: StaffMember) -> None:
    marcus, priya = own_client(therapist), own_client(therapist, given_name="Priya", family_name="Sen")
    make_signed_consent(client=marcus, family_member=make_family_member(family_name="Ortega"))

    def shown(query: str) -> str:
        return check_page(client.get(f"/staff/caseload?{query}"), budget=STAFF_BYTES).one("main").text

    assert "Marcus" in shown("name=orTEGA")
    assert "Priya" not in shown("name=orTEGA")
    assert "Priya" in shown("consent=none")
    assert "Marcus" not in shown("consent=none")
    assert "No client matches." in shown("name=nobody")
    assert priya.id


def test_the_number_of_statements_does_not_grow(client: FlaskClient, therapist: StaffMember) -> None:
    for _ in range(2):
        make_signed_consent(client=own_client(therapist))
    with counted() as few:
        assert len(caseload(staff=therapist, now=NOW)) == 2
    for _ in range(6):
        make_signed_consent(client=own_client(therapist))
    db.session.expire_all()
    with counted() as many:
        lines = caseload(staff=therapist, now=NOW)
        assert all(line.people[0].relationship.family_member.full_name for line in lines)
    assert len(many) <= len(few) + 2  # the expired staff member and their roles


def test_the_next_step_follows_the_consent(client: FlaskClient) -> None:
    person = make_client()
    assert step_of(person) is Step.TALK
    make_relationship(client=person)
    assert step_of(person) is Step.PREPARE
    make_pending_consent(client=person)
    assert step_of(person) is Step.SIGN


def test_a_signed_consent_leads_to_the_invitation_then_to_lessons(client: FlaskClient) -> None:
    consent = make_signed_consent()
    with writing():
        invitation, _code = invitations.open_invitation(
            relationship_id=consent.relationship_id, now=NOW, actor=FACTORY, key="key"
        )
    assert step_of(consent.client) is Step.INVITE
    with writing():
        invitations.mark_sent(invitation=invitation, actor=FACTORY, now=NOW)
    assert step_of(consent.client) is Step.ASSIGN


@pytest.mark.parametrize(("days", "step"), [(29, Step.RENEW), (30, Step.ASSIGN), (31, Step.ASSIGN)])
def test_a_consent_is_renewed_in_its_last_thirty_days(client: FlaskClient, days: int, step: Step) -> None:
    consent = make_signed_consent(expires_on=NOW.date() + timedelta(days=days))
    assert step_of(consent.client) is step


def test_who_prefers_no_family_contact_has_no_next_step(client: FlaskClient, therapist: StaffMember) -> None:
    own_client(therapist, no_family_contact=True)
    text = check_page(client.get("/staff/caseload"), budget=STAFF_BYTES).one("main").text
    assert "Prefers no family contact" in text
    assert "Talk about family" not in text


def test_the_first_page_counts_what_needs_somebody(client: FlaskClient, therapist: StaffMember) -> None:
    make_pending_consent(client=own_client(therapist))
    own_client(therapist, given_name="Hannah", family_name="West")
    text = check_page(client.get("/staff"), budget=STAFF_BYTES, status=200).one("main").text
    assert "Ask Hannah W." in text
    assert "consents to sign" in text


@pytest.mark.parametrize("role", [Role.ADMIN, Role.PRIVACY_OFFICER])
def test_machinery_and_privacy_office_see_no_caseload(client: FlaskClient, role: Role) -> None:
    member = make_staff(role)
    assert member.user is not None
    sign_in(client, member.user, "staff")
    assert client.get("/staff/caseload").status_code == 404
    check_page(client.get("/staff"), budget=STAFF_BYTES, status=200)


def test_signed_out_there_is_only_the_door(client: FlaskClient) -> None:
    assert client.get("/staff/caseload").location.startswith("/sign-in")


def test_fifty_clients_fill_a_page_within_its_budget(client: FlaskClient, therapist: StaffMember) -> None:
    for number in range(51):
        make_signed_consent(client=own_client(therapist, given_name=f"Ann{number:02}"))
    first = check_page(client.get("/staff/caseload?sort=name"), budget=STAFF_BYTES, status=200)
    assert len(first.all("tr")) == 51
    more = next(link for link in first.all("a") if link.text == "More clients")
    second = check_page(client.get(more.attributes["href"]), budget=STAFF_BYTES, status=200)
    assert len(second.all("tr")) == 2
