"""The ledger: what was disclosed to whom, when, under which consent."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import relationship as related

from portal.center.models import NoticeVersion
from portal.consent.rules import Scope
from portal.core.db import Base, PublicId, RowId


class Channel(StrEnum):
    """The way by which something was disclosed."""

    PAGE = "page"
    FEED = "feed"
    PRINT = "print"
    FILE = "file"
    MAIL = "mail"
    PHONE = "phone"


class DisclosureEntry(Base):
    """One disclosure (42 CFR 2.25): the first view of an object in a browser session.

    It never says what the reader answered or how long they looked.
    """

    __tablename__ = "disclosure_entry"

    id: Mapped[RowId]
    at: Mapped[datetime]
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"), index=True)
    family_member_id: Mapped[int] = mapped_column(ForeignKey("family_member.id"), index=True)
    consent_id: Mapped[int] = mapped_column(ForeignKey("consent.id"))
    scope: Mapped[Scope]
    subject: Mapped[str] = mapped_column(String(120))
    """What: `session:<id>`, `week:2026-W24`, `assignment:<id>`, `permission`."""
    channel: Mapped[Channel]
    notice_version: Mapped[int]
    occasion: Mapped[str] = mapped_column(String(60))
    """The browser session or the fetch; with `subject` it makes "the first view" unique."""

    __table_args__ = (
        Index(
            "uq_disclosure_first_view",
            "occasion",
            "client_id",
            "family_member_id",
            "subject",
            "scope",
            "channel",
            unique=True,
        ),
    )


class NoticeAcknowledgement(Base):
    """The person read "what you can see" with the redisclosure notice (2.32)."""

    __tablename__ = "notice_acknowledgement"

    id: Mapped[PublicId]
    family_member_id: Mapped[int] = mapped_column(ForeignKey("family_member.id"), index=True)
    consent_id: Mapped[int] = mapped_column(ForeignKey("consent.id"))
    notice_version: Mapped[int]
    at: Mapped[datetime]


class GivenBy(StrEnum):
    """How a client got the notice."""

    OWN_ACCOUNT = "own_account"
    PAPER = "paper"


class GivenOutcome(StrEnum):
    """What the client said about it. Declining to sign for it changes nothing else."""

    ACKNOWLEDGED = "acknowledged"
    DECLINED = "declined"


class NoticeGiven(Base):
    """One client got one version of the notice, in one way."""

    __tablename__ = "notice_given"

    id: Mapped[PublicId]
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("notice_version.id"))
    method: Mapped[GivenBy]
    outcome: Mapped[GivenOutcome]
    at: Mapped[datetime]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))
    """Who handed the paper over; None in the client's own account."""

    version: Mapped[NoticeVersion] = related()
