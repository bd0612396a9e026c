"""The mail with the invitation's link. It names nobody but its reader.

It stands in `workflows` and not in `people`, because it asks the gate, which lies above.
"""

from datetime import datetime

from portal.core.db import db
from portal.mail.kinds import Kind, Letter, Message
from portal.people import invitations
from portal.people.models import Invitation
from portal.people.rules import InvitationState
from portal.workflows import invite


def render(message: Message, now: datetime) -> Letter:
    """The letter, with a link minted here: it exists nowhere else."""
    invitation = db.session.get_one(Invitation, message.context["invitation_id"])
    person = invitation.relationship.family_member
    token = invitations.mint_link(invitation, now=now)
    return Letter(
        address=person.email or "",
        language=person.language,
        name=person.given_name,
        values={"token": token},
    )


def still_wanted(message: Message, now: datetime) -> str | None:
    """Not without a usable consent, and not once the invitation was answered or ended."""
    invitation = db.session.get(Invitation, message.context["invitation_id"])
    if invitation is None or invitation.state is not InvitationState.SENT:
        return "invitation_over"
    if not invite.permits(invitation.relationship, now, lock=True):
        return "no_consent"
    return None if invitation.relationship.family_member.email else "no_address"


KINDS = [
    Kind(
        name=invite.KIND,
        is_client_linked=True,
        is_optional=False,
        render=render,
        still_wanted=still_wanted,
    )
]
