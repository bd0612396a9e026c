"""A client names a person alone: a draft to sign, a task for the office, and nothing shared."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.consent.models import Consent
from portal.consent.rules import State
from portal.core.db import db
from portal.disclosure import gate
from portal.mail.models import OutboundMessage
from portal.oversight.models import Task
from portal.oversight.rules import TaskKind
from portal.people.models import Client, FamilyMember, Invitation
from tests.conftest import NOW
from tests.factories.people import make_client, make_family_member, make_relationship, make_user
from tests.page import check_page
from tests.signin import post, sign_in

RAY = {"given_name": "Ray", "family_name": "Dole", "relation": "sibling", "email": "", "phone": ""}


@pytest.fixture
def marcus(client: FlaskClient) -> Client:
    person: Client = make_client(user=make_user())
    sign_in(client, person.user, "client")
    return person


def people() -> list[str]:
    return list(db.session.scalars(select(FamilyMember.given_name)))


def test_a_named_person_is_a_draft_to_sign_and_a_task(client: FlaskClient, marcus: Client) -> None:
    check_page(client.get("/my/people/new"), status=200)
    assert "Add a person" in client.get("/my/people").text
    answer = post(client, "/my/people/new", RAY)
    consent = db.session.scalars(select(Consent)).one()
    assert answer.location == f"/my/permissions/{consent.id}/sign"
    assert (consent.state, consent.scopes, consent.purpose) == (State.PENDING_SIGNATURE, [], "own_request")
    check_page(client.get(str(answer.location)), names=("Ray",), status=200)
    task = db.session.scalars(select(Task)).one()
    assert (task.kind, task.location_id, task.client_id) == (TaskKind.NAMED, marcus.location_id, marcus.id)
    assert gate.permits(family_member_id=consent.family_member_id, at=NOW) == []
    assert db.session.scalars(select(Invitation)).all() == []
    assert db.session.scalars(select(OutboundMessage)).all() == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"given_name": ""}, "s first name."),
        ({"relation": ""}, "Choose what this person is to you."),
        ({"relation": "boss"}, "Not a valid choice"),
        ({"family_name": "Family"}, "that of one person"),
        ({"email": "ray"}, "does not look like an e-mail address"),
        ({"given_name": "elena"}, "You have named this person already."),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(
    client: FlaskClient, marcus: Client, given: dict[str, str], words: str
) -> None:
    make_relationship(client=marcus)
    page = post(client, "/my/people/new", {**RAY, **given})
    assert words in page.text
    assert 'value="Dole"' in page.text or "family_name" in given
    assert people() == ["Elena"]
    assert db.session.scalars(select(Task)).all() == []


def test_a_known_address_is_not_given_away(client: FlaskClient, marcus: Client) -> None:
    known = make_family_member(given_name="Ray", user=make_user())
    post(client, "/my/people/new", {**RAY, "email": known.email or ""})
    made = db.session.scalars(select(FamilyMember).where(FamilyMember.id != known.id)).one()
    assert (made.given_name, made.user_id) == ("Ray", None)


def test_it_is_for_clients_alone_and_needs_the_token(client: FlaskClient, marcus: Client) -> None:
    assert client.post("/my/people/new", data=RAY).status_code == 400
    assert client.application.test_client().get("/my/people/new").status_code == 302
    elena = make_family_member(user=make_user())
    sign_in(client, elena.user, "family")
    assert client.get("/my/people/new").status_code == 404
    assert people() == ["Elena"]
