"""Series of family sessions, and the standing places in them."""

from datetime import date, datetime, time

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import relationship as related

from portal.center.models import Location
from portal.core.db import Base, PublicId
from portal.people.models import FamilyMember, Relationship
from portal.sessions.rules import SignUpState


class SessionSeries(Base):
    """Evenings that belong together: an RRULE (RFC 5545) in the local time of `timezone`.

    Each evening is a `FamilySession` of its own, made ahead, so that it can differ.
    """

    __tablename__ = "session_series"

    id: Mapped[PublicId]
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"), index=True)
    timezone: Mapped[str] = mapped_column(String(64))
    starts_on: Mapped[date]
    start_time: Mapped[time]
    minutes: Mapped[int]
    rrule: Mapped[str] = mapped_column(String(250))
    standing_places: Mapped[int] = mapped_column(default=0)
    """How many people may have a place in every evening; 0: nobody."""
    created_at: Mapped[datetime]

    location: Mapped[Location] = related()

    __table_args__ = (CheckConstraint("standing_places >= 0", name="standing_places_not_negative"),)


class StandingPlace(Base):
    """One person's place in every evening of a series, from-to, both days included.

    Its states are those of a sign-up. Each evening has a sign-up of its own, which can be
    given up alone.
    """

    __tablename__ = "standing_place"

    id: Mapped[PublicId]
    series_id: Mapped[int] = mapped_column(ForeignKey("session_series.id"), index=True)
    family_member_id: Mapped[int] = mapped_column(ForeignKey("family_member.id"), index=True)
    relationship_id: Mapped[int | None] = mapped_column(ForeignKey("relationship.id"), index=True)
    state: Mapped[SignUpState]
    queue_number: Mapped[int]
    """Order of asking within the series."""
    from_on: Mapped[date]
    """The first day, local at the location."""
    to_on: Mapped[date | None]
    offer_ends_at: Mapped[datetime | None]
    skip_reason: Mapped[str | None] = mapped_column(String(60))
    """Why somebody behind was offered a place first, the last time that happened."""
    made_at: Mapped[datetime]
    made_by_staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))
    way_of_contact: Mapped[str | None] = mapped_column(String(20))
    ended_at: Mapped[datetime | None]

    series: Mapped[SessionSeries] = related()
    family_member: Mapped[FamilyMember] = related()
    relationship: Mapped[Relationship | None] = related()

    __table_args__ = (
        Index(
            "uq_standing_place_live",
            "series_id",
            "family_member_id",
            unique=True,
            sqlite_where=text("state IN ('placed', 'waitlisted', 'offered', 'requested')"),
            postgresql_where=text("state IN ('placed', 'waitlisted', 'offered', 'requested')"),
        ),
    )
