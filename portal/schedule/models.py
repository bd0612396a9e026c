"""The client's real schedule: tracks of recurring blocks, exceptions, closures, enrolment."""

from datetime import date, datetime, time
from enum import StrEnum

from sqlalchemy import DateTime, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import relationship as related

from portal.center.models import Location, Program
from portal.core.db import Base, PublicId, RowId
from portal.people.models import Client, Episode, LevelOfCare

# A time on the wall of the location: no zone, by RFC 5545's "floating" meaning plus the track's zone.
WallTime = DateTime(timezone=False)


class Track(Base):
    """A timetable that clients follow, such as "IOP mornings"."""

    __tablename__ = "track"

    id: Mapped[PublicId]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    level_of_care: Mapped[LevelOfCare] = mapped_column(default=LevelOfCare.IOP)
    weeks: Mapped[int] = mapped_column(default=10)
    """The usual length, for "week 4 of 10"."""
    timezone: Mapped[str] = mapped_column(String(64))

    program: Mapped[Program] = related()
    blocks: Mapped[list["Block"]] = related(back_populates="track", order_by="Block.id")

    __table_args__ = (UniqueConstraint("program_id", "name"),)


class Block(Base):
    """A recurring group of a track: an RRULE (RFC 5545) in the track's local time."""

    __tablename__ = "block"

    id: Mapped[PublicId]
    track_id: Mapped[int] = mapped_column(ForeignKey("track.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    """Shown to a family member only under GROUP_NAMES."""
    starts_on: Mapped[date]
    start_time: Mapped[time]
    minutes: Mapped[int]
    rrule: Mapped[str] = mapped_column(String(250))
    is_family_hour: Mapped[bool] = mapped_column(default=False)
    """The multi-family group inside the program: a family session here is no conflict."""
    ends_on: Mapped[date | None]
    """The last local day, if staff ended the group; it stays out of the rule, so it can be taken back."""

    track: Mapped[Track] = related(back_populates="blocks")
    exceptions: Mapped[list["BlockException"]] = related(back_populates="block")


class ExceptionKind(StrEnum):
    """How one occurrence differs from the rule."""

    MOVED = "moved"
    CANCELLED = "cancelled"
    EXTRA = "extra"


class BlockException(Base):
    """One occurrence that differs. `original_start` is RFC 5545's RECURRENCE-ID, local time."""

    __tablename__ = "block_exception"

    id: Mapped[PublicId]
    block_id: Mapped[int] = mapped_column(ForeignKey("block.id"), index=True)
    kind: Mapped[ExceptionKind]
    original_start: Mapped[datetime] = mapped_column(WallTime)
    new_start: Mapped[datetime | None] = mapped_column(WallTime)
    new_minutes: Mapped[int | None]
    time_revision: Mapped[int] = mapped_column(default=1)
    """Rises only when the start changes."""

    block: Mapped[Block] = related(back_populates="exceptions")

    __table_args__ = (UniqueConstraint("block_id", "original_start"),)


class Closure(Base):
    """Days, both ends included, on which a location is closed."""

    __tablename__ = "closure"

    id: Mapped[PublicId]
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"), index=True)
    from_on: Mapped[date]
    to_on: Mapped[date]
    reason: Mapped[str] = mapped_column(String(40))
    """From a fixed list: holiday, weather, building, other."""

    location: Mapped[Location] = related()


class Enrolment(Base):
    """An episode on a track, from-to, both days included."""

    __tablename__ = "enrolment"

    id: Mapped[PublicId]
    episode_id: Mapped[int] = mapped_column(ForeignKey("episode.id"), index=True)
    track_id: Mapped[int] = mapped_column(ForeignKey("track.id"), index=True)
    from_on: Mapped[date]
    to_on: Mapped[date | None]

    episode: Mapped[Episode] = related()
    track: Mapped[Track] = related()


class Appointment(Base):
    """A one-off time of one client, such as an hour with the doctor. Times are local, without a zone."""

    __tablename__ = "appointment"

    id: Mapped[PublicId]
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"), index=True)
    label: Mapped[str] = mapped_column(String(120))
    """For staff alone; the client and the family see a time without a name."""
    first_start: Mapped[datetime] = mapped_column(WallTime)
    """The start it was entered with: it names the appointment in calendars and never changes."""
    start: Mapped[datetime] = mapped_column(WallTime)
    minutes: Mapped[int]
    time_revision: Mapped[int] = mapped_column(default=1)
    """Rises only when the start changes."""
    cancelled_at: Mapped[datetime | None]

    client: Mapped[Client] = related()


class CareStep(Base):
    """From a day on, an episode is at a level of care. The newest row that has begun counts."""

    __tablename__ = "care_step"

    id: Mapped[PublicId]
    episode_id: Mapped[int] = mapped_column(ForeignKey("episode.id"), index=True)
    level_of_care: Mapped[LevelOfCare]
    from_on: Mapped[date]
    entered_at: Mapped[datetime]

    episode: Mapped[Episode] = related()

    __table_args__ = (UniqueConstraint("episode_id", "from_on"),)


class CalendarFeed(Base):
    """A person's private calendar address, once switched on: one per person, always 200."""

    __tablename__ = "calendar_feed"

    id: Mapped[RowId]
    family_member_id: Mapped[int] = mapped_column(ForeignKey("family_member.id"), unique=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
