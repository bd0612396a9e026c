"""The mails about accounts: a link to choose the first passphrase, or a new one; word of a change.

None names anybody but its reader. Both tokens are minted here, while the mail is
claimed, so they exist nowhere else.
"""

from datetime import datetime

from portal.accounts import resets
from portal.core.db import db
from portal.mail import queries as mail
from portal.mail.kinds import Kind, Letter, Message
from portal.mail.models import ReaderKind
from portal.people import account_invitations, queries
from portal.people.models import AccountInvitation, Client, FamilyMember, StaffMember

Person = Client | FamilyMember | StaffMember


def render_passphrase_reset(message: Message, now: datetime) -> Letter:
    """The link to a new passphrase, to the address of whoever has the account."""
    person = _person_of_account(message.reader_id)
    assert person is not None  # still_wanted has looked
    token = resets.mint(message.context["reset_id"], now=now)
    return Letter(
        address=_address(person) or "",
        language=person.language,
        name=person.given_name,
        values={"token": token},
    )


def passphrase_reset_still_wanted(message: Message, now: datetime) -> str | None:
    """Not for nobody, and never to a mailbox that somebody else reads."""
    person = _person_of_account(message.reader_id)
    if person is None or not _address(person):
        return "no_address"
    row = mail.address_of(_reader_kind(person), person.id)
    if row is not None and row.is_shared:
        return "shared_mailbox"
    return resets.unwanted(message.context["reset_id"], now=now)


def render_sign_in_changed(message: Message, now: datetime) -> Letter:
    """That the sign-in was changed, to the address of whoever has the account."""
    person = _person_of_account(message.reader_id)
    assert person is not None  # still_wanted has looked
    return Letter(address=_address(person) or "", language=person.language, name=person.given_name)


def sign_in_changed_still_wanted(message: Message, now: datetime) -> str | None:
    """Not for nobody, and never to a mailbox that somebody else reads."""
    person = _person_of_account(message.reader_id)
    if person is None or not _address(person):
        return "no_address"
    row = mail.address_of(_reader_kind(person), person.id)
    return "shared_mailbox" if row is not None and row.is_shared else None


def render_account_invitation(message: Message, now: datetime) -> Letter:
    """The link with which a client or staff member opens their account."""
    invitation = db.session.get_one(AccountInvitation, message.context["account_invitation_id"])
    person = account_invitations.person_of(invitation)
    token = account_invitations.mint(invitation.id, now=now)
    return Letter(
        address=person.email or "",
        language=person.language,
        name=person.given_name,
        values={"token": token},
    )


def account_invitation_still_wanted(message: Message, now: datetime) -> str | None:
    """Not once it is used, replaced, or the person has an account or no address."""
    invitation = db.session.get(AccountInvitation, message.context["account_invitation_id"])
    if invitation is None or invitation.used_at or invitation.ended_at:
        return "used"
    person = account_invitations.person_of(invitation)
    if person.user_id is not None:
        return "has_account"
    return None if person.email else "no_address"


def _person_of_account(user_id: int) -> Person | None:
    return queries.staff_member_of(user_id) or queries.family_member_of(user_id) or queries.client_of(user_id)


def _reader_kind(person: Person) -> ReaderKind:
    if isinstance(person, StaffMember):
        return ReaderKind.STAFF
    return ReaderKind.CLIENT if isinstance(person, Client) else ReaderKind.FAMILY


def _address(person: Person) -> str | None:
    row = mail.address_of(_reader_kind(person), person.id)
    return row.address if row and row.confirmed_at else person.email


KINDS = [
    Kind(
        name="passphrase_reset",
        is_client_linked=False,
        is_optional=False,
        render=render_passphrase_reset,
        still_wanted=passphrase_reset_still_wanted,
    ),
    Kind(
        name="sign_in_changed",
        is_client_linked=False,
        is_optional=False,
        render=render_sign_in_changed,
        still_wanted=sign_in_changed_still_wanted,
    ),
    Kind(
        name="account_invitation",
        is_client_linked=False,
        is_optional=False,
        render=render_account_invitation,
        still_wanted=account_invitation_still_wanted,
    ),
]
