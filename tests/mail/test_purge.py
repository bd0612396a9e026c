"""After the retention only metadata is left; what is not over stays whole."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.core.errors import TooLate
from portal.mail import delivery, purge, service
from portal.mail.models import FINAL_STATES, MessageState, OutboundMessage, ReaderKind, StopLink
from portal.mail.rules import KEEP_CONTEXT, KEEP_STOP_LINKS
from tests.conftest import NOW
from tests.factories.mail import make_message

OLD = NOW - KEEP_CONTEXT - timedelta(seconds=1)


def aged(state: MessageState, at: object = OLD) -> OutboundMessage:
    message = make_message()
    with writing():
        message.state, message.state_changed_at = state, at  # type: ignore[assignment]
    return message


def purged() -> int:
    with writing():
        return purge.purge(now=NOW)


@pytest.mark.usefixtures("app")
def test_what_is_long_over_points_to_nothing_any_more() -> None:
    messages = [aged(state) for state in sorted(FINAL_STATES)]
    assert (purged(), purged()) == (len(messages), 0)
    for message in messages:
        db.session.refresh(message)
        assert (message.context, message.kind, message.purged_at) == ({}, "plain", NOW)


@pytest.mark.usefixtures("app")
def test_what_is_young_or_not_over_stays_whole() -> None:
    young = aged(MessageState.SENT, NOW - KEEP_CONTEXT)
    waiting = aged(MessageState.DEFERRED)
    assert purged() == 0
    assert all(db.session.get_one(OutboundMessage, each.id).context for each in (young, waiting))


@pytest.mark.usefixtures("app")
def test_what_was_forgotten_is_not_sent_again() -> None:
    message = aged(MessageState.UNCONFIRMED)
    purged()
    with pytest.raises(TooLate), writing():
        service.send_again(message, actor=Actor("staff", 1), now=NOW)
    with writing():
        service.give_up(db.session.get_one(OutboundMessage, message.id), actor=Actor("staff", 1), now=NOW)


@pytest.mark.usefixtures("app")
def test_a_stop_link_works_for_more_than_a_year() -> None:
    for age in (KEEP_STOP_LINKS, KEEP_STOP_LINKS + timedelta(seconds=1)):
        with writing():
            db.session.add(
                StopLink(
                    reader_kind=ReaderKind.FAMILY, reader_id=1, kind="places",
                    token_digest=str(age), created_at=NOW - age,
                )
            )  # fmt: skip
    with writing():
        assert purge.purge_stop_links(now=NOW) == 1
    assert len(db.session.scalars(select(StopLink)).all()) == 1


def test_each_day_has_its_numbers(app: Flask) -> None:
    aged(MessageState.SENT, NOW)
    aged(MessageState.SENT, NOW - timedelta(hours=16))  # the day before, by UTC
    aged(MessageState.FAILED, NOW - timedelta(days=13))
    aged(MessageState.UNCONFIRMED, NOW - timedelta(days=14))
    days = delivery.by_day(now=NOW)
    assert (len(days), days[-1].on.isoformat()) == (14, "2026-03-04")
    assert ([day.sent for day in days[-2:]], days[0].in_trouble) == ([1, 1], 1)
    assert sum(day.in_trouble for day in days) == 1
