"""Word to somebody that their sign-in was changed: if it was not them, they call."""

from datetime import datetime

from portal.mail import service as mail
from portal.mail.models import ReaderKind

KIND = "sign_in_changed"


def tell(*, user_id: int, now: datetime) -> None:
    """Queue the notice. It says neither what was changed nor where; several changes are one notice."""
    mail.drop_for(reader_kind=ReaderKind.USER, reader_id=user_id, reason="replaced", now=now, kinds={KIND})
    mail.queue(kind=KIND, reader_kind=ReaderKind.USER, reader_id=user_id, now=now)
