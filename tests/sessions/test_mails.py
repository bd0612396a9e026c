"""The mails about a person's own place: discreet, and dropped the moment they are not true."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.consent import ending
from portal.consent.models import Consent
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.disclosure.models import Channel, DisclosureEntry
from portal.mail import letters
from portal.mail.kinds import Kind
from portal.mail.models import MailAddress, OutboundMessage, ReaderKind
from portal.sessions import mails, notices, planning, service
from portal.sessions.models import SessionKind, SignUp, SignUpState
from tests.conftest import NOW
from tests.factories import factory
from tests.factories.consent import make_signed_consent
from tests.factories.sessions import make_session, make_sign_up

pytestmark = pytest.mark.usefixtures("app")
STAFF = Actor("staff", 1)
OFFICE = letters.Office("Maple Street Office", "(555) 010-0142", "https://portal.example")
SUBJECTS = {
    "place_confirmed": "Your place is saved",
    "place_offered": "A place is free",
    "session_changed": "Your appointment has changed",
    "session_cancelled": "Your appointment is cancelled",
}


PATHS = {"place_offered": "offer", "session_changed": "mail/place"}


@factory
def make_address(reader_id: int) -> MailAddress:
    return MailAddress(
        reader_kind=ReaderKind.FAMILY, reader_id=reader_id, address="elena@mail.example", confirmed_at=NOW
    )


def a_place() -> SignUp:
    """A place in a group, resting on a signed permission."""
    consent = make_signed_consent()
    session = make_session(kind=SessionKind.MULTI_FAMILY, location=consent.client.location)
    mine: SignUp = make_sign_up(session=session, relationship=consent.relationship)
    make_address(mine.family_member_id)
    return mine


def queued(mine: SignUp, kind: str) -> OutboundMessage:
    tell = {
        "place_confirmed": notices.placed,
        "place_offered": notices.offered,
        "session_changed": notices.changed,
        "session_cancelled": notices.cancelled,
    }[kind]
    with writing():
        tell(db.session.get_one(SignUp, mine.id), now=NOW)
    return db.session.scalars(select(OutboundMessage).where(OutboundMessage.kind == kind)).one()


def reason(message: OutboundMessage) -> str | None:
    kind = next(each for each in mails.KINDS if each.name == message.kind)
    assert kind.still_wanted
    with writing():
        return kind.still_wanted(message, NOW)


@pytest.mark.parametrize(
    "kind", [kind for kind in mails.KINDS if kind.name in SUBJECTS], ids=lambda kind: kind.name
)
def test_each_mail_says_when_and_nothing_else(kind: Kind) -> None:
    mine = a_place()
    with writing():
        db.session.get_one(SignUp, mine.id).offer_ends_at = NOW + timedelta(hours=9)
    words = letters.write(kind, kind.render(queued(mine, kind.name), NOW), OFFICE)
    assert words.subject == SUBJECTS[kind.name]
    for text in (words.text, words.html):
        assert "Wed, Mar 11, 11:00 AM" in text  # the clocks change on the Sunday between
        assert f"https://portal.example/{PATHS.get(kind.name, 'sessions')}" in text
        for word in ("Talking", "Marcus", "Dole", "family", "Room", "therap"):
            assert word not in text


@pytest.mark.parametrize("kind", mails.KINDS, ids=lambda kind: kind.name)
def test_each_needs_the_opt_in_about_places(kind: Kind) -> None:
    assert (kind.is_optional, kind.opt_in, kind.is_client_linked) == (True, "places", True)


def test_a_place_that_stands_is_still_worth_telling() -> None:
    assert reason(queued(a_place(), "place_confirmed")) is None


def test_nothing_is_told_once_the_permission_has_ended() -> None:
    mine = a_place()
    message = queued(mine, "place_confirmed")
    with writing():
        consent = consent_of(mine)
        ending.revoke(consent=consent, actor=STAFF, now=NOW)
    assert reason(message) == "no_permission"


def consent_of(mine: SignUp) -> Consent:
    query = select(Consent).where(Consent.relationship_id == mine.relationship_id)
    return db.session.scalars(query).one()


def test_a_place_given_up_and_a_time_changed_are_not_told_as_they_were() -> None:
    mine = a_place()
    message = queued(mine, "place_confirmed")
    at = mine.session.starts_at + timedelta(days=1)
    with writing():
        planning.move(
            session_id=mine.session_id, starts_at=at, ends_at=at + timedelta(hours=1), actor=STAFF, now=NOW
        )
    assert reason(message) == "time_changed"
    with writing():
        service.give_up(sign_up_id=mine.id, actor=STAFF, now=NOW)
    assert reason(message) == "place_changed"


def test_an_offer_that_was_answered_is_not_mailed() -> None:
    mine = a_place()
    message = queued(mine, "place_offered")
    assert reason(message) == "place_changed"


def test_a_second_change_takes_the_place_of_the_first() -> None:
    mine = a_place()
    first = queued(mine, "session_changed").id
    with writing():
        notices.changed(db.session.get_one(SignUp, mine.id), now=NOW + timedelta(minutes=5))
    rows = db.session.scalars(select(OutboundMessage)).all()
    assert {row.id == first: row.state for row in rows} == {True: "dropped", False: "queued"}


def test_a_cancelled_session_tells_the_list_once_and_clears_it() -> None:
    mine = a_place()
    waiting = make_sign_up(session=mine.session, state=SignUpState.WAITLISTED, queue_number=2)
    with writing():
        told = planning.cancel(session_id=mine.session_id, reason="weather", actor=STAFF, now=NOW)
        again = planning.cancel(session_id=mine.session_id, reason="weather", actor=STAFF, now=NOW)
    assert {each.id for each in told} == {mine.id, waiting.id}
    assert again == []


@pytest.mark.parametrize("kind", list(SUBJECTS))
def test_telling_of_a_place_that_rests_on_a_permission_stands_in_the_ledger(kind: str) -> None:
    mine = a_place()
    message = queued(mine, kind)
    with writing():
        mails.render(message, NOW)
        mails.render(message, NOW)  # written once a mail, however often it is put into words
    row = db.session.scalars(select(DisclosureEntry).order_by(DisclosureEntry.id)).one()
    assert (row.subject, row.channel, row.family_member_id) == (
        f"session:{mine.session_id}",
        Channel.MAIL,
        mine.family_member_id,
    )


def test_a_place_of_ones_own_leaves_no_entry() -> None:
    mine = make_sign_up(session=make_session(kind=SessionKind.EDUCATION_EVENING))
    make_address(mine.family_member_id)
    message = queued(mine, "place_confirmed")
    with writing():
        mails.render(message, NOW)
    assert db.session.scalars(select(DisclosureEntry).order_by(DisclosureEntry.id)).all() == []
