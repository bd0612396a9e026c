"""From the outbox to a real SMTP server."""

from datetime import timedelta

import pytest
from flask import Flask

from portal.center import settings
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.mail import claims, queries, service, suppression
from portal.mail.dispatch import dispatch
from portal.mail.kinds import Letter, Message
from portal.mail.models import MessageState, OutboundMessage
from portal.mail.records import recover
from portal.mail.rules import LEASE, MAX_TRIES
from tests.conftest import NOW, HeldClock
from tests.factories.mail import make_mail_reader, make_message, plain_kind, plain_letter, post_of
from tests.factories.people import make_family_member
from tests.smtp import mail_server

pytestmark = pytest.mark.smtp


def state_of(message: OutboundMessage) -> tuple[MessageState, str | None]:
    db.session.rollback()
    db.session.refresh(message)
    return message.state, message.reason


def test_a_queued_mail_arrives_once(app: Flask) -> None:
    message = make_message()
    with mail_server(app) as box:
        dispatch(post_of(app, [plain_kind()]))
        dispatch(post_of(app, [plain_kind()]))
    assert state_of(message) == (MessageState.SENT, None)
    assert [mail["Message-ID"] for mail in box.mails] == [f"<{message.id}@harbor.example>"]


def test_it_says_who_it_is_from_and_that_a_machine_wrote_it(app: Flask) -> None:
    make_message()
    with mail_server(app) as box:
        dispatch(post_of(app, [plain_kind()]))
    [mail] = box.mails
    assert mail["From"] == "Maple Street Office <office@harbor.example>"
    assert (mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"]) == ("auto-generated", "All")
    assert mail["List-Unsubscribe"] is None


def test_a_mail_before_its_time_waits(app: Flask, held_clock: HeldClock) -> None:
    message = make_message(not_before=NOW + timedelta(hours=1))
    with mail_server(app) as box:
        dispatch(post_of(app, [plain_kind()]))
        assert not box.mails
        held_clock.advance(hours=1)
        dispatch(post_of(app, [plain_kind()]))
    assert state_of(message)[0] is MessageState.SENT


def test_a_mail_past_its_use_is_dropped(app: Flask, held_clock: HeldClock) -> None:
    message = make_message(useful_until=NOW + timedelta(hours=1))
    held_clock.advance(hours=1)
    with mail_server(app) as box:
        dispatch(post_of(app, [plain_kind()]))
    assert (state_of(message), box.mails) == ((MessageState.DROPPED, "too_late"), [])


def test_smtp_down_defers_and_loses_nothing(app: Flask, held_clock: HeldClock) -> None:
    message = make_message()
    app.config["MAIL_PORT"] = 1
    dispatch(post_of(app, [plain_kind()]))
    assert state_of(message) == (MessageState.DEFERRED, "connect_connectionrefusederror")
    held_clock.advance(minutes=2)
    with mail_server(app) as box:
        dispatch(post_of(app, [plain_kind()]))
    assert (state_of(message)[0], len(box.mails)) == (MessageState.SENT, 1)


@pytest.mark.parametrize("step", ["to_mail", "to_rcpt", "to_data"])
def test_a_temporary_no_is_tried_again_and_then_given_up(
    app: Flask, held_clock: HeldClock, step: str
) -> None:
    message = make_message()
    with mail_server(app) as box:
        setattr(box, step, "451 come back later")
        for _ in range(MAX_TRIES + 2):
            dispatch(post_of(app, [plain_kind()]))
            held_clock.advance(hours=6)
    assert state_of(message) == (MessageState.FAILED, "gave_up")
    assert message.attempts == MAX_TRIES


def test_a_refused_recipient_fails_and_is_suspended(app: Flask) -> None:
    reader = make_mail_reader()
    message = make_message(reader)
    with mail_server(app) as box:
        box.dead = frozenset({str(reader.email)})
        dispatch(post_of(app, [plain_kind()]))
        again = make_message(reader)
        dispatch(post_of(app, [plain_kind()]))
    assert state_of(message) == (MessageState.FAILED, "smtp_rcpt_550")
    assert state_of(again) == (MessageState.DROPPED, "address_suspended")
    assert suppression.is_suppressed(str(reader.email), post_of(app).address_key)
    assert queries.confirmed_address(message.reader_kind, reader.id) is None


def test_a_refused_text_fails_without_blaming_the_address(app: Flask) -> None:
    message = make_message()
    with mail_server(app) as box:
        box.to_data = "554 not here"
        dispatch(post_of(app, [plain_kind()]))
    assert state_of(message) == (MessageState.FAILED, "smtp_data_554")
    assert not suppression.is_suppressed(message.context["address"], post_of(app).address_key)


def test_a_connection_lost_after_the_text_is_unconfirmed_and_stays_so(
    app: Flask, held_clock: HeldClock
) -> None:
    message = make_message()
    with mail_server(app) as box:
        box.hangs_up_after_data = True
        dispatch(post_of(app, [plain_kind()]))
        box.hangs_up_after_data = False
        held_clock.advance(hours=6)
        dispatch(post_of(app, [plain_kind()]))
    assert state_of(message)[0] is MessageState.UNCONFIRMED
    assert len(box.mails) == 1


def test_a_message_that_cannot_be_written_fails_alone(app: Flask) -> None:
    def render(message: Message, now: object) -> object:
        if message.context["address"] == "poison":
            raise KeyError("name")
        return plain_letter(message, NOW)

    bad, good = make_message(context={"address": "poison"}), make_message()
    with mail_server(app) as box:
        dispatch(post_of(app, [plain_kind(render=render)]))  # type: ignore[arg-type]
    assert state_of(bad) == (MessageState.FAILED, "not_writable")
    assert (state_of(good)[0], len(box.mails)) == (MessageState.SENT, 1)


def test_an_unknown_kind_cannot_be_sent(app: Flask) -> None:
    message = make_message(kind="other")
    dispatch(post_of(app, [plain_kind()]))
    assert state_of(message)[0] is MessageState.FAILED


def test_it_is_asked_just_before_the_conversation(app: Flask) -> None:
    reasons: list[str] = []
    kind = plain_kind(still_wanted=lambda *_: reasons[-1] if reasons else None)
    message = make_message()

    def withdraw(point: str) -> None:
        if point == "after_claim":
            reasons.append("no_permission")

    with mail_server(app) as box:
        dispatch(post_of(app, [kind]), trace=withdraw)
    assert (state_of(message), box.mails) == ((MessageState.DROPPED, "no_permission"), [])


def test_a_drop_between_claim_and_conversation_holds(app: Flask) -> None:
    message = make_message()

    def drop(point: str) -> None:
        if point == "after_claim":
            with writing():
                service.drop_for(
                    reader_kind=message.reader_kind, reader_id=message.reader_id, reason="ended", now=NOW
                )

    with mail_server(app) as box:
        dispatch(post_of(app, [plain_kind()]), trace=drop)
    assert (state_of(message), box.mails) == ((MessageState.DROPPED, "ended"), [])


def test_a_frozen_worker_finds_its_lease_gone(app: Flask, held_clock: HeldClock) -> None:
    message = make_message()

    def freeze(point: str) -> None:
        if point == "after_claim" and message.lease < 2:
            with writing():
                recover(now=held_clock.advance(seconds=LEASE.total_seconds()))

    with mail_server(app) as box:
        dispatch(post_of(app, [plain_kind()]), trace=freeze)
        assert (state_of(message)[0], box.mails) == (MessageState.QUEUED, [])
        dispatch(post_of(app, [plain_kind()]))
    assert (state_of(message)[0], len(box.mails)) == (MessageState.SENT, 1)


def test_a_late_result_settles_what_was_written_off(app: Flask, held_clock: HeldClock) -> None:
    message = make_message()

    def freeze(point: str) -> None:
        if point == "before_record":
            with writing():
                recover(now=held_clock.advance(hours=1))
            assert state_of(message)[0] is MessageState.UNCONFIRMED

    with mail_server(app):
        dispatch(post_of(app, [plain_kind()]), trace=freeze)
    assert state_of(message)[0] is MessageState.SENT


def test_an_optional_kind_needs_its_yes_and_a_confirmed_address(app: Flask) -> None:
    kinds = [plain_kind(is_optional=True)]
    stranger, undecided = make_family_member(), make_mail_reader("places")
    willing = make_mail_reader("plain")
    messages = [make_message(reader) for reader in (stranger, undecided, willing)]
    with mail_server(app) as box:
        dispatch(post_of(app, kinds))
    assert [state_of(message)[1] for message in messages] == ["opted_out", "opted_out", None]
    [mail] = box.mails
    assert mail["To"] == willing.email
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_name_cannot_start_a_header(app: Flask) -> None:
    def render(message: Message, now: object) -> object:
        letter = plain_letter(message, NOW)
        return type(letter)(
            letter.address, "en", "Ann\r\nBcc: all@mail.example", letter.values, letter.template
        )

    make_message()
    with mail_server(app) as box:
        dispatch(post_of(app, [plain_kind(render=render)]))  # type: ignore[arg-type]
    assert [mail["Bcc"] for mail in box.mails] == [None]
    assert len(box.recipients) == 1


def test_an_address_with_a_line_end_reaches_nobody(app: Flask) -> None:
    message = make_message(context={"address": "ann@mail.example\r\nRCPT TO:<all@mail.example>"})
    with mail_server(app) as box:
        dispatch(post_of(app, [plain_kind()]))
    assert state_of(message)[0] is MessageState.FAILED
    assert box.recipients == []


@pytest.mark.parametrize("address", ["jos\u00e9@mail.example", "a b@mail.example", "<>", "ann"])
def test_an_address_that_no_server_knows_hurts_nobody_else(app: Flask, address: str) -> None:
    make_message(context={"address": address})
    good = make_message()
    with mail_server(app) as box:
        dispatch(post_of(app, [plain_kind()]))
    assert state_of(good)[0] is MessageState.SENT
    assert str(good.context["address"]) in box.recipients


def test_letters_beyond_ascii_arrive_as_they_were(app: Flask) -> None:
    def render(message: Message, now: object) -> object:
        letter = plain_letter(message, NOW)
        return type(letter)(letter.address, "es", "Jos\u00e9 \u00d1and\u00fa", letter.values, letter.template)

    make_message()
    with mail_server(app) as box:
        dispatch(post_of(app, [plain_kind(render=render)]))  # type: ignore[arg-type]
    for form in ("plain", "html"):
        body = box.mails[0].get_body((form,))
        assert body is not None
        assert "Jos\u00e9 \u00d1and\u00fa" in body.get_content()


def test_an_address_changed_after_the_claim_gets_nothing(app: Flask) -> None:
    reader = make_mail_reader("plain")
    message = make_message(reader)

    def change(point: str) -> None:
        if point == "after_claim":
            with writing():
                row = queries.address_of(message.reader_kind, reader.id)
                assert row is not None
                row.address = "new@mail.example"

    with mail_server(app) as box:
        dispatch(post_of(app, [plain_kind(is_optional=True)]), trace=change)
    assert (state_of(message), box.mails) == ((MessageState.DROPPED, "address_changed"), [])


def test_an_office_beyond_ascii_signs_as_it_is_called(app: Flask) -> None:
    values = {"discreet_name": "Oficina del Ñandú"}
    with writing():
        settings.change(seen_version=0, values=values, actor=Actor("staff", 1), now=NOW)
    make_message()
    with mail_server(app) as box:
        dispatch(post_of(app, [plain_kind()]))
    assert box.mails[0]["From"] == "Oficina del Ñandú <office@harbor.example>"


def test_the_record_of_one_mail_outlives_the_next_that_cannot_be_written(app: Flask) -> None:
    def render(message: Message, now: object) -> Letter:
        if message.id == second.id:
            raise KeyError("name")
        return plain_letter(message, NOW)

    first, second, third = sorted((make_message() for _ in range(3)), key=lambda message: message.id)
    with mail_server(app) as box:
        dispatch(post_of(app, [plain_kind(render=render)]))
    assert state_of(second) == (MessageState.FAILED, "not_writable")
    assert (state_of(first)[0], state_of(third)[0]) == (MessageState.SENT, MessageState.SENT)
    assert (len(box.mails), box.doubled) == (2, [])


def test_the_record_of_one_mail_outlives_the_drop_of_the_next(app: Flask) -> None:
    first, second = sorted((make_message() for _ in range(2)), key=lambda message: message.id)
    kind = plain_kind(still_wanted=lambda message, _now: "ended" if message.id == second.id else None)
    with mail_server(app) as box:
        dispatch(post_of(app, [kind]))
    assert (state_of(first)[0], state_of(second)) == (MessageState.SENT, (MessageState.DROPPED, "ended"))
    assert len(box.mails) == 1


def test_a_lease_that_ran_out_after_another_mail_was_sent_loses_no_record(
    app: Flask, held_clock: HeldClock
) -> None:
    first, second = sorted((make_message() for _ in range(2)), key=lambda message: message.id)

    def slow(point: str) -> None:
        if point == "before_record" and held_clock.at == NOW:
            held_clock.advance(seconds=LEASE.total_seconds() / 2)

    with mail_server(app) as box:
        dispatch(post_of(app, [plain_kind()]), trace=slow)
        assert (state_of(first)[0], state_of(second)[0]) == (MessageState.SENT, MessageState.QUEUED)
        assert second.attempts == 0  # given back untouched
        dispatch(post_of(app, [plain_kind()]))
    assert (state_of(second)[0], len(box.mails)) == (MessageState.SENT, 2)


def test_what_stopped_a_worker_is_claimed_alone(app: Flask, held_clock: HeldClock) -> None:
    messages = [make_message() for _ in range(3)]
    claims.claim([messages[0].id], {})
    with writing():
        recover(now=held_clock.advance(seconds=LEASE.total_seconds()))
    others = {message.id for message in messages[1:]}
    assert [set(batch) for batch in claims.batches(10)] == [others, {messages[0].id}]


def test_a_claim_of_many_raises_each_lease_and_is_given_back_whole(app: Flask) -> None:
    messages = [make_message() for _ in range(3)]
    claimed = claims.claim([message.id for message in messages], {})
    assert [each.lease for each in claimed] == [1, 1, 1]
    assert claims.claim([message.id for message in messages], {}) == []
    claims.give_back(claimed)
    assert {(*state_of(message), message.attempts) for message in messages} == {
        (MessageState.QUEUED, None, 0)
    }
