"""The kinds of the mail room itself."""

from datetime import datetime

from portal.core import tokens
from portal.core.db import db
from portal.core.errors import NotFound
from portal.mail.kinds import Kind, Letter, Message
from portal.mail.models import MailAddress


def _address(message: Message) -> MailAddress | None:
    return db.session.get(MailAddress, message.context["address_id"], populate_existing=True)


def render_confirm_address(message: Message, now: datetime) -> Letter:
    """The confirming link. It greets nobody by name: the mailbox is not yet proven."""
    row = _address(message)
    if row is None:
        raise NotFound
    token = tokens.new_token()
    row.token_digest = tokens.digest(token)
    return Letter(address=row.address, language=row.language, values={"token": token})


def confirm_address_still_wanted(message: Message, now: datetime) -> str | None:
    """Not once it is confirmed, or gone."""
    row = _address(message)
    return None if row and row.confirmed_at is None else "already_confirmed"


KINDS = [
    Kind(
        name="confirm_address",
        is_client_linked=False,
        is_optional=False,
        render=render_confirm_address,
        still_wanted=confirm_address_still_wanted,
    ),
]
