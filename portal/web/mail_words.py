"""States, kinds and reasons of outgoing mail in words, for every page of staff."""

import re

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from portal.mail.models import MessageState, ReaderKind

STATES = {
    MessageState.UNCONFIRMED: _("Not known whether it arrived"),
    MessageState.FAILED: _("Could not be delivered"),
    MessageState.DEFERRED: _("Will be tried again"),
    MessageState.QUEUED: _("Waiting"),
    MessageState.CLAIMED: _("Being prepared"),
    MessageState.SENDING: _("Being sent"),
    MessageState.SENT: _("Sent"),
    MessageState.DROPPED: _("Not sent on purpose"),
}
READERS = {
    ReaderKind.FAMILY: _("Family member"),
    ReaderKind.CLIENT: _("Client"),
    ReaderKind.STAFF: _("Staff"),
    ReaderKind.USER: _("Account holder"),
}
KINDS = {
    "account_invitation": _("Link to a new account"),
    "confirm_address": _("Please confirm your e-mail"),
    "family_invitation": _("Invitation of a relative"),
    "lesson_nudge": _("A word about an unread lesson"),
    "passphrase_reset": _("Link for a new passphrase"),
    "place_confirmed": _("Place saved"),
    "place_offered": _("Place free"),
    "program_time_reminder": _("Reminder of a program time"),
    "session_cancelled": _("Session cancelled"),
    "session_changed": _("Session moved"),
    "session_reminder": _("Reminder of a session"),
    "sign_in_changed": _("Sign-in changed"),
    "standing_offered": _("Standing place free"),
    "weekly_digest": _("The week in numbers"),
}
REASONS = {
    "access_ended": _("The client's permission ended."),
    "account_closed": _("The account is closed."),
    "address_changed": _("The address was changed meanwhile."),
    "address_not_confirmed": _("The address is not confirmed."),
    "address_suspended": _("The mail server refused this address earlier."),
    "already_confirmed": _("The address was confirmed meanwhile."),
    "already_used": _("The link was used meanwhile."),
    "asked_again": _("A newer mail takes its place."),
    "changed_again": _("It changed once more; a newer mail tells it."),
    "client_died": _("The client has died."),
    "decided_by_staff": _("Somebody on the staff decided it."),
    "gave_up": _("Tried eight times in vain."),
    "gone": _("What it tells of does not exist any more."),
    "has_account": _("The person has an account by now."),
    "invitation_over": _("The invitation is over."),
    "no_address": _("There is no address."),
    "no_consent": _("There is no permission."),
    "no_longer_due": _("It was no longer due."),
    "no_permission": _("There is no permission."),
    "not_sendable": _("The address or the text cannot be sent."),
    "not_writable": _("The mail could not be put into words. Tell whoever looks after the server."),
    "one_a_day": _("Another mail went that day; it comes on the next."),
    "opted_out": _("The person does not want this kind."),
    "place_changed": _("The place changed meanwhile."),
    "quiet_hours": _("It was night; it comes in the morning."),
    "sent_again": _("A newer mail takes its place."),
    "session_cancelled": _("The session was cancelled."),
    "shared_mailbox": _("Somebody else reads this mailbox, so no link goes there."),
    "time_changed": _("The time changed meanwhile."),
    "too_late": _("It would have come too late."),
    "used": _("The link was used meanwhile."),
    "worker_stopped": _("The worker stopped while sending it."),
}
STEPS = {
    "mail": _("The mail server refused our own address (%(code)s)."),
    "rcpt": _("The mail server refused the reader's address (%(code)s)."),
    "data": _("The mail server refused the text (%(code)s)."),
}
_ANSWER = re.compile(r"smtp_([a-z]+)_(\d{3})")


def kind(name: str) -> str:
    """A kind of mail in words."""
    return str(KINDS.get(name, _("Another e-mail")))


def reason(code: str | None) -> str:
    """Why a mail was not sent, in a sentence; empty without a reason.

    A code without words of its own comes from the network or the server.
    """
    if not code:
        return ""
    if code in REASONS:
        return str(REASONS[code])
    answer = _ANSWER.fullmatch(code)
    if answer and answer[1] in STEPS:
        return str(STEPS[answer[1]]) % {"code": answer[2]}
    if code.startswith("data_"):
        return gettext("The connection was lost after the text was handed over.")
    if code.startswith(("connect_", "lost_")):
        return gettext("The mail server could not be reached.")
    return gettext("The mail server did not take it.")
