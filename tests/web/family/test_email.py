"""E-mails from us: the person's own yes, the links in the mail, and what is coming."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.core import tokens
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.mail import queries, service
from portal.mail.models import MailAddress, MailPreference, OutboundMessage, ReaderKind, StopLink
from portal.people.models import FamilyMember
from tests.conftest import NOW
from tests.factories.mail import make_mail_address, make_mail_reader, make_opt_in
from tests.factories.people import make_family_member, make_staff, make_user
from tests.factories.sessions import make_session, make_sign_up
from tests.signin import post, sign_in

CHOICES = {
    "address": "elena@mail.example",
    "kinds": ["session_reminders"],
    "lead_hours": ["24"],
    "language": "es",
}


def signed_in(client: FlaskClient, **values: object) -> FamilyMember:
    member = make_family_member(user=make_user(), **values)
    sign_in(client, member.user, "family")
    return member


def chosen(member: FamilyMember) -> dict[str, MailPreference]:
    return queries.preferences(ReaderKind.FAMILY, member.id)


def test_everything_is_off_until_it_is_chosen(client: FlaskClient) -> None:
    member = signed_in(client)
    page = client.get("/settings/email").text
    assert "All are off until you choose them." in page
    assert "Reminder: appointment" in page
    for kind in ("session_reminders", "places", "program_times"):
        assert f'value="{kind}"' in page
    assert chosen(member) == {}


def test_a_yes_is_kept_and_the_address_asks_to_be_confirmed(client: FlaskClient) -> None:
    member = signed_in(client)
    page = client.get(post(client, "/settings/email", CHOICES).headers["Location"]).text
    assert "Saved. You will get e-mails about" in page
    assert "Confirm your address" in page
    assert chosen(member)["session_reminders"].lead_hours == [24]
    row = db.session.scalars(select(MailAddress)).one()
    assert (row.address, row.confirmed_at, row.language) == ("elena@mail.example", None, "es")
    assert db.session.scalars(select(OutboundMessage.kind)).all() == ["confirm_address"]
    kinds = db.session.scalars(select(AuditEntry.kind).order_by(AuditEntry.id)).all()
    assert {"mail.address_set", "mail.preferences_changed"} <= set(kinds)


def test_an_address_that_cannot_be_one_is_shown_again(client: FlaskClient) -> None:
    member = signed_in(client)
    answer = post(client, "/settings/email", {**CHOICES, "address": "elena at home"})
    assert answer.status_code == 409
    assert "does not look like an e-mail address" in answer.text
    assert 'value="elena at home"' in answer.text
    assert chosen(member) == {}


def test_a_changed_address_gets_nothing_until_confirmed(client: FlaskClient) -> None:
    member = signed_in(client)
    make_mail_address(member, address="old@mail.example")
    post(client, "/settings/email", CHOICES)
    assert queries.confirmed_address(ReaderKind.FAMILY, member.id) is None


def test_saving_again_keeps_a_confirmed_address(client: FlaskClient) -> None:
    member = signed_in(client)
    make_mail_address(member, address="elena@mail.example")
    post(client, "/settings/email", CHOICES)
    assert queries.confirmed_address(ReaderKind.FAMILY, member.id) == "elena@mail.example"
    assert db.session.scalars(select(OutboundMessage)).all() == []


def test_stop_all_stops_all(client: FlaskClient) -> None:
    member = signed_in(client)
    for kind in ("session_reminders", "places"):
        make_opt_in(member, kind)
    post(client, "/settings/email/stop")
    assert chosen(member) == {}


def test_the_link_can_be_sent_again(client: FlaskClient) -> None:
    member = signed_in(client)
    make_mail_address(member, confirmed_at=None)
    for _ in range(2):
        post(client, "/settings/email/confirm")
    states = db.session.scalars(select(OutboundMessage.state)).all()
    assert sorted(states) == ["dropped", "queued"]


def test_reminders_to_come_are_listed(client: FlaskClient) -> None:
    member = signed_in(client)
    make_mail_address(member)
    make_opt_in(member)
    make_sign_up(session=make_session(starts_at=NOW + timedelta(days=5)), family_member=member)
    page = client.get("/settings/reminders").text
    assert page.count("About your session on Monday, March 9") == 2


def test_without_a_yes_there_is_nothing_to_come(client: FlaskClient) -> None:
    member = signed_in(client)
    make_sign_up(session=make_session(starts_at=NOW + timedelta(days=5)), family_member=member)
    assert "Nothing for now." in client.get("/settings/reminders").text


def test_the_settings_lead_everywhere(client: FlaskClient) -> None:
    signed_in(client)
    page = client.get("/settings").text
    for path in ("/settings/email", "/settings/reminders", "/settings/sign-in"):
        assert f'href="{path}"' in page


@pytest.mark.parametrize("path", ["/settings", "/settings/email", "/settings/reminders"])
def test_the_pages_are_the_signed_in_persons_alone(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 302
    sign_in(client, make_staff().user, "staff")
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/settings/email", "/settings/email/stop", "/settings/email/confirm"])
def test_nothing_is_saved_without_the_forms_token(client: FlaskClient, path: str) -> None:
    member = signed_in(client)
    make_opt_in(member, "places")
    assert client.post(path, data=CHOICES).status_code == 400
    assert list(chosen(member)) == ["places"]


@pytest.mark.parametrize("path", ["/settings/email/stop", "/settings/email/confirm"])
def test_a_button_is_not_a_link(client: FlaskClient, path: str) -> None:
    signed_in(client)
    assert client.get(path).status_code == 405


def make_stop_link(reader: FamilyMember, kind: str = "session_reminders") -> str:
    token = tokens.new_token()
    with writing():
        db.session.add(
            StopLink(
                reader_kind=ReaderKind.FAMILY,
                reader_id=reader.id,
                kind=kind,
                token_digest=tokens.digest(token),
                created_at=NOW,
            )
        )
    return token


def test_opening_a_stop_link_changes_nothing(client: FlaskClient) -> None:
    reader = make_mail_reader()
    page = client.get(f"/mail/{make_stop_link(reader)}")
    assert (page.status_code, "Stop these e-mails?" in page.text) == (200, True)
    assert list(chosen(reader)) == ["session_reminders"]


def test_one_click_stops_that_kind_and_no_other(client: FlaskClient) -> None:
    reader = make_mail_reader("session_reminders", "places")
    answer = client.post(f"/mail/{make_stop_link(reader)}", data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert list(chosen(reader)) == ["places"]
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).one()
    assert (entry.kind, entry.fields["way"]) == ("mail.preferences_changed", "link")


def test_a_token_that_is_not_ours_looks_the_same_and_changes_nothing(client: FlaskClient) -> None:
    reader = make_mail_reader()
    token = make_stop_link(reader)
    tampered, unknown = client.post(f"/mail/{token}x"), client.post("/mail/nothing")
    assert tampered.text.replace(f"{token}x", "nothing") == unknown.text
    assert client.get(f"/mail/{token[:-1]}").status_code == 200
    assert list(chosen(reader)) == ["session_reminders"]


def make_unconfirmed(member: FamilyMember) -> str:
    token = tokens.new_token()
    make_mail_address(member, confirmed_at=None, token_digest=tokens.digest(token))
    return token


def test_a_confirming_link_shows_a_button_and_the_button_confirms(client: FlaskClient) -> None:
    reader = make_family_member()
    token = make_unconfirmed(reader)
    assert str(reader.email) in client.get(f"/mail/confirm/{token}").text
    assert queries.confirmed_address(ReaderKind.FAMILY, reader.id) is None
    assert "Your address is confirmed" in post(client, f"/mail/confirm/{token}").text
    assert queries.confirmed_address(ReaderKind.FAMILY, reader.id) == reader.email


def test_a_confirming_link_works_once(client: FlaskClient) -> None:
    token = make_unconfirmed(make_family_member())
    post(client, f"/mail/confirm/{token}")
    assert client.get(f"/mail/confirm/{token}").status_code == 404
    assert client.get("/mail/confirm/unknown").status_code == 404


def test_the_link_of_an_old_address_is_dead(client: FlaskClient, app: Flask) -> None:
    reader = make_family_member()
    token = make_unconfirmed(reader)
    with writing():
        service.set_address(
            reader_kind=ReaderKind.FAMILY,
            reader_id=reader.id,
            address="new@mail.example",
            language="en",
            now=NOW,
            actor=Actor("family", reader.id),
        )
    assert client.get(f"/mail/confirm/{token}").status_code == 404
