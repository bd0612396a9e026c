"""The weekly digest and the word about a lesson, from the yes to the mailbox."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.consent.models import Consent
from portal.consent.rules import Scope
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.disclosure.models import DisclosureEntry
from portal.mail.dispatch import dispatch
from portal.mail.models import OutboundMessage
from portal.people.models import FamilyMember
from portal.reminders import queries
from portal.reminders.service import prepare_all
from portal.workflows import access_ended
from tests.conftest import NOW, HeldClock
from tests.factories.consent import make_signed_consent
from tests.factories.education import make_assignment, make_progress
from tests.factories.mail import make_mail_reader, make_opt_in, post_of
from tests.factories.people import make_client
from tests.factories.sessions import make_session, make_sign_up
from tests.smtp import mail_server

pytestmark = pytest.mark.smtp
SUNDAY = datetime(2026, 3, 8, 14, 30, tzinfo=UTC)


@dataclass
class Home:
    """Somebody who wants the digest and the word about lessons, with every permission."""

    reader: FamilyMember
    consent: Consent


@pytest.fixture
def home(app: Flask) -> Home:
    reader = make_mail_reader("weekly_digest", "lesson_nudges")
    return Home(reader, make_signed_consent(client=make_client(), family_member=reader))


def sent(app: Flask) -> list[str]:
    with mail_server(app) as box:
        prepare_all()
        dispatch(post_of(app))
    db.session.rollback()
    return [str(mail["Subject"]) for mail in box.mails]


def place(home: Home, **ahead: float) -> None:
    make_sign_up(session=make_session(starts_at=SUNDAY + timedelta(**ahead)), family_member=home.reader)


def pick(home: Home) -> None:
    make_assignment(relationship=home.consent.relationship, created_at=NOW - timedelta(days=4))


def test_a_full_week_is_told_once(app: Flask, home: Home, held_clock: HeldClock) -> None:
    place(home, days=2)
    assert sent(app) == []
    held_clock.at = SUNDAY
    assert (sent(app), sent(app)) == (["Your week"], [])


def test_an_empty_week_is_not_told(app: Flask, home: Home, held_clock: HeldClock) -> None:
    place(home, days=9)
    held_clock.at = SUNDAY
    assert sent(app) == []


def test_the_digest_gives_way_to_a_reminder(app: Flask, home: Home, held_clock: HeldClock) -> None:
    make_opt_in(home.reader)
    place(home, hours=24)
    held_clock.at = SUNDAY
    assert sent(app) == ["Reminder: appointment Mon, Mar 9, 10:30 AM"]
    place(home, days=6)
    held_clock.advance(days=1)
    assert sent(app) == ["Your week"]


def test_a_picked_lesson_is_mentioned_once_a_week(app: Flask, home: Home, held_clock: HeldClock) -> None:
    pick(home)
    assert sent(app) == ["Something to read"]
    pages = []
    for _ in range(7):
        held_clock.advance(hours=23)
        pages += sent(app)
    assert pages == []
    held_clock.advance(hours=8)
    assert sent(app) == ["Something to read"]


def test_it_stands_in_the_ledger_under_lessons(app: Flask, home: Home) -> None:
    pick(home)
    sent(app)
    [entry] = db.session.scalars(select(DisclosureEntry).order_by(DisclosureEntry.id))
    assert (entry.scope, entry.consent_id) == (Scope.LESSONS, home.consent.id)


def test_a_lesson_that_was_begun_is_left_alone(app: Flask, home: Home) -> None:
    assignment = make_assignment(relationship=home.consent.relationship, created_at=NOW - timedelta(days=4))
    make_progress(family_member=home.reader, module=assignment.module, started_at=NOW - timedelta(days=2))
    assert sent(app) == []


def test_without_the_lessons_scope_nothing_is_said(app: Flask, home: Home) -> None:
    pick(home)
    prepare_all()
    with writing():
        access_ended.narrow(
            consent=home.consent,
            scopes={Scope.LESSONS},
            typed_name=home.consent.client_name,
            actor=Actor("client", home.consent.client_id),
            now=NOW,
        )
    assert sent(app) == []
    states = db.session.scalars(select(OutboundMessage.state)).all()
    assert states == ["dropped"]


def test_both_on_one_day_come_on_two(app: Flask, home: Home, held_clock: HeldClock) -> None:
    place(home, days=2)
    pick(home)
    held_clock.at = SUNDAY
    assert sent(app) == ["Your week"]
    held_clock.advance(days=1)
    assert sent(app) == ["Something to read"]


def test_the_page_lists_them(app: Flask, home: Home) -> None:
    place(home, days=2)
    pick(home)
    kinds = [kind for kind, _ in queries.upcoming_for(family_member_id=home.reader.id, now=NOW)]
    assert kinds == ["lesson_nudge", "weekly_digest"]
