"""Tables of what people watch over: tasks first."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import relationship as related

from portal.center.models import Location
from portal.core.db import Base, PublicId
from portal.oversight.rules import TaskKind, TaskState
from portal.people.models import Client, FamilyMember, StaffMember


class TeamMessage(Base):
    """What somebody told the team, one way. It is answered by telephone or in person."""

    __tablename__ = "team_message"

    id: Mapped[PublicId]
    family_member_id: Mapped[int] = mapped_column(ForeignKey("family_member.id"), index=True)
    body: Mapped[str] = mapped_column(String(2000))
    call_back: Mapped[str] = mapped_column(String(40), default="")
    """The number at which they want to be called; empty: no call."""
    sent_at: Mapped[datetime]

    family_member: Mapped[FamilyMember] = related()


class Task(Base):
    """One thing to do (FHIR Task). It names its subject by kind and id; the text is on the page."""

    __tablename__ = "task"
    __table_args__ = (
        Index(
            "uq_task_open_subject",
            "kind",
            "subject",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_task_owner_open", "owner_id", "state"),
        Index("ix_task_location_open", "location_id", "state"),
    )

    id: Mapped[PublicId]
    kind: Mapped[TaskKind]
    subject: Mapped[str] = mapped_column(String(80))
    """What it is about, such as "session:123/456"; one open task per kind and subject."""
    state: Mapped[TaskState] = mapped_column(default=TaskState.OPEN)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))
    """Who does it; none yet: everybody of the location sees it."""
    location_id: Mapped[int | None] = mapped_column(ForeignKey("location.id"))
    """None: the privacy office's."""
    client_id: Mapped[int | None] = mapped_column(ForeignKey("client.id"), index=True)
    due_on: Mapped[date | None]
    """The day at the location by which it is needed."""
    opened_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))

    owner: Mapped[StaffMember | None] = related(foreign_keys=[owner_id])
    client: Mapped[Client | None] = related()
    location: Mapped[Location | None] = related()
