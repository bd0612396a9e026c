"""The day before an entry on the client's own schedule: opt-in, permitted, and following every change."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.consent.models import Consent
from portal.consent.rules import Scope
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.mail.dispatch import dispatch
from portal.mail.models import MessageState, OutboundMessage
from portal.people.models import Client, FamilyMember
from portal.reminders import queries
from portal.reminders.service import prepare_all
from portal.schedule import appointments, changes, occurrences
from portal.schedule.models import Block, BlockException, ExceptionKind
from portal.workflows import access_ended
from tests.conftest import NOW, HeldClock
from tests.factories.consent import make_signed_consent
from tests.factories.mail import make_mail_reader, post_of
from tests.factories.people import make_client, make_episode
from tests.factories.schedule import make_block, make_enrolment
from tests.smtp import Mailbox, mail_server

pytestmark = pytest.mark.smtp
THURSDAY = datetime(2026, 3, 5, 9, 30)


@dataclass
class Morning:
    """Somebody who may see the program times and wants to be told of Thursday, 9:30 am."""

    reader: FamilyMember
    consent: Consent
    block: Block


@pytest.fixture
def morning(app: Flask) -> Morning:
    episode = make_episode(client=make_client())
    reader = make_mail_reader("program_times")
    consent = make_signed_consent(client=episode.client, family_member=reader)
    enrolment = make_enrolment(episode=episode)
    block = make_block(track=enrolment.track, start_time=time(9, 30), rrule="FREQ=WEEKLY;BYDAY=TH")
    return Morning(reader, consent, block)


def send(app: Flask) -> Mailbox:
    with mail_server(app) as box:
        prepare_all()
        dispatch(post_of(app))
    db.session.rollback()
    return box


def change(morning: Morning, **values: object) -> None:
    with writing():
        db.session.add(BlockException(block_id=morning.block.id, original_start=THURSDAY, **values))


def states() -> list[str]:
    return sorted(db.session.scalars(select(OutboundMessage.state)))


def test_it_tells_the_day_before_and_once(app: Flask, morning: Morning) -> None:
    [mail] = send(app).mails
    body = mail.get_body(("plain",))
    assert body is not None
    assert "There is an entry on your calendar: Thu, Mar 5, 9:30 AM (Eastern Time)." in body.get_content()
    assert (mail["Subject"], mail["To"]) == ("An entry on your calendar", morning.reader.email)
    assert send(app).mails == []


def test_groups_of_one_day_share_a_mail(app: Flask, morning: Morning) -> None:
    make_block(track=morning.block.track, start_time=time(11, 0), rrule="FREQ=WEEKLY;BYDAY=TH")
    assert len(send(app).mails) == 1
    assert send(app).mails == []


def test_without_the_scope_nothing_is_told(app: Flask, morning: Morning) -> None:
    with writing():
        access_ended.narrow(
            consent=morning.consent,
            scopes={Scope.PROGRAM_TIMES},
            typed_name=morning.consent.client_name,
            actor=Actor("client", morning.consent.client_id),
            now=NOW,
        )
    assert (send(app).mails, states()) == ([], [])


def test_a_scope_withdrawn_while_queued_drops_it(app: Flask, morning: Morning) -> None:
    prepare_all()
    with writing():
        access_ended.stop(consent=morning.consent, actor=Actor("client", morning.consent.client_id), now=NOW)
    assert (send(app).mails, states()) == ([], [MessageState.DROPPED])


def test_a_cancelled_group_is_not_told(app: Flask, morning: Morning) -> None:
    prepare_all()
    change(morning, kind=ExceptionKind.CANCELLED)
    assert (send(app).mails, states()) == ([], [MessageState.DROPPED])


def test_a_moved_group_is_told_at_its_new_time(app: Flask, morning: Morning, held_clock: HeldClock) -> None:
    assert len(send(app).mails) == 1
    change(
        morning,
        kind=ExceptionKind.MOVED,
        new_start=datetime(2026, 3, 6, 13, 0),
        time_revision=2,
    )
    held_clock.at = datetime(2026, 3, 5, 18, 0, tzinfo=UTC)
    [mail] = send(app).mails
    body = mail.get_body(("plain",))
    assert body is not None
    assert "Fri, Mar 6, 1:00 PM" in body.get_content()


def test_the_page_lists_it(app: Flask, morning: Morning) -> None:
    kinds = {kind for kind, _ in queries.upcoming_for(family_member_id=morning.reader.id, now=NOW)}
    assert kinds == {"program_time_reminder"}


STAFF: dict[str, Any] = {"actor": Actor("staff", 1), "now": NOW}


def test_a_group_that_staff_ended_reminds_nobody_until_it_goes_on(app: Flask, morning: Morning) -> None:
    for ends_on, mails in ((date(2026, 3, 4), 0), (None, 1)):
        with writing():
            changes.end_block(block_id=morning.block.id, ends_on=ends_on, **STAFF)
        assert len(send(app).mails) == mails


def test_a_time_that_staff_moved_back_is_told_of_as_it_is_now(app: Flask, morning: Morning) -> None:
    where: dict[str, Any] = {"block_id": morning.block.id, "original_start": THURSDAY}
    with writing():
        occurrences.cancel_occurrence(**where, **STAFF)
    assert send(app).mails == []
    with writing():
        occurrences.restore_occurrence(**where, **STAFF)
    assert [len(send(app).mails) for _ in range(2)] == [1, 0]


def test_an_appointment_is_told_of_like_any_program_time_and_without_its_label(
    app: Flask, morning: Morning
) -> None:
    with writing():
        changes.end_block(block_id=morning.block.id, ends_on=date(2026, 3, 4), **STAFF)
        appointments.add(
            client=db.session.get_one(Client, morning.consent.client_id),
            start=THURSDAY,
            minutes=30,
            label="Medication visit",
            **STAFF,
        )
    (mail,) = send(app).mails
    assert "Medication" not in mail.as_string()
