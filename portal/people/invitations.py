"""Invitations of family members: one function per verb.

Two secrets, two ways. The link travels by mail and exists only there; the code is passed
on by the client. Whether an invitation may be sent or accepted is the gate's to say, in
`workflows.invite`.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.audit import service as audit
from portal.core import tokens
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound, TooLate
from portal.people.models import Invitation, Relationship
from portal.people.rules import INVITATION_LIFE, LIVE_INVITATION, TRIES, InvitationState, link_works


@dataclass(frozen=True)
class Tried:
    """What became of one try with a code."""

    is_right: bool
    tries_left: int


def open_invitation(*, relationship_id: int, now: datetime, actor: Actor, key: str) -> tuple[Invitation, str]:
    """A new invitation, not yet sent, and its code for the client; ends an older live one."""
    end_invitations(relationship_id=relationship_id, reason="replaced", now=now, actor=actor)
    code = tokens.new_code()
    invitation = Invitation(
        relationship_id=relationship_id,
        code_digest=tokens.code_digest(code, key),
        tries_left=TRIES,
        created_at=now,
    )
    db.session.add(invitation)
    db.session.flush()
    _audit("invitation.opened", invitation, actor, now)
    return invitation, code


def new_code(*, relationship_id: int, now: datetime, actor: Actor, key: str) -> str:
    """A new code for the client to pass on, with three new tries; the old one is dead.

    A live invitation keeps its link; where none is live, a new one is opened.
    """
    invitation = live_invitation(relationship_id, lock=True)
    if invitation is None:
        return open_invitation(relationship_id=relationship_id, now=now, actor=actor, key=key)[1]
    code = tokens.new_code()
    invitation.code_digest = tokens.code_digest(code, key)
    invitation.tries_left = TRIES
    _audit("invitation.coded", invitation, actor, now)
    return code


def mark_sent(*, invitation: Invitation, actor: Actor, now: datetime) -> None:
    """Sent, or sent again: the link of an earlier mail stops when this one's is minted."""
    if invitation.state not in LIVE_INVITATION:
        raise TooLate
    invitation.state = InvitationState.SENT
    invitation.sent_at = now
    invitation.expires_at = now + INVITATION_LIFE
    _audit("invitation.sent", invitation, actor, now)


def mint_link(invitation: Invitation, *, now: datetime) -> str:
    """The secret of the link, new each time; the one before no longer works."""
    token = tokens.new_token()
    invitation.token_digest = tokens.digest(token)
    invitation.expires_at = now + INVITATION_LIFE
    return token


def by_link(token: str, *, at: datetime, lock: bool = False) -> Invitation:
    """The invitation of a working link. NotFound alike for used, withdrawn, expired, unknown."""
    query = select(Invitation).where(Invitation.token_digest == tokens.digest(token))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    invitation = db.session.scalars(query).one_or_none()
    if invitation is None or not _works(invitation, at):
        raise NotFound
    return invitation


def try_code(*, token: str, code: str, key: str, actor: Actor, now: datetime) -> Tried:
    """Check a code under the row's lock and count a wrong one; the third ends the invitation.

    Returns instead of raising: the count must outlive the answer, so the caller commits.
    """
    invitation = by_link(token, at=now, lock=True)
    if tokens.same(invitation.code_digest, tokens.code_digest(code, key)):
        return Tried(True, invitation.tries_left)
    invitation.tries_left -= 1
    left = invitation.tries_left
    client_id = invitation.relationship.client_id
    audit.record(
        "invitation.tried",
        actor=actor,
        now=now,
        client_id=client_id,
        invitation_id=invitation.id,
        tries_left=left,
    )
    if left == 0:
        _end(invitation, "no_tries_left", actor, now)
    return Tried(False, left)


def accept(*, invitation: Invitation, user_id: int, actor: Actor, now: datetime) -> None:
    """Link the person's account, once. TooLate when somebody else's hand was faster."""
    _finish(invitation, InvitationState.ACCEPTED, now)
    invitation.relationship.family_member.user_id = user_id
    audit.record(
        "invitation.accepted",
        actor=actor,
        now=now,
        client_id=invitation.relationship.client_id,
        invitation_id=invitation.id,
        relationship_id=invitation.relationship_id,
        user_id=user_id,
    )


def decline(*, invitation: Invitation, actor: Actor, now: datetime) -> None:
    """ "No, thank you": final; the client may invite again."""
    _finish(invitation, InvitationState.DECLINED, now)
    _audit("invitation.declined", invitation, actor, now)


def end_invitations(*, relationship_id: int, reason: str, now: datetime, actor: Actor) -> int:
    """End what is live, as a code word for the audit; returns how many were."""
    invitation = live_invitation(relationship_id, lock=True)
    if invitation is None:
        return 0
    _end(invitation, reason, actor, now)
    db.session.flush()
    return 1


def live_invitation(relationship_id: int, *, lock: bool = False) -> Invitation | None:
    """The invitation of a pair that is ready or sent; at most one."""
    query = select(Invitation).where(
        Invitation.relationship_id == relationship_id, Invitation.state.in_(LIVE_INVITATION)
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(query).one_or_none()


def _works(invitation: Invitation, at: datetime) -> bool:
    return link_works(
        state=invitation.state,
        tries_left=invitation.tries_left,
        expires_at=invitation.expires_at,
        client_deceased=invitation.relationship.client.deceased_on is not None,
        at=at,
    )


def _finish(invitation: Invitation, state: InvitationState, now: datetime) -> None:
    if invitation.state is not InvitationState.SENT:
        raise TooLate
    invitation.state = state
    invitation.ended_at = now


def _end(invitation: Invitation, reason: str, actor: Actor, now: datetime) -> None:
    invitation.state = InvitationState.ENDED
    invitation.ended_at = now
    audit.record(
        "invitation.ended",
        actor=actor,
        now=now,
        client_id=_client_id(invitation),
        invitation_id=invitation.id,
        reason=reason,
    )


def _audit(kind: str, invitation: Invitation, actor: Actor, now: datetime) -> None:
    audit.record(
        kind,
        actor=actor,
        now=now,
        client_id=_client_id(invitation),
        invitation_id=invitation.id,
        relationship_id=invitation.relationship_id,
    )


def _client_id(invitation: Invitation) -> int | None:
    query = select(Relationship.client_id).where(Relationship.id == invitation.relationship_id)
    return db.session.scalar(query)
