"""Accounts of staff and clients: a one-time link, used once."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.accounts.models import User
from portal.app import mail_kinds
from portal.audit.models import AuditEntry
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.core.errors import Refused
from portal.mail import letters
from portal.mail.models import OutboundMessage
from portal.people import account_invitations
from portal.people.models import AccountInvitation, Client, Role, StaffMember
from tests.conftest import NOW, HeldClock
from tests.factories.accounts import make_account
from tests.factories.people import make_client, make_staff
from tests.signin import post
from tests.web.signin.test_entering import enter
from tests.web.signin.test_enumeration import without_token

ADMIN = Actor("staff", 1)
FORM = {"sign_in_name": "Dana@center.example", "passphrase": "eleven small boats go out"}


def link_for(person: StaffMember | Client) -> str:
    with writing():
        token = account_invitations.link_for(person=db.session.merge(person), now=NOW, actor=ADMIN)
    return f"/welcome/{token}"


@pytest.fixture
def marcus(app: Flask) -> Client:
    return make_client(email="marcus@mail.example")


def test_the_command_prints_a_link_that_makes_the_first_admin(app: Flask, client: FlaskClient) -> None:
    arguments = ["staff", "add", "--name", "Dana Ortiz", "--email", "dana@center.example", "--role", "admin"]
    printed = app.test_cli_runner().invoke(args=arguments)
    assert printed.exit_code == 0, printed.output
    db.session.rollback()
    assert db.session.scalars(select(User)).all() == []
    link = printed.output.strip().removeprefix(app.config["PORTAL_BASE_URL"])
    assert client.get(link).status_code == 200
    assert post(client, link, FORM).location == "/sign-in"
    member = db.session.scalars(select(StaffMember)).one()
    assert [role.role for role in member.roles] == [Role.ADMIN]
    assert member.user
    assert member.user.sign_in_name == "dana@center.example"
    assert db.session.scalars(select(OutboundMessage)).all() == []
    assert enter(client, "dana@center.example", FORM["passphrase"]).location == "/staff"
    assert client.get("/staff/account").location.startswith("/sign-in/code")


def test_a_coordinator_by_command_needs_a_location(app: Flask) -> None:
    arguments = ["staff", "add", "--name", "D O", "--email", "d@center.example", "--role", "coordinator"]
    refused = app.test_cli_runner().invoke(args=arguments)
    assert refused.exit_code == 1
    assert "--location" in refused.output


def test_opening_the_link_changes_nothing(client: FlaskClient, marcus: Client) -> None:
    link = link_for(marcus)
    for _ in range(3):
        assert client.get(link).status_code == 200
    assert db.session.scalars(select(AccountInvitation.used_at)).all() == [None]


def test_the_link_makes_one_account(client: FlaskClient, marcus: Client) -> None:
    link = link_for(marcus)
    assert [post(client, link, FORM).status_code for _ in range(2)] == [303, 404]
    user = db.session.scalars(select(User)).one()
    db.session.refresh(marcus)
    assert marcus.user_id == user.id
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.kind == "account.accepted")).one()
    assert (entry.client_id, entry.fields["user_id"]) == (marcus.id, user.id)
    assert enter(client, "dana@center.example", FORM["passphrase"]).location == "/my/home"


def test_used_expired_replaced_and_unknown_links_are_one_page(
    client: FlaskClient, marcus: Client, held_clock: HeldClock
) -> None:
    replaced, used = link_for(marcus), link_for(marcus)
    expired = link_for(make_client(email="other@mail.example"))
    post(client, used, FORM)
    client.get("/sign-in")
    held_clock.advance(days=7)
    links = (replaced, used, expired, "/welcome/" + "x" * 43)
    pages = [client.get(link) for link in links]
    assert {page.status_code for page in pages} == {404}
    texts = {without_token(page.text.replace(link, "LINK")) for link, page in zip(links, pages, strict=True)}
    assert len(texts) == 1


@pytest.mark.parametrize(("seconds", "status"), [(-1, 200), (0, 404), (1, 404)])
def test_a_link_lives_seven_days(
    client: FlaskClient, marcus: Client, held_clock: HeldClock, seconds: int, status: int
) -> None:
    link = link_for(marcus)
    held_clock.at = NOW + timedelta(days=7, seconds=seconds)
    assert client.get(link).status_code == status


def test_a_taken_name_is_refused_and_the_link_lives_on(client: FlaskClient, marcus: Client) -> None:
    make_account(sign_in_name="dana@center.example")
    link = link_for(marcus)
    answer = post(client, link, FORM)
    assert answer.status_code == 409
    assert "in use" in answer.text
    assert post(client, link, {**FORM, "sign_in_name": "marcus"}).status_code == 303


def test_without_a_token_of_the_form_nothing_is_made(client: FlaskClient, marcus: Client) -> None:
    assert client.post(link_for(marcus), data=FORM).status_code == 400
    assert db.session.scalars(select(User)).all() == []


def test_who_has_an_account_is_not_invited_again(app: Flask) -> None:
    staff = make_staff()
    with pytest.raises(Refused, match="has_account"), writing():
        account_invitations.invite_staff(staff=db.session.merge(staff), now=NOW, actor=ADMIN)


def test_the_invitation_by_mail_carries_a_link_and_no_passphrase(client: FlaskClient, marcus: Client) -> None:
    with writing():
        account_invitations.invite_client(client=db.session.merge(marcus), now=NOW, actor=ADMIN)
    message = db.session.scalars(select(OutboundMessage)).one()
    kind = mail_kinds()[message.kind]
    assert kind.still_wanted
    assert kind.still_wanted(message, NOW) is None
    with writing():
        letter = kind.render(db.session.merge(message), NOW)
    words = letters.write(kind, letter, letters.Office("Maple Street Office", "(555) 010-0142", ""))
    link = next(line for line in words.text.splitlines() if "/welcome/" in line).strip()
    assert letter.address == "marcus@mail.example"
    assert post(client, link, FORM).status_code == 303
    assert kind.still_wanted(db.session.merge(message), NOW) == "used"
