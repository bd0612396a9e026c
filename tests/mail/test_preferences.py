"""The verbs of the mail room, without a server."""

import pytest
from flask import Flask
from sqlalchemy import select

from portal.core.actor import VISITOR
from portal.core.db import db, writing
from portal.core.errors import Refused
from portal.mail import bell, queries, service
from portal.mail.kinds import Kind, Registry
from portal.mail.models import MessageState, OutboundMessage, OutboxItem, ReaderKind
from tests.conftest import NOW
from tests.factories.mail import make_message, plain_kind, plain_letter
from tests.factories.people import make_family_member

READER = 123456789012345


def set_address(address: str, **values: object) -> None:
    with writing():
        service.set_address(
            **{  # type: ignore[arg-type]
                "reader_kind": ReaderKind.FAMILY,
                "reader_id": READER,
                "address": address,
                "language": "en",
                "now": NOW,
                "actor": VISITOR,
                **values,
            }
        )


def item(subject: str, **values: object) -> OutboxItem:
    return OutboxItem(
        **{
            "kind": "plain",
            "reader_kind": ReaderKind.FAMILY,
            "reader_id": READER,
            "subject": subject,
            **values,
        }
    )


def test_a_client_linked_kind_that_never_asks_the_gate_is_refused() -> None:
    with pytest.raises(ValueError, match="never asks the gate"):
        Registry([Kind("leak", True, False, plain_letter)])


def test_a_kind_is_registered_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        Registry([plain_kind(), plain_kind()])


@pytest.mark.usefixtures("app")
def test_a_proven_address_is_confirmed_at_once() -> None:
    set_address(" Ann@Mail.example ", is_proven=True)
    assert queries.confirmed_address(ReaderKind.FAMILY, READER) == "ann@mail.example"
    assert db.session.scalars(select(OutboundMessage)).all() == []


@pytest.mark.usefixtures("app")
def test_a_new_address_takes_the_place_of_a_confirmed_one() -> None:
    set_address("ann@mail.example", is_proven=True)
    set_address("ann@other.example")
    assert queries.confirmed_address(ReaderKind.FAMILY, READER) is None
    assert db.session.scalars(select(OutboundMessage.kind)).all() == ["confirm_address"]


@pytest.mark.parametrize(
    "address", ["", "ann", "ann@", "a@b@c.example", "ann@mail.example\r\nBcc: x@y.example"]
)
@pytest.mark.usefixtures("app")
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(Refused, match="address_not_understood"):
        set_address(address)


@pytest.mark.usefixtures("app")
def test_a_message_with_something_left_to_tell_stays() -> None:
    reader = make_family_member()
    message = make_message(reader, items=[item("session:1"), item("session:2")])
    with writing():
        dropped = service.drop_for(
            reader_kind=ReaderKind.FAMILY,
            reader_id=reader.id,
            subject_prefix="session:1",
            reason="moved",
            now=NOW,
        )
    assert (dropped, message.state) == (0, MessageState.QUEUED)
    assert [each.dropped_reason for each in message.items] == ["moved", None]


@pytest.mark.usefixtures("app")
def test_a_message_with_nothing_left_is_dropped() -> None:
    reader = make_family_member()
    message = make_message(reader, items=[item("session:1")])
    with writing():
        service.drop_for(
            reader_kind=ReaderKind.FAMILY,
            reader_id=reader.id,
            subject_prefix="session:",
            reason="moved",
            now=NOW,
        )
    db.session.refresh(message)
    assert (message.state, message.reason) == (MessageState.DROPPED, "moved")


@pytest.mark.parametrize("state", [each for each in MessageState if each not in service.NOT_BEGUN])
@pytest.mark.usefixtures("app")
def test_what_has_begun_is_not_dropped(state: MessageState) -> None:
    reader = make_family_member()
    message = make_message(reader)
    with writing():
        message.state = state
    with writing():
        service.drop_for(reader_kind=ReaderKind.FAMILY, reader_id=reader.id, reason="ended", now=NOW)
    db.session.refresh(message)
    assert message.state is state


@pytest.mark.usefixtures("app")
def test_the_worker_is_woken_after_the_commit_and_only_then() -> None:
    rung: list[bool] = []
    bell.hang(lambda: rung.append(True))
    try:
        with pytest.raises(ZeroDivisionError), writing():
            make_message()
            raise ZeroDivisionError
        assert rung == []
        with writing():
            make_message()
            make_message()
            assert rung == []
        assert rung == [True]
    finally:
        bell.hang(None)


def test_the_committed_change_and_its_mail_are_both_there_or_neither(app: Flask) -> None:
    with pytest.raises(ZeroDivisionError), writing():
        make_message()
        raise ZeroDivisionError
    assert db.session.scalars(select(OutboundMessage)).all() == []
