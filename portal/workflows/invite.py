"""A family member is invited: sent only under a usable consent, accepted only under one.

The gate is asked when staff send, when the worker mails, when the link opens and when the
person accepts.
"""

from datetime import datetime, timedelta

from sqlalchemy import select

from portal.accounts.models import User
from portal.consent.rules import Scope
from portal.core import tokens
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound, Refused
from portal.disclosure import service as disclosure
from portal.disclosure.gate import Permit, may_disclose
from portal.mail import service as mail
from portal.mail.models import MessageState, OutboundMessage, ReaderKind
from portal.people import invitations
from portal.people.models import Invitation, Relationship
from portal.people.rules import INVITATION_LIFE, InvitationState

KIND = "family_invitation"
DOUBLE_PRESS = timedelta(minutes=1)


def permits(relationship: Relationship, now: datetime, *, lock: bool = False) -> list[Permit]:
    """All that this person may see of this client now; empty: no invitation."""
    answers = (
        may_disclose(
            client_id=relationship.client_id,
            family_member_id=relationship.family_member_id,
            scope=scope,
            at=now,
            lock=lock,
        )
        for scope in Scope
    )
    return [answer for answer in answers if isinstance(answer, Permit)]


def send(*, relationship_id: int, actor: Actor, now: datetime) -> Invitation:
    """Queue the mail with the link; again, if it was sent before: then the old link dies.

    Sent twice within a minute (a double press), it is one mail. Raises
    Refused `consent_needed` without a usable consent that names this person, `no_address`
    without an e-mail address.
    """
    invitation = _ready(relationship_id, now)
    person = invitation.relationship.family_member
    if not person.email:
        raise Refused("no_address")
    if invitation.sent_at is not None and now - invitation.sent_at < DOUBLE_PRESS:
        return invitation
    mail.drop_for(
        reader_kind=ReaderKind.FAMILY,
        reader_id=person.id,
        kinds=(KIND,),
        reason="sent_again",
        now=now,
    )
    invitations.mark_sent(invitation=invitation, actor=actor, now=now)
    mail.queue(
        kind=KIND,
        reader_kind=ReaderKind.FAMILY,
        reader_id=person.id,
        context={"invitation_id": invitation.id},
        now=now,
        useful_until=now + INVITATION_LIFE,
    )
    return invitation


def print_letter(*, relationship_id: int, actor: Actor, now: datetime) -> tuple[Invitation, str]:
    """Mint the link for a paper letter; returns it with its secret, which exists nowhere else.

    Raises Refused `consent_needed`.
    """
    invitation = _ready(relationship_id, now)
    invitations.mark_sent(invitation=invitation, actor=actor, now=now)
    return invitation, invitations.mint_link(invitation, now=now)


def new_code(*, relationship_id: int, actor: Actor, now: datetime, key: str) -> str:
    """A new code for the client to pass on; the one before is dead, a mailed link stays.

    Raises Refused `consent_needed` without a usable consent, `has_account` for a person who
    has an account already.
    """
    relationship = db.session.get_one(Relationship, relationship_id)
    if not permits(relationship, now, lock=True):
        raise Refused("consent_needed")
    if relationship.family_member.user_id is not None:
        raise Refused("has_account")
    return invitations.new_code(relationship_id=relationship_id, now=now, actor=actor, key=key)


def opened(*, token: str, now: datetime, lock: bool = False) -> Invitation:
    """The invitation behind a link that still works, or NotFound: the one dead-link page."""
    invitation = invitations.by_link(token, at=now, lock=False)
    if not permits(invitation.relationship, now, lock=lock):
        raise NotFound
    return invitations.by_link(token, at=now, lock=True) if lock else invitation


def proof(invitation: Invitation, key: str) -> str:
    """What a browser carries once the code was right. A new code or link makes it worthless."""
    return tokens.code_digest(f"{invitation.id}{invitation.token_digest}{invitation.code_digest}", key)


def accepted(*, token: str, carried: str, key: str, now: datetime) -> User | None:
    """Whose account this very link and proof opened a moment ago: a second press of Accept."""
    found = db.session.scalars(
        select(Invitation).where(
            Invitation.token_digest == tokens.digest(token), Invitation.state == InvitationState.ACCEPTED
        )
    ).one_or_none()
    if found is None or not tokens.same(carried, proof(found, key)):
        return None
    assert found.ended_at is not None
    return found.relationship.family_member.user if now - found.ended_at < DOUBLE_PRESS else None


def accept(
    *,
    token: str,
    carried: str,
    key: str,
    user: User,
    is_shared_mailbox: bool | None,
    actor: Actor,
    now: datetime,
) -> Invitation:
    """Link the account, remember the notice that was read, keep the mailbox's nature.

    `is_shared_mailbox` None: the account's address was set before and stays.

    Raises NotFound when the link, the proof or the consent no longer holds, Refused
    `other_account` when the person already has another account.
    """
    invitation = opened(token=token, now=now, lock=True)
    if not tokens.same(carried, proof(invitation, key)):
        raise NotFound
    person = invitation.relationship.family_member
    if person.user_id not in (None, user.id):
        raise Refused("other_account")
    invitations.accept(invitation=invitation, user_id=user.id, actor=actor, now=now)
    consent_ids = {permit.consent_id for permit in permits(invitation.relationship, now)}
    disclosure.acknowledge(family_member_id=person.id, consent_ids=consent_ids, actor=actor, now=now)
    if person.email and is_shared_mailbox is not None:
        mail.set_address(
            reader_kind=ReaderKind.FAMILY,
            reader_id=person.id,
            address=person.email,
            language=person.language,
            is_shared=is_shared_mailbox,
            is_proven=was_mailed(invitation),
            actor=actor,
            now=now,
        )
    return invitation


def was_mailed(invitation: Invitation) -> bool:
    """Whether the link travelled to the person's own address, which proves that they read it."""
    query = select(OutboundMessage.id).where(
        OutboundMessage.kind == KIND,
        OutboundMessage.reader_id == invitation.relationship.family_member_id,
        OutboundMessage.state.in_((MessageState.SENT, MessageState.UNCONFIRMED)),
        OutboundMessage.state_changed_at >= (invitation.sent_at or invitation.created_at),
    )
    return db.session.scalars(query).first() is not None


def decline(*, token: str, carried: str, key: str, actor: Actor, now: datetime) -> None:
    """ "No, thank you": the invitation is over; nothing tells the client why."""
    invitation = opened(token=token, now=now, lock=True)
    if not tokens.same(carried, proof(invitation, key)):
        raise NotFound
    invitations.decline(invitation=invitation, actor=actor, now=now)


def _ready(relationship_id: int, now: datetime) -> Invitation:
    """The live invitation, with the consent locked and still usable. Consent first, by lock order."""
    relationship = db.session.get(Relationship, relationship_id)
    if relationship is None or not permits(relationship, now, lock=True):
        raise Refused("consent_needed")
    invitation = invitations.live_invitation(relationship_id, lock=True)
    if invitation is None:
        raise Refused("no_open_invitation")
    return invitation
