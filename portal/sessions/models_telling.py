"""What changed in a session, whom it concerns, and who was called. Rows, never overwritten news."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import relationship as related

from portal.center.models import Location
from portal.core.db import Base, PublicId
from portal.people.models import StaffMember
from portal.sessions.models import FamilySession, SignUp
from portal.sessions.reach import ChangeKind
from portal.sessions.rules import SignUpState


class ClosedDay(Base):
    """A day on which a center closed at short notice, and whether it opened again."""

    __tablename__ = "closed_day"

    id: Mapped[PublicId]
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"), index=True)
    on: Mapped[date] = mapped_column("closed_on")
    """The location's own day."""
    reason: Mapped[str] = mapped_column(String(40))
    """As a closure of the timetable has it."""
    closure_id: Mapped[int | None]
    """The row of the timetable; it goes when the day is opened again, so this is no foreign key."""
    closed_at: Mapped[datetime]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))
    opened_at: Mapped[datetime | None]
    opened_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))

    location: Mapped[Location] = related()

    __table_args__ = (
        Index(
            "uq_closed_day_live",
            "location_id",
            "closed_on",
            unique=True,
            sqlite_where=text("opened_at IS NULL"),
            postgresql_where=text("opened_at IS NULL"),
        ),
    )


class SessionChange(Base):
    """One piece of news about a session. `starts_at` is the earlier of the old and the new start."""

    __tablename__ = "session_change"

    id: Mapped[PublicId]
    session_id: Mapped[int] = mapped_column(ForeignKey("family_session.id"), index=True)
    closed_day_id: Mapped[int | None] = mapped_column(ForeignKey("closed_day.id"), index=True)
    kind: Mapped[ChangeKind]
    starts_at: Mapped[datetime]
    asks_revision: Mapped[int | None]
    """The `time_revision` for which "Can you still come?" was asked; None: nothing was asked."""
    at: Mapped[datetime] = mapped_column(index=True)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))

    session: Mapped[FamilySession] = related()


class Telling(Base):
    """One person whom a change concerns: the mail that tells them, and the call where that is not enough."""

    __tablename__ = "telling"

    id: Mapped[PublicId]
    change_id: Mapped[int] = mapped_column(ForeignKey("session_change.id"), index=True)
    sign_up_id: Mapped[int] = mapped_column(ForeignKey("sign_up.id"), index=True)
    held: Mapped[SignUpState]
    """How the sign-up stood when the news came: what it goes back to if that is undone."""
    message_id: Mapped[int | None]
    """The mail in the outbox, which may forget it: no foreign key. None: nobody wrote."""
    is_needed: Mapped[bool] = mapped_column(default=True)
    """False where the person never heard of what is taken back."""
    called_at: Mapped[datetime | None]
    called_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))
    answer: Mapped[str | None] = mapped_column(String(20))
    """What they said on the telephone: `told`, `comes` or `cannot_come`."""

    change: Mapped[SessionChange] = related()
    sign_up: Mapped[SignUp] = related()
    called_by: Mapped[StaffMember | None] = related()

    __table_args__ = (UniqueConstraint("change_id", "sign_up_id"),)
