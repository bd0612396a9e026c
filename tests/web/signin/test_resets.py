"""A forgotten passphrase: one link by mail, used once, never past the second factor."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.accounts import resets, second_factor
from portal.accounts.models import PassphraseReset, User
from portal.app import mail_kinds
from portal.core.db import db, writing
from portal.mail import letters
from portal.mail.models import MailAddress, OutboundMessage
from tests.conftest import NOW, HeldClock
from tests.factories import factory
from tests.factories.accounts import PASSPHRASE, make_account
from tests.factories.people import make_family_member, make_staff
from tests.signin import post, sign_in
from tests.web.signin.test_codes import SECRET
from tests.web.signin.test_entering import enter
from tests.web.signin.test_enumeration import without_token

NEW = "eleven small boats go out"


@pytest.fixture
def elena(app: Flask) -> User:
    user = make_account()
    make_family_member(user_id=user.id)
    return user


def link_for(client: FlaskClient, user: User) -> str:
    """Ask for the link, and read it in the mail as it is written at its claim."""
    post(client, "/password/forgot", {"sign_in_name": user.sign_in_name})
    message = db.session.scalars(select(OutboundMessage)).one()
    kind = mail_kinds()[message.kind]
    assert kind.still_wanted
    assert kind.still_wanted(message, NOW) is None
    with writing():
        letter = kind.render(db.session.merge(message), NOW)
    words = letters.write(kind, letter, letters.Office("Maple Street Office", "(555) 010-0142", ""))
    return next(line for line in words.text.splitlines() if "/password/reset/" in line).strip()


def test_the_mail_is_a_row_and_its_token_is_not_in_it(client: FlaskClient, elena: User) -> None:
    answer = post(client, "/password/forgot", {"sign_in_name": elena.sign_in_name})
    assert answer.status_code == 200
    wish = db.session.scalars(select(PassphraseReset)).one()
    message = db.session.scalars(select(OutboundMessage)).one()
    assert (wish.user_id, wish.token_digest) == (elena.id, None)
    assert message.context == {"reset_id": wish.id}


def test_a_reset_ends_every_browser_session_and_the_new_passphrase_works(
    client: FlaskClient, elena: User
) -> None:
    sign_in(client, elena, "family")
    stolen = client.get_cookie("portal")
    assert stolen
    link = link_for(client, elena)
    assert client.get(link).status_code == 200
    assert client.get("/settings/sign-in").status_code == 200  # opening the link changed nothing
    assert post(client, link, {"passphrase": NEW}).location == "/sign-in"
    client.set_cookie("portal", stolen.value)
    assert client.get("/settings/sign-in").status_code == 302
    assert enter(client, elena.sign_in_name, PASSPHRASE).status_code == 409
    assert enter(client, elena.sign_in_name, NEW).location == "/home"


def test_used_expired_and_unknown_links_are_one_page(
    client: FlaskClient, elena: User, held_clock: HeldClock
) -> None:
    link = link_for(client, elena)
    held_clock.advance(minutes=60)
    expired = client.get(link)
    held_clock.advance(seconds=-1)
    assert post(client, link, {"passphrase": NEW}).status_code == 303
    client.get("/sign-in")  # shows that it worked
    unknown = "/password/reset/" + "x" * 43
    pages = [expired, client.get(link), post(client, link, {"passphrase": NEW}), client.get(unknown)]
    assert {page.status_code for page in pages} == {404}
    assert len({without_token(page.text.replace(link, unknown)) for page in pages}) == 1
    assert "Call the office" in pages[0].text


def test_a_weak_passphrase_leaves_the_link_alive(client: FlaskClient, elena: User) -> None:
    link = link_for(client, elena)
    answer = post(client, link, {"passphrase": "just for today just for today"})
    assert answer.status_code == 409
    assert "well known" in answer.text
    assert post(client, link, {"passphrase": NEW}).status_code == 303


def test_a_reset_does_not_skip_the_second_factor(client: FlaskClient) -> None:
    user = make_account(totp_secret=second_factor.secrets.encrypted(SECRET))
    make_staff(user=user)
    assert post(client, link_for(client, user), {"passphrase": NEW}).location == "/sign-in"
    enter(client, user.sign_in_name, NEW)
    assert client.get("/staff/account").location.startswith("/sign-in/code")


def test_a_reset_ends_a_delay(client: FlaskClient) -> None:
    user = make_account(failed_tries=95, next_try_at=NOW + timedelta(minutes=15))
    make_family_member(user_id=user.id)
    post(client, link_for(client, user), {"passphrase": NEW})
    assert enter(client, user.sign_in_name, NEW).status_code == 303


def test_asking_again_and_again_is_one_mail(client: FlaskClient, elena: User, held_clock: HeldClock) -> None:
    for _ in range(20):
        assert post(client, "/password/forgot", {"sign_in_name": elena.sign_in_name}).status_code == 200
    assert len(db.session.scalars(select(OutboundMessage)).all()) == 1
    held_clock.advance(minutes=11)
    post(client, "/password/forgot", {"sign_in_name": elena.sign_in_name})
    assert len(db.session.scalars(select(OutboundMessage)).all()) == 2


def test_a_newer_link_is_used_up_with_an_older_one(
    client: FlaskClient, elena: User, held_clock: HeldClock
) -> None:
    link = link_for(client, elena)
    held_clock.advance(minutes=11)
    post(client, "/password/forgot", {"sign_in_name": elena.sign_in_name})
    post(client, link, {"passphrase": NEW})
    sent = select(OutboundMessage).where(OutboundMessage.kind == "passphrase_reset")
    newer = db.session.scalars(sent.order_by(OutboundMessage.created_at.desc())).first()
    assert newer
    assert resets.unwanted(newer.context["reset_id"], now=held_clock.at) == "used"


def test_nothing_goes_to_a_mailbox_that_somebody_else_reads(client: FlaskClient, app: Flask) -> None:
    user = make_account()
    member = make_family_member(user_id=user.id)
    factory(MailAddress)(
        reader_kind="family",
        reader_id=member.id,
        address="both@mail.example",
        confirmed_at=NOW,
        is_shared=True,
        language="en",
    )
    post(client, "/password/forgot", {"sign_in_name": user.sign_in_name})
    message = db.session.scalars(select(OutboundMessage)).one()
    still_wanted = mail_kinds()[message.kind].still_wanted
    assert still_wanted
    assert still_wanted(message, NOW) == "shared_mailbox"
