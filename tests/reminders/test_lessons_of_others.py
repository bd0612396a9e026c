"""What went wrong elsewhere, each as a test by the name of the failure."""

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.consent.models import Consent
from portal.core.actor import Actor
from portal.core.db import Base, db, writing
from portal.mail import queries as mail_queries
from portal.mail import records
from portal.mail import service as mail
from portal.mail.dispatch import dispatch
from portal.mail.models import MailAddress, ReaderKind
from portal.mail.rules import LEASE
from portal.people.models import Client, FamilyMember
from portal.reminders.service import prepare_all
from portal.sessions import service as sessions
from portal.sessions.models import FamilySession, SessionKind, SignUp, SignUpState
from portal.workflows import access_ended, session_cancelled, session_moved
from tests.conftest import NOW, HeldClock
from tests.factories.consent import make_signed_consent
from tests.factories.mail import make_mail_reader, make_message, make_opt_in, plain_kind, post_of
from tests.factories.people import make_client, make_staff
from tests.factories.sessions import make_session, make_sign_up
from tests.signin import post
from tests.smtp import Mailbox, mail_server

pytestmark = pytest.mark.smtp
STAFF = Actor("staff", 1)


@dataclass
class Seat:
    """One person with a permission and a place, as `Evening` gives it out."""

    reader: FamilyMember
    consent: Consent
    place: SignUp


@dataclass
class Evening:
    """A group of one client's relatives, tomorrow."""

    client: Client
    session: FamilySession

    def seat(self, **values: object) -> Seat:
        reader = make_mail_reader("session_reminders", "places", **values)
        consent = make_signed_consent(client=self.client, family_member=reader)
        taken = db.session.query(SignUp).count()
        place = make_sign_up(session=self.session, relationship=consent.relationship, queue_number=taken + 1)
        return Seat(reader, consent, place)


@pytest.fixture
def evening(app: Flask) -> Evening:
    return an_evening()


def an_evening() -> Evening:
    client = make_client()
    session = make_session(
        kind=SessionKind.MULTI_FAMILY, location=client.location, starts_at=NOW + timedelta(hours=23)
    )
    return Evening(client, session)


def send(app: Flask) -> Mailbox:
    with mail_server(app) as box:
        prepare_all()
        dispatch(post_of(app))
    db.session.rollback()
    return box


def give_up(seat: Seat) -> None:
    with writing():
        sessions.give_up(sign_up_id=seat.place.id, actor=Actor("family", seat.reader.id), now=NOW)


def text(box: Mailbox, number: int = 0) -> str:
    body = box.mails[number].get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def links(said: str) -> list[str]:
    return re.findall(r"https?://[^/\s]+(/[^\s>]+)", said)


def test_cancelled_between_scheduling_and_sending_sends_nothing(app: Flask, evening: Evening) -> None:
    seat = evening.seat()
    prepare_all()
    give_up(seat)
    assert send(app).mails == []


def test_of_two_seats_only_the_one_given_up_falls_silent(
    app: Flask, client: FlaskClient, evening: Evening
) -> None:
    ann, ben = evening.seat(), evening.seat()
    prepare_all()
    give_up(ann)
    box = send(app)
    assert box.recipients == [ben.reader.email]
    [link] = [each for each in links(text(box)) if each.startswith("/mail/place/")]
    post(client, link, {"answer": "no"})
    assert db.session.get_one(SignUp, ben.place.id).state is SignUpState.GIVEN_UP


def test_a_new_time_says_nothing_of_the_old_and_one_thing_of_the_new(app: Flask, evening: Evening) -> None:
    evening.seat()
    prepare_all()
    with writing():
        session_moved.move(
            session_id=evening.session.id,
            starts_at=NOW + timedelta(days=6),
            ends_at=NOW + timedelta(days=6, hours=1),
            actor=Actor("staff", make_staff().id),
            now=NOW,
        )
    box = send(app)
    assert [str(mail["Subject"]) for mail in box.mails] == ["Your appointment has changed"]
    assert "Mar 5" not in text(box)


def test_a_worker_killed_in_mid_batch_mails_nobody_twice(app: Flask, held_clock: HeldClock) -> None:
    for _ in range(4):
        make_message()
    seen = []

    def kill(point: str) -> None:
        seen.append(point)
        if seen.count("after_data") == 2:
            raise KeyboardInterrupt

    with mail_server(app) as box:
        with pytest.raises(KeyboardInterrupt):
            dispatch(post_of(app, [plain_kind()]), trace=kill)
        held_clock.at += 2 * LEASE
        with writing():
            records.recover(now=held_clock.at)
        dispatch(post_of(app, [plain_kind()]))
    assert box.doubled == []
    assert len(set(box.recipients)) == len(box.recipients) == 4


def test_one_persons_mail_never_holds_anothers_name(app: Flask, evening: Evening) -> None:
    ann, ben = evening.seat(given_name="Annabelle"), evening.seat(given_name="Benedict")
    box = send(app)
    for number, mail_ in enumerate(box.mails):
        other = "Benedict" if mail_["To"] == ann.reader.email else "Annabelle"
        assert other not in mail_.as_string() + text(box, number)
        assert str(ben.reader.email if other == "Benedict" else ann.reader.email) not in mail_.as_string()


def test_a_scanner_that_opens_every_link_changes_nothing(
    app: Flask, client: FlaskClient, evening: Evening
) -> None:
    evening.seat()
    box = send(app)
    found = links(text(box)) + links(str(box.mails[0]["List-Unsubscribe"]))
    before = everything()
    for link in found:
        assert client.get(link).status_code in (200, 302)
        assert client.head(link).status_code in (200, 302)
    assert len(found) >= 3
    assert everything() == before


def test_who_loses_one_of_two_clients_hears_of_the_other(app: Flask, evening: Evening) -> None:
    seat, second = evening.seat(), an_evening()
    consent = make_signed_consent(client=second.client, family_member=seat.reader)
    make_sign_up(session=second.session, relationship=consent.relationship)
    with writing():
        second_session = db.session.get_one(FamilySession, second.session.id)
        second_session.starts_at += timedelta(hours=2)
        second_session.ends_at += timedelta(hours=2)
    prepare_all()
    with writing():
        access_ended.stop(consent=seat.consent, actor=Actor("client", evening.client.id), now=NOW)
    box = send(app)
    assert [str(mail["Subject"]) for mail in box.mails] == ["Reminder: appointment Thu, Mar 5, 11:00 AM"]
    assert "9:00 AM" not in text(box)


def test_a_cancelled_session_tells_the_waiting_once_and_clears_them(app: Flask, evening: Evening) -> None:
    seat = evening.seat()
    with writing():
        db.session.get_one(SignUp, seat.place.id).state = SignUpState.WAITLISTED
    actor = Actor("staff", make_staff().id)
    for _ in range(2):
        with writing():
            session_cancelled.cancel(session_id=evening.session.id, reason="weather", actor=actor, now=NOW)
    assert [str(mail["Subject"]) for mail in send(app).mails] == ["Your appointment is cancelled"]
    assert db.session.get_one(SignUp, seat.place.id).state is SignUpState.SESSION_CANCELLED
    assert send(app).mails == []


def test_a_changed_address_must_be_confirmed_and_the_old_one_hears_nothing(
    app: Flask, client: FlaskClient, evening: Evening
) -> None:
    seat = evening.seat()
    prepare_all()
    change_address(seat, "new@mail.example")
    box = send(app)
    assert box.recipients == ["new@mail.example"]
    assert [str(mail["Subject"]) for mail in box.mails] == ["Please confirm your e-mail"]
    [link] = [each for each in links(text(box)) if "/mail/confirm/" in each]
    client.get(link)
    assert send(app).mails == []
    post(client, link)
    assert send(app).recipients == ["new@mail.example"]


def test_an_older_confirming_link_does_not_confirm_a_newer_address(
    app: Flask, client: FlaskClient, evening: Evening
) -> None:
    seat = evening.seat()
    change_address(seat, "first@mail.example")
    old = next(each for each in links(text(send(app))) if "/mail/confirm/" in each)
    change_address(seat, "second@mail.example")
    assert post(client, old).status_code == 404
    row = db.session.scalars(select(MailAddress).where(MailAddress.reader_id == seat.reader.id)).one()
    assert (row.address, row.confirmed_at) == ("second@mail.example", None)


def test_a_yes_to_one_kind_is_no_yes_to_another(app: Flask, evening: Evening) -> None:
    reader = make_mail_reader("places")
    consent = make_signed_consent(client=evening.client, family_member=reader)
    make_sign_up(session=evening.session, relationship=consent.relationship)
    assert send(app).mails == []
    make_opt_in(reader, "session_reminders")
    assert len(send(app).mails) == 1


def test_one_click_stops_that_kind_alone(app: Flask, client: FlaskClient, evening: Evening) -> None:
    seat = evening.seat()
    [mail_] = send(app).mails
    assert mail_["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    [link] = links(str(mail_["List-Unsubscribe"]))
    client.get(link)
    assert len(kinds(seat)) == 2
    client.post(link, data={"List-Unsubscribe": "One-Click"})
    assert kinds(seat) == {"places"}


def kinds(seat: Seat) -> set[str]:
    db.session.rollback()
    return set(mail_queries.preferences(ReaderKind.FAMILY, seat.reader.id))


def change_address(seat: Seat, address: str) -> None:
    with writing():
        mail.set_address(
            reader_kind=ReaderKind.FAMILY,
            reader_id=seat.reader.id,
            address=address,
            language="en",
            now=NOW,
            actor=STAFF,
        )


def everything() -> dict[str, list[str]]:
    db.session.rollback()
    return {
        table.name: sorted(repr(row) for row in db.session.execute(table.select()))
        for table in Base.metadata.sorted_tables
    }
