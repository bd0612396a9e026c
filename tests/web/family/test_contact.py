"""Telling the team something: the urgent lines first, and the same answer with or without a permission."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.accounts.models import Audience
from portal.core.db import db
from portal.mail.models import OutboundMessage
from portal.oversight.models import Task, TeamMessage
from tests.factories.consent import make_signed_consent
from tests.factories.people import make_family_member, make_user
from tests.signin import post, sign_in


@pytest.fixture(params=["with a permission", "without"])
def elena(client: FlaskClient, request: pytest.FixtureRequest) -> FlaskClient:
    member = make_family_member(user=make_user())
    if request.param == "with a permission":
        make_signed_consent(family_member=member)
    sign_in(client, member.user, Audience.FAMILY)
    return client


def test_the_urgent_lines_come_before_the_form(elena: FlaskClient) -> None:
    page = elena.get("/help/contact").text
    main = page[page.index("<main") :]
    assert main.index("Call 911") < main.index("call or text 988") < main.index("<textarea")


def test_what_is_told_is_kept_and_becomes_a_task(elena: FlaskClient) -> None:
    answer = post(elena, "/help/contact", {"body": " He called. ", "call_back": ""})
    assert (answer.status_code, answer.location) == (303, "/more")
    assert "The team has it." in elena.get("/more").text
    assert db.session.scalars(select(TeamMessage.body)).all() == ["He called."]
    post(elena, "/help/contact", {"body": "He called.", "call_back": ""})  # pressed twice
    assert len(db.session.scalars(select(TeamMessage)).all()) == 1
    assert len(db.session.scalars(select(Task)).all()) == 1
    assert db.session.scalars(select(OutboundMessage)).all() == [], "nothing told travels by mail"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [("   ", "Nothing is written yet."), ("x" * 2001, "Keep it under 2,000 characters.")],
    ids=["empty", "long"],
)
def test_nothing_or_too_much_is_refused_and_kept_in_the_form(
    elena: FlaskClient, body: str, sentence: str
) -> None:
    answer = post(elena, "/help/contact", {"body": body, "call_back": "555"})
    assert sentence in answer.text
    assert 'value="555"' in answer.text
    assert db.session.scalars(select(TeamMessage)).all() == []
