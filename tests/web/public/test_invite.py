"""The invitation, from the link to the family's home: no name before the code."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.accounts.models import BrowserSession, User
from portal.audit.models import AuditEntry
from portal.consent.models import Consent
from portal.consent.rules import Scope
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.disclosure.models import DisclosureEntry, NoticeAcknowledgement
from portal.mail.models import MailAddress, MailPreference
from portal.people import invitations
from portal.people.models import FamilyMember, Invitation
from portal.people.rules import InvitationState
from tests.conftest import NOW, HeldClock
from tests.factories.consent import make_signed_consent
from tests.factories.people import make_client, make_user
from tests.page import check_page
from tests.signin import post, sign_in

WORDS = "green apples fall slowly at noon"
STAFF = Actor("staff", 1)


@dataclass
class Invited:
    """A sent invitation under a live consent, with both secrets."""

    invitation: Invitation
    consent: Consent
    token: str
    code: str

    @property
    def address(self) -> str:
        return f"/invite/{self.token}"

    @property
    def person(self) -> FamilyMember:
        return self.invitation.relationship.family_member


@pytest.fixture
def invited(client: FlaskClient) -> Invited:
    consent = make_signed_consent(scopes={Scope.SESSIONS, Scope.LESSONS})
    key = str(client.application.config["SECRET_KEY"])
    with writing():
        invitation, code = invitations.open_invitation(
            relationship_id=consent.relationship_id, now=NOW, actor=STAFF, key=key
        )
        invitations.mark_sent(invitation=invitation, actor=STAFF, now=NOW)
        token = invitations.mint_link(invitation, now=NOW)
    return Invited(invitation, consent, token, code)


def answers(**values: Any) -> dict[str, Any]:
    return {"sign_in_name": "elena@mail.example", "passphrase": WORDS, "language": "es", **values}


def prove(client: FlaskClient, invited: Invited) -> None:
    assert post(client, invited.address, {"code": invited.code}).status_code == 303


def count(model: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_before_the_code_nobody_is_named(client: FlaskClient, invited: Invited) -> None:
    page = check_page(client.get(invited.address), status=200)
    assert page.one("h1").text == "You have an invitation"
    for name in ("Marcus", "Elena", "Dole"):
        assert name not in page.one("body").text


def test_after_the_code_the_person_reads_who_what_and_until_when(
    client: FlaskClient, invited: Invited
) -> None:
    prove(client, invited)
    page = check_page(client.get(f"{invited.address}/answer"), names=("Marcus", "Dole"), status=200)
    text = page.one("main").text
    assert "Marcus invited you" in text
    assert "Lessons picked for you" in text
    assert "Program times" not in text
    assert "42 CFR" in text
    boxes = [one for one in page.all("input") if one.attributes.get("type") == "checkbox"]
    assert len(boxes) == 3
    assert not [one for one in boxes if "checked" in one.attributes]
    ledger = db.session.scalars(select(DisclosureEntry).order_by(DisclosureEntry.id)).all()
    assert {entry.subject for entry in ledger} == {"permission"}
    assert {entry.occasion for entry in ledger} == {f"invitation:{invited.invitation.id}"}


def test_without_the_code_the_answer_page_is_a_dead_link(client: FlaskClient, invited: Invited) -> None:
    assert client.get(f"{invited.address}/answer").status_code == 404
    assert post(client, f"{invited.address}/answer", answers()).status_code == 404
    assert post(client, f"{invited.address}/no").status_code == 404
    assert count(User) == 0


def test_accepting_opens_the_account_and_signs_in(client: FlaskClient, invited: Invited) -> None:
    prove(client, invited)
    answer = post(client, f"{invited.address}/answer", answers(session_reminders="y", is_shared="y"))
    assert (answer.status_code, answer.location) == (303, "/home")
    user = db.session.scalars(select(User)).one()
    assert (invited.person.user_id, invited.person.language) == (user.id, "es")
    assert invited.invitation.state is InvitationState.ACCEPTED
    assert db.session.scalars(select(NoticeAcknowledgement)).one().consent_id == invited.consent.id
    assert db.session.scalars(select(MailPreference.kind)).all() == ["session_reminders"]
    assert db.session.scalars(select(MailAddress)).one().is_shared
    assert "invitation.accepted" in db.session.scalars(select(AuditEntry.kind).order_by(AuditEntry.id)).all()
    assert client.get("/home").status_code == 200


def test_a_double_press_accepts_once_and_signs_in_both_times(client: FlaskClient, invited: Invited) -> None:
    prove(client, invited)
    with client.session_transaction() as cookie:
        before = dict(cookie)
    post(client, f"{invited.address}/answer", answers())
    with client.session_transaction() as cookie:
        cookie.clear()
        cookie.update(before)
    again = post(client, f"{invited.address}/answer", answers())
    assert (again.status_code, again.location) == (303, "/home")
    assert (count(User), count(NoticeAcknowledgement)) == (1, 1)
    with client.session_transaction() as cookie:
        cookie.clear()
        cookie.update(before)
    wrong = post(client, f"{invited.address}/answer", answers(passphrase="something else entirely"))
    assert wrong.status_code == 404


def test_three_wrong_codes_end_the_invitation(client: FlaskClient, invited: Invited) -> None:
    for words in ("You have 2 tries left.", "You have 1 try left."):
        page = check_page(post(client, invited.address, {"code": "WRONG"}), status=409)
        assert f"That does not match. {words}" in page.one("main").text
    assert post(client, invited.address, {"code": "WRONG"}).status_code == 404
    assert post(client, invited.address, {"code": invited.code}).status_code == 404
    assert invited.invitation.state is InvitationState.ENDED


def test_every_dead_link_looks_alike(client: FlaskClient, invited: Invited, held_clock: HeldClock) -> None:
    def dead(token: str) -> str:
        answer = client.get(f"/invite/{token}")
        assert answer.status_code == 404
        text: str = check_page(answer).one("main").text
        return text

    unknown = dead("x" * 43)
    assert "Call the office and we will help." in unknown
    held_clock.advance(days=7)
    assert dead(invited.token) == unknown


@pytest.mark.parametrize("step", ["open", "accept"])
def test_when_the_consent_ends_the_link_is_dead(
    client: FlaskClient, invited: Invited, held_clock: HeldClock, step: str
) -> None:
    prove(client, invited)
    with writing():
        db.session.get_one(Consent, invited.consent.id).ends_at = NOW + timedelta(hours=1)
    held_clock.advance(hours=1)
    if step == "open":
        assert client.get(invited.address).status_code == 404
    assert post(client, f"{invited.address}/answer", answers()).status_code == 404
    assert (count(User), invited.person.user_id) == (0, None)


def test_a_no_is_final_and_leaves_no_account(client: FlaskClient, invited: Invited) -> None:
    prove(client, invited)
    check_page(post(client, f"{invited.address}/no"), status=200)
    assert invited.invitation.state is InvitationState.DECLINED
    assert count(User) == 0
    assert client.get(invited.address).status_code == 404


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"passphrase": "short"}, "passphrase is too short"),
        ({"sign_in_name": "taken@mail.example"}, "This sign-in name is in use."),
        ({"passphrase": ""}, "Type a passphrase."),
    ],
)
def test_a_refused_account_keeps_what_was_typed(
    client: FlaskClient, invited: Invited, change: Any, words: str
) -> None:
    make_user(sign_in_name="taken@mail.example")
    prove(client, invited)
    answer = post(client, f"{invited.address}/answer", answers(program_times="y", **change))
    page = check_page(answer)
    assert words in page.one("main").text
    assert "checked" in page.by_id()["program_times"].attributes
    assert (invited.person.user_id, invited.invitation.state) == (None, InvitationState.SENT)


def test_another_signed_in_account_is_refused(client: FlaskClient, invited: Invited) -> None:
    other = make_client(user=make_user())
    assert other.user is not None
    sign_in(client, other.user, "client")
    page = check_page(client.get(invited.address), status=409)
    assert "another account" in page.one("h1").text
    assert "Dole" not in page.one("main").text
    assert post(client, invited.address, {"code": invited.code}).status_code == 409


def test_a_person_with_an_account_accepts_by_being_signed_in(client: FlaskClient, invited: Invited) -> None:
    user = make_user()
    with writing():
        db.session.get_one(FamilyMember, invited.person.id).user_id = user.id
    prove(client, invited)
    page = check_page(client.get(f"{invited.address}/answer"), status=200)
    assert "You have an account already." in page.one("main").text
    assert post(client, f"{invited.address}/answer").status_code == 404
    sign_in(client, user, "family")
    prove(client, invited)
    assert post(client, f"{invited.address}/answer").location == "/home"
    assert (count(User), count(BrowserSession)) == (1, 1)
    assert invited.invitation.state is InvitationState.ACCEPTED


def test_a_new_code_makes_the_old_proof_worthless(client: FlaskClient, invited: Invited) -> None:
    prove(client, invited)
    key = str(client.application.config["SECRET_KEY"])
    with writing():
        invitations.new_code(relationship_id=invited.consent.relationship_id, now=NOW, actor=STAFF, key=key)
    assert client.get(f"{invited.address}/answer").status_code == 404


def test_without_a_token_nothing_is_tried(client: FlaskClient, invited: Invited) -> None:
    assert client.post(invited.address, data={"code": "WRONG"}).status_code == 400
    assert client.get(f"{invited.address}/no").status_code == 405
    assert invited.invitation.tries_left == 3
