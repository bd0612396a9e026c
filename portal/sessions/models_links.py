"""The links in mails that answer for one place."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import relationship as related

from portal.core.db import Base, RowId
from portal.sessions.models import SignUp


class PlaceLink(Base):
    """One link in one mail; good for one sign-up at one time. Instants are UTC."""

    __tablename__ = "place_link"

    id: Mapped[RowId]
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    sign_up_id: Mapped[int] = mapped_column(ForeignKey("sign_up.id"), index=True)
    time_revision: Mapped[int]
    """The start that the mail told: after a move the link is of no use."""
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)
    """The cut-off: from then on people no longer change their own place."""
    used_at: Mapped[datetime | None]

    sign_up: Mapped[SignUp] = related()
