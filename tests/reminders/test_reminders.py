"""From a place in a session to a delivered reminder, and every reason why not."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.center import settings
from portal.consent import ending
from portal.consent.models import Consent
from portal.consent.rules import Scope
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.disclosure.models import Channel, DisclosureEntry
from portal.mail import service as mail
from portal.mail.dispatch import dispatch
from portal.mail.models import MailAddress, MessageState, OutboundMessage, OutboxItem, ReaderKind
from portal.people.models import FamilyMember
from portal.reminders import queries
from portal.reminders.service import prepare_all
from portal.sessions import service as sessions
from portal.sessions.models import FamilySession, SessionKind, SessionState, SignUp, SignUpState
from tests.conftest import NOW, HeldClock
from tests.factories.consent import make_signed_consent
from tests.factories.mail import make_mail_reader, post_of
from tests.factories.people import make_client
from tests.factories.sessions import make_session, make_sign_up
from tests.smtp import Mailbox, mail_server

pytestmark = pytest.mark.smtp
STAFF = Actor("staff", 1)


@dataclass
class Evening:
    """Somebody with a permission and a place in a multi-family evening in 23 hours."""

    reader: FamilyMember
    consent: Consent
    session: FamilySession
    place: SignUp


@pytest.fixture
def evening(app: Flask) -> Evening:
    client = make_client()
    reader = make_mail_reader(given_name="Elena")
    consent = make_signed_consent(client=client, family_member=reader)
    session = make_session(
        kind=SessionKind.MULTI_FAMILY, location=client.location, starts_at=NOW + timedelta(hours=23)
    )
    return Evening(reader, consent, session, make_sign_up(session=session, relationship=consent.relationship))


def send(app: Flask) -> Mailbox:
    """A whole round: prepare, then dispatch."""
    with mail_server(app) as box:
        prepare_all()
        dispatch(post_of(app))
    db.session.rollback()
    return box


def messages() -> list[OutboundMessage]:
    return list(db.session.scalars(select(OutboundMessage).order_by(OutboundMessage.created_at)))


def test_a_place_is_reminded_of_once(app: Flask, evening: Evening) -> None:
    [mail] = send(app).mails
    assert (mail["Subject"], mail["To"]) == (
        "Reminder: appointment Thu, Mar 5, 9:00 AM",
        evening.reader.email,
    )
    assert send(app).mails == []
    [message] = messages()
    assert message.state is MessageState.SENT


def test_the_reminder_stands_in_the_ledger(app: Flask, evening: Evening) -> None:
    send(app)
    [entry] = db.session.scalars(select(DisclosureEntry).order_by(DisclosureEntry.id))
    assert (entry.channel, entry.scope) == (Channel.MAIL, Scope.SESSIONS)
    assert (entry.consent_id, entry.subject) == (evening.consent.id, f"session:{evening.session.id}")


@pytest.mark.usefixtures("evening")
def test_preparing_twice_queues_once(app: Flask) -> None:
    assert (prepare_all(), prepare_all()) == (1, 0)
    assert len(messages()) == 1


def test_no_yes_no_mail(app: Flask, evening: Evening) -> None:
    with writing():
        mail.set_preferences(
            reader_kind=ReaderKind.FAMILY, reader_id=evening.reader.id, kinds=[], actor=STAFF, now=NOW
        )
    assert (send(app).mails, messages()) == ([], [])


def test_no_confirmed_address_no_mail(app: Flask, evening: Evening) -> None:
    with writing():
        db.session.scalars(select(MailAddress)).one().confirmed_at = None
    assert (send(app).mails, messages()) == ([], [])


def revoke(evening: Evening) -> None:
    with writing():
        ending.revoke(consent=evening.consent, actor=Actor("client", evening.consent.client_id), now=NOW)


def narrow(evening: Evening) -> None:
    with writing():
        ending.narrow(
            consent=evening.consent,
            scopes={Scope.SESSIONS},
            typed_name=evening.consent.client_name,
            actor=Actor("client", evening.consent.client_id),
            now=NOW,
        )


def give_up(evening: Evening) -> None:
    with writing():
        evening.place.state = SignUpState.GIVEN_UP


def cancel(evening: Evening) -> None:
    with writing():
        evening.session.state = SessionState.CANCELLED


def opt_out(evening: Evening) -> None:
    with writing():
        mail.set_preferences(
            reader_kind=ReaderKind.FAMILY, reader_id=evening.reader.id, kinds=[], actor=STAFF, now=NOW
        )


ENDINGS = [revoke, narrow, give_up, cancel, opt_out]


@pytest.mark.parametrize("end", ENDINGS)
def test_what_ended_before_is_not_prepared(app: Flask, evening: Evening, end: object) -> None:
    end(evening)  # type: ignore[operator]
    assert (send(app).mails, messages()) == ([], [])


@pytest.mark.parametrize("end", ENDINGS)
def test_what_ended_while_queued_is_dropped(app: Flask, evening: Evening, end: object) -> None:
    prepare_all()
    end(evening)  # type: ignore[operator]
    assert send(app).mails == []
    [message] = messages()
    assert message.state is MessageState.DROPPED


@pytest.mark.parametrize("end", ENDINGS)
def test_what_ended_while_claimed_is_dropped(app: Flask, evening: Evening, end: object) -> None:
    prepare_all()

    def at(point: str) -> None:
        if point == "after_claim":
            end(evening)  # type: ignore[operator]

    with mail_server(app) as box:
        dispatch(post_of(app), trace=at)
    assert box.mails == []
    assert [message.state for message in messages()] == [MessageState.DROPPED]


def test_a_moved_session_drops_the_old_time_and_reminds_of_the_new(
    app: Flask, evening: Evening, held_clock: HeldClock
) -> None:
    prepare_all()
    with writing():
        evening.session.starts_at += timedelta(days=2)
        evening.session.ends_at += timedelta(days=2)
        evening.session.time_revision += 1
    [mail] = send(app).mails
    assert mail["Subject"] == "Reminder: appointment Sat, Mar 7, 9:00 AM"
    held_clock.advance(days=2)
    assert len(send(app).mails) == 1
    assert sorted(message.state for message in messages()) == ["dropped", "sent", "sent"]


def test_moved_away_and_back_is_told_anew(app: Flask, evening: Evening) -> None:
    assert len(send(app).mails) == 1
    with writing():
        evening.session.time_revision += 2
    assert len(send(app).mails) == 1
    assert send(app).mails == []


def test_two_sessions_of_one_day_share_a_mail(app: Flask, evening: Evening) -> None:
    open_evening = make_session(starts_at=NOW + timedelta(hours=30))
    make_sign_up(session=open_evening, family_member=evening.reader)
    [mail] = send(app).mails
    body = mail.get_body(("plain",))
    assert body is not None
    assert ("Thu, Mar 5, 9:00 AM" in body.get_content(), "Thu, Mar 5, 4:00 PM" in body.get_content()) == (
        True,
        True,
    )


def test_one_of_two_sessions_ends_and_the_other_is_told(app: Flask, evening: Evening) -> None:
    make_sign_up(session=make_session(starts_at=NOW + timedelta(hours=30)), family_member=evening.reader)
    prepare_all()
    revoke(evening)
    [mail] = send(app).mails
    assert mail["Subject"] == "Reminder: appointment Thu, Mar 5, 4:00 PM"
    dropped = db.session.scalars(select(OutboxItem).where(OutboxItem.dropped_at.is_not(None))).all()
    assert [item.subject for item in dropped] == [f"session:{evening.session.id}"]


def test_after_three_days_of_silence_nothing_stale_goes(
    app: Flask, evening: Evening, held_clock: HeldClock
) -> None:
    prepare_all()
    held_clock.advance(days=3)
    assert send(app).mails == []
    assert [message.state for message in messages()] == [MessageState.DROPPED]


def test_a_mail_that_slipped_into_the_night_waits_for_the_morning(
    app: Flask, evening: Evening, held_clock: HeldClock
) -> None:
    prepare_all()
    held_clock.advance(hours=12)  # 10 pm
    assert send(app).mails == []
    held_clock.advance(hours=10)  # 8 am, an hour before: too late to be of use
    assert send(app).mails == []


def test_the_page_shows_what_will_be_sent(app: Flask, evening: Evening) -> None:
    [(kind, reminder)] = queries.upcoming_for(family_member_id=evening.reader.id, now=NOW)
    assert (kind, reminder.items[0].event.starts_at) == ("session_reminder", evening.session.starts_at)
    send(app)
    assert queries.upcoming_for(family_member_id=evening.reader.id, now=NOW) == []


def test_own_lead_times_win(app: Flask, evening: Evening, held_clock: HeldClock) -> None:
    with writing():
        mail.set_preferences(
            reader_kind=ReaderKind.FAMILY,
            reader_id=evening.reader.id,
            kinds=["session_reminders"],
            lead_hours=[72],
            actor=STAFF,
            now=NOW,
        )
        evening.session.starts_at = NOW + timedelta(hours=75)
        evening.session.ends_at = NOW + timedelta(hours=76)
    assert send(app).mails == []
    held_clock.advance(hours=3)
    assert len(send(app).mails) == 1
    held_clock.advance(hours=48)
    assert send(app).mails == []


@pytest.mark.parametrize(("gets_news", "mails"), [(True, 0), (False, 1)])
def test_a_move_that_was_told_has_no_reminder_on_its_heels(
    app: Flask, evening: Evening, gets_news: bool, mails: int
) -> None:
    kinds = ["session_reminders", "places"] if gets_news else ["session_reminders"]
    with writing():
        mail.set_preferences(
            reader_kind=ReaderKind.FAMILY, reader_id=evening.reader.id, kinds=kinds, actor=STAFF, now=NOW
        )
        sessions.move(
            session_id=evening.session.id,
            starts_at=NOW + timedelta(hours=70),
            ends_at=NOW + timedelta(hours=71),
            actor=STAFF,
            now=NOW,
        )
    assert len(send(app).mails) == mails


def test_a_kind_of_session_may_have_leads_of_its_own(
    app: Flask, evening: Evening, held_clock: HeldClock
) -> None:
    with writing():
        settings.change(
            seen_version=0, values={"lead_hours_by_kind": {"multi_family": [20]}}, actor=STAFF, now=NOW
        )
    assert send(app).mails == []
    held_clock.advance(hours=3)
    assert len(send(app).mails) == 1
