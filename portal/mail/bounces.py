"""Bounces: what a mail server sends back about one of our mails (RFC 3464 and older forms).

A bounce counts only when it quotes the Message-ID of a mail of ours, whose number nobody can
guess: otherwise anybody could have an address suspended by a forged one.
"""

import logging
import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes

from flufl.bounce import scan_message
from sqlalchemy import select, update

from portal.audit import service as audit
from portal.core.actor import Actor
from portal.core.db import db
from portal.mail import suppression
from portal.mail.models import MessageState, OutboundMessage
from portal.mail.rules import domain_of, plain_address

logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # it logs a traceback for what it cannot read
MAX_BYTES = 1 << 20
CAN_BOUNCE = (MessageState.SENT, MessageState.SENDING, MessageState.UNCONFIRMED)


class Ignored(Exception):
    """Not a bounce that we act on; its text is a code that may be logged."""


@dataclass(frozen=True)
class Bounce:
    """A mail of ours that did not arrive, and the mailboxes that are said not to exist."""

    message_id: int
    addresses: frozenset[str]


def read(raw: bytes, *, sender: str) -> Bounce:
    """Understand one mail as a bounce. Raises Ignored."""
    if len(raw) > MAX_BYTES:
        raise Ignored("too_large")
    try:
        addresses = scan_message(message_from_bytes(raw))
    except Exception as error:  # the library meets whatever the world sends
        raise Ignored("not_readable") from error
    if not addresses:
        raise Ignored("not_a_bounce_for_good")
    if len(addresses) > 1:  # each mail of ours has one recipient
        raise Ignored("names_several_addresses")
    return Bounce(
        _quoted_id(raw, domain_of(sender)), frozenset(plain_address(each.decode()) for each in addresses)
    )


def _quoted_id(raw: bytes, domain: str) -> int:
    quoted = set(re.findall(rb"<(\d{1,18})@" + re.escape(domain.encode()) + rb">", raw))
    if len(quoted) != 1:
        raise Ignored("quotes_no_mail_of_ours")
    return int(quoted.pop())


def take(raw: bytes, *, sender: str, key: str, actor: Actor, now: datetime) -> OutboundMessage:
    """Suspend the address and say so at the message. Raises Ignored, and has changed nothing then."""
    bounce = read(raw, sender=sender)
    message = db.session.scalars(
        select(OutboundMessage).where(OutboundMessage.id == bounce.message_id).with_for_update()
    ).one_or_none()
    if message is None:
        raise Ignored("quotes_no_mail_of_ours")
    changed = db.session.execute(
        update(OutboundMessage)
        .where(OutboundMessage.id == message.id, OutboundMessage.state.in_(CAN_BOUNCE))
        .values(state=MessageState.FAILED, reason="bounced", leased_until=None, state_changed_at=now)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise Ignored("was_not_sent")
    for address in bounce.addresses:
        suppression.suppress(address, key=key, reason="bounced", now=now)
    audit.record("mail.bounced", actor=actor, now=now, message_id=message.id)
    db.session.refresh(message)
    return message
