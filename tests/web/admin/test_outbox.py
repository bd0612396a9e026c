"""The outbox as the administrator sees it."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.core.db import db, writing
from portal.mail.models import MessageState, OutboundMessage
from portal.people.models import Role
from tests.factories.mail import make_message
from tests.factories.people import make_staff
from tests.signin import post, sign_in


def make_in(state: MessageState) -> OutboundMessage:
    message = make_message()
    with writing():
        message.state = state
    return message


def state_of(message: OutboundMessage) -> MessageState:
    db.session.refresh(message)
    return message.state


def test_it_lists_states_and_no_addresses(client: FlaskClient) -> None:
    message = make_in(MessageState.UNCONFIRMED)
    sign_in(client, make_staff(Role.ADMIN).user, "staff")
    page = client.get("/admin/outbox?state=unconfirmed").text
    assert "Not known whether it arrived" in page
    assert message.context["address"] not in page
    assert "No e-mail in this state." in client.get("/admin/outbox?state=failed").text
    assert client.get("/admin/outbox?state=nonsense").status_code == 200


@pytest.mark.parametrize(
    ("state", "verb", "after"),
    [
        (MessageState.UNCONFIRMED, "again", MessageState.QUEUED),
        (MessageState.FAILED, "again", MessageState.QUEUED),
        (MessageState.UNCONFIRMED, "drop", MessageState.DROPPED),
        (MessageState.SENT, "again", MessageState.SENT),
        (MessageState.SENT, "drop", MessageState.SENT),
        (MessageState.SENDING, "again", MessageState.SENDING),
    ],
)
def test_staff_decide_what_may_be_decided(
    client: FlaskClient, state: MessageState, verb: str, after: MessageState
) -> None:
    message = make_in(state)
    sign_in(client, make_staff(Role.ADMIN).user, "staff")
    assert post(client, f"/admin/outbox/{message.id}/{verb}").status_code == 302
    assert state_of(message) is after
    decided = db.session.scalars(select(AuditEntry).where(AuditEntry.kind == "mail.decided")).all()
    assert len(decided) == (after is not state)


def test_only_administrators_open_it(client: FlaskClient) -> None:
    message = make_in(MessageState.UNCONFIRMED)
    assert client.get("/admin/outbox").status_code == 302
    sign_in(client, make_staff(Role.THERAPIST).user, "staff")
    assert client.get("/admin/outbox").status_code == 404
    assert post(client, f"/admin/outbox/{message.id}/again").status_code == 404


def test_an_unknown_message_is_not_there(client: FlaskClient) -> None:
    sign_in(client, make_staff(Role.ADMIN).user, "staff")
    assert post(client, "/admin/outbox/123456789012345/again").status_code == 404


def test_it_speaks_in_words_and_draws_the_last_days(client: FlaskClient) -> None:
    message = make_in(MessageState.FAILED)
    with writing():
        message.kind, message.reason = "session_reminder", "smtp_rcpt_550"
    sign_in(client, make_staff(Role.ADMIN).user, "staff")
    page = client.get("/admin/outbox").text
    assert "Reminder of a session" in page
    assert "The mail server refused the reader&#39;s address (550)." in page
    assert "session_reminder" not in page
    assert '<svg class="plot"' in page
    assert "<script" not in page.split('<svg class="plot"')[1].split("</svg>")[0]
