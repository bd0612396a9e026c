"""Who may be in a session beside whom: invited people, the client, people kept apart."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import relationship as related

from portal.core.db import Base, PublicId, RowId
from portal.people.models import Client, FamilyMember
from portal.sessions.models import FamilySession
from portal.sessions.rules import ClientAnswer


class SessionInvitation(Base):
    """One person invited to a private session."""

    __tablename__ = "session_invitation"

    id: Mapped[RowId]
    session_id: Mapped[int] = mapped_column(ForeignKey("family_session.id"), index=True)
    family_member_id: Mapped[int] = mapped_column(ForeignKey("family_member.id"), index=True)
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("session_id", "family_member_id"),)


class ClientPart(Base):
    """One client's part in one session: asked, agreed or declined. Families never see it."""

    __tablename__ = "client_part"

    id: Mapped[PublicId]
    session_id: Mapped[int] = mapped_column(ForeignKey("family_session.id"), index=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"), index=True)
    answer: Mapped[ClientAnswer] = mapped_column(default=ClientAnswer.ASKED)
    answered_for_revision: Mapped[int | None]
    """The `time_revision` that the answer is about: a move asks anew."""
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]

    session: Mapped[FamilySession] = related()
    client: Mapped[Client] = related()

    __table_args__ = (UniqueConstraint("session_id", "client_id"),)


class KeepApart(Base):
    """Two people who are never in one session. Staff only; the other is a family member or a client."""

    __tablename__ = "keep_apart"

    id: Mapped[PublicId]
    family_member_id: Mapped[int] = mapped_column(ForeignKey("family_member.id"), index=True)
    other_family_member_id: Mapped[int | None] = mapped_column(ForeignKey("family_member.id"), index=True)
    other_client_id: Mapped[int | None] = mapped_column(ForeignKey("client.id"), index=True)
    reason: Mapped[str] = mapped_column(String(40))
    """From a fixed list: `apart.REASONS`."""
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    family_member: Mapped[FamilyMember] = related(foreign_keys=[family_member_id])
    other_family_member: Mapped[FamilyMember | None] = related(foreign_keys=[other_family_member_id])
    other_client: Mapped[Client | None] = related()

    __table_args__ = (
        CheckConstraint("(other_family_member_id IS NULL) <> (other_client_id IS NULL)", name="other_is_one"),
    )
