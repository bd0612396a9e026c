"""The outbox by state: kind, to whom in general, when, and why not. Never the words of a mail."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.mail import delivery, queries, service
from portal.mail.models import MessageState
from portal.web import access, mail_words
from portal.web.pages import Pages
from portal.web.refusal import refused

pages = Pages()

TAGS = {
    MessageState.UNCONFIRMED: "stop",
    MessageState.FAILED: "stop",
    MessageState.DEFERRED: "wait",
    MessageState.SENT: "ok",
}


@pages.get("/outbox")
def outbox() -> str:
    """The newest messages, those that wait for a decision counted on top."""
    chosen = request.args.get("state", "")
    state = MessageState(chosen) if chosen in set(MessageState) else None
    return render_template(
        "admin/outbox/outbox.html",
        messages=queries.outbox(state=state),
        counts=queries.counts(),
        chosen=state,
        words=mail_words,
        states=mail_words.STATES,
        tags=TAGS,
        beat=queries.last_beat(),
        delivery=delivery.by_day(now=access.now()),
        sendable=service.DECIDABLE[MessageState.QUEUED],
        droppable=service.DECIDABLE[MessageState.DROPPED],
    )


@pages.post("/outbox/<int:message_id>/again")
def send_again(message_id: int) -> ResponseReturnValue:
    """Try a message once more: for an unconfirmed one somebody has to decide it."""
    if not refused():
        service.send_again(queries.message(message_id), actor=access.actor(), now=access.now())
        flash(_("It will be sent once more, if it is still wanted."), "good")
    return redirect(url_for(".outbox"))


@pages.post("/outbox/<int:message_id>/drop")
def drop_message(message_id: int) -> ResponseReturnValue:
    """Decide that a message is not sent."""
    if not refused():
        service.give_up(queries.message(message_id), actor=access.actor(), now=access.now())
        flash(_("It will not be sent."), "good")
    return redirect(url_for(".outbox"))
