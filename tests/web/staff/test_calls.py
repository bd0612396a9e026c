"""The caller card: one line of what may be said, else one sentence that confirms nothing."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.accounts.models import Audience
from portal.audit.models import AuditEntry
from portal.consent import holding
from portal.consent.models import Consent, HoldKind
from portal.consent.rules import Scope
from portal.core.db import db
from portal.disclosure.models import Channel, DisclosureEntry
from portal.people.models import Relationship, Role, StaffMember
from tests.conftest import NOW
from tests.factories.consent import FACTORY, make_signed_consent
from tests.factories.people import (
    make_care_team_member,
    make_client,
    make_family_member,
    make_location,
    make_staff,
    make_user,
)
from tests.signin import post, sign_in

WORD = "blue heron"


@pytest.fixture
def consent(app: Flask) -> Consent:
    """Marcus lets Elena know of sessions and lessons."""
    return make_signed_consent(
        client=make_client(location=make_location(), user=make_user()),
        family_member=make_family_member(given_name="Elena", family_name="Dole"),
        scopes={Scope.SESSIONS, Scope.LESSONS},
    )


@pytest.fixture
def dana(consent: Consent) -> StaffMember:
    staff = make_staff(Role.THERAPIST, user=make_user())
    make_care_team_member(consent.client, staff)
    return staff


@pytest.fixture
def agreed(client: FlaskClient, consent: Consent) -> Consent:
    """The client has chosen the word in the own account."""
    sign_in(client, consent.client.user, Audience.CLIENT)
    answer = post(client, f"/my/people/{consent.relationship_id}/phone-word", {"word": WORD})
    assert answer.status_code == 303
    return consent


def asks(client: FlaskClient, staff: StaffMember, name: str = "elena  DOLE", word: str = "Blue-Heron") -> str:
    sign_in(client, staff.user, Audience.STAFF)
    page = post(client, "/staff/calls", {"name": name, "word": word}).text
    return re.sub(r'name="csrf_token"[^>]*>|data-token="[^"]*"', "", page[page.index("<main") :])


def test_name_and_word_give_what_may_be_said(client: FlaskClient, dana: StaffMember, agreed: Consent) -> None:
    page = asks(client, dana)
    assert "Family sessions they may join" in page
    assert "Lessons that the team picks" in page
    assert "Program times" not in page
    row = db.session.scalars(select(AuditEntry).where(AuditEntry.kind == "call.looked_up")).one()
    assert (row.client_id, row.fields["relationship_id"]) == (agreed.client_id, agreed.relationship_id)
    assert db.session.scalars(select(DisclosureEntry).order_by(DisclosureEntry.id)).all() == [], (
        "nothing was said yet"
    )


def test_every_other_answer_is_the_same_and_confirms_nothing(
    client: FlaskClient, dana: StaffMember, agreed: Consent, write: Callable[[], Any]
) -> None:
    answers = {
        asks(client, dana, name="Nobody Known"),
        asks(client, dana, word="gray heron"),
        asks(client, make_staff(Role.THERAPIST, user=make_user())),
    }
    with write():
        holding.hold(
            consent=db.session.get_one(Consent, agreed.id), kind=HoldKind.SPOKEN, actor=FACTORY, now=NOW
        )
    answers.add(asks(client, dana))
    assert len(answers) == 1
    assert "I can neither say that somebody is here" in answers.pop()
    rows = db.session.scalars(select(AuditEntry).where(AuditEntry.kind == "call.looked_up")).all()
    assert [row.client_id for row in rows] == [None] * 4, "each look is written down"


def test_what_was_said_is_in_the_clients_list(
    client: FlaskClient, dana: StaffMember, agreed: Consent
) -> None:
    asks(client, dana)
    told = f"/staff/calls/{agreed.relationship_id}/told"
    assert post(client, told, {}).status_code == 409
    assert post(client, told, {"scopes": ["program_times"]}).status_code == 409
    assert db.session.scalars(select(DisclosureEntry).order_by(DisclosureEntry.id)).all() == []
    for _press in range(2):
        sent = {"scopes": ["sessions"], "call": "one-and-the-same"}
        assert post(client, told, sent).location == "/staff/calls"
    row = db.session.scalars(select(DisclosureEntry).order_by(DisclosureEntry.id)).one()
    assert (row.channel, row.scope, row.subject) == (Channel.PHONE, Scope.SESSIONS, "call")
    sign_in(client, agreed.client.user, Audience.CLIENT)
    assert client.get("/my/shared").status_code == 200


def test_another_caseloads_call_is_not_written_down(client: FlaskClient, agreed: Consent) -> None:
    stranger = make_staff(Role.THERAPIST, user=make_user())
    sign_in(client, stranger.user, Audience.STAFF)
    answer = post(client, f"/staff/calls/{agreed.relationship_id}/told", {"scopes": ["sessions"]})
    assert answer.status_code == 404


def test_a_word_is_kept_as_a_digest_and_can_be_taken_back(client: FlaskClient, agreed: Consent) -> None:
    address = f"/my/people/{agreed.relationship_id}/phone-word"
    stored = db.session.get_one(Relationship, agreed.relationship_id).phone_word_digest
    assert stored
    assert len(stored) == 64
    assert post(client, address, {"word": "abc"}).status_code == 409
    post(client, address, {"word": ""})
    db.session.expire_all()
    assert db.session.get_one(Relationship, agreed.relationship_id).phone_word_digest is None


def test_another_clients_person_has_no_word_here(client: FlaskClient, agreed: Consent) -> None:
    stranger = make_client(user=make_user())
    sign_in(client, stranger.user, Audience.CLIENT)
    address = f"/my/people/{agreed.relationship_id}/phone-word"
    assert client.get(address).status_code == 404
    assert post(client, address, {"word": WORD}).status_code == 404
