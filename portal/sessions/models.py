"""Family sessions and who has a place in them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import relationship as related

from portal.center.models import Location
from portal.core.db import Base, PublicId, RowId
from portal.people.models import Client, FamilyMember, Relationship, StaffMember
from portal.sessions.rules import (
    LIVE_SIGN_UP,
    OPEN_KINDS,
    TAKES_A_PLACE,
    AccessNeed,
    Attendance,
    Interpreter,
    Meeting,
    SessionKind,
    SessionState,
    SignUpState,
    closes_at,
)

__all__ = [
    "LIVE_SIGN_UP",
    "OPEN_KINDS",
    "TAKES_A_PLACE",
    "Attendance",
    "FamilySession",
    "GroupPromise",
    "Meeting",
    "SessionKind",
    "SessionState",
    "SignUp",
    "SignUpEvent",
    "SignUpState",
]


class FamilySession(Base):
    """One family session (FHIR Appointment). Instants are UTC; `timezone` is for showing."""

    __tablename__ = "family_session"

    id: Mapped[PublicId]
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"), index=True)
    kind: Mapped[SessionKind]
    client_id: Mapped[int | None] = mapped_column(ForeignKey("client.id"), index=True)
    """Whose evening a single family session is; None for every other kind."""
    state: Mapped[SessionState] = mapped_column(default=SessionState.DRAFT)
    title_en: Mapped[str] = mapped_column(String(120))
    title_es: Mapped[str] = mapped_column(String(120))
    bring_en: Mapped[str] = mapped_column(String(300), default="")
    bring_es: Mapped[str] = mapped_column(String(300), default="")
    held_in: Mapped[str] = mapped_column(String(8), default="en")
    """The language spoken."""
    facilitator_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))
    starts_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime]
    timezone: Mapped[str] = mapped_column(String(64))
    meeting: Mapped[Meeting] = mapped_column(default=Meeting.IN_PERSON)
    room: Mapped[str] = mapped_column(String(120), default="")
    video_url: Mapped[str] = mapped_column(String(300), default="")
    """Only inside the portal, only near the start."""
    dial_in: Mapped[str] = mapped_column(String(60), default="")
    capacity: Mapped[int]
    cutoff_minutes: Mapped[int] = mapped_column(default=120)
    """Own sign-up and giving up a place end this long before the start."""
    module_code: Mapped[str | None] = mapped_column(String(20))
    """The lesson that is its topic, such as `m03`."""
    opens_at: Mapped[datetime | None]
    """Own sign-up begins; None: once it is published."""
    sign_up_until: Mapped[datetime | None]
    """Own sign-up ends; None: at the cut-off."""
    needs_approval: Mapped[bool] = mapped_column(default=False)
    """Staff decide on each request."""
    is_private: Mapped[bool] = mapped_column(default=False)
    """Only for the people invited to it; for everybody else it does not exist."""
    with_client: Mapped[bool] = mapped_column(default=False)
    """The client takes part: `ClientPart` holds each client's answer."""
    companions: Mapped[int] = mapped_column(default=0)
    """How many people somebody may bring along, each with a permission of their own."""
    series_id: Mapped[int | None] = mapped_column(ForeignKey("session_series.id"), index=True)
    is_changed: Mapped[bool] = mapped_column(default=False)
    """Changed or moved by itself: the series' own changes of that sort pass it by."""
    time_revision: Mapped[int] = mapped_column(default=1)
    """Rises only when the start changes: a reminder belongs to one start time."""
    moved_at: Mapped[datetime | None]
    """When the start was last changed."""
    cancelled_reason: Mapped[str | None] = mapped_column(String(40))
    logistics_note: Mapped[str] = mapped_column(String(500), default="")
    """For staff on the day; auditors read it too."""
    created_at: Mapped[datetime]

    location: Mapped[Location] = related()
    client: Mapped[Client | None] = related()
    facilitator: Mapped[StaffMember | None] = related()

    @property
    def is_open_kind(self) -> bool:
        """Whether it needs no consent."""
        return self.kind in OPEN_KINDS

    @property
    def closes_at(self) -> datetime:
        """The instant (UTC) from which people no longer change their own place."""
        return closes_at(self.starts_at, self.cutoff_minutes)

    def title(self, language: str) -> str:
        """The title in the reader's language; the other one where it is missing."""
        return (self.title_es or self.title_en) if language == "es" else (self.title_en or self.title_es)

    def bring(self, language: str) -> str:
        """What to bring, in the reader's language; may be empty."""
        return (self.bring_es or self.bring_en) if language == "es" else (self.bring_en or self.bring_es)

    __table_args__ = (
        Index("ix_family_session_kind", "kind", "state", "starts_at"),
        CheckConstraint("capacity >= 0", name="capacity_not_negative"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
    )


class SignUp(Base):
    """One person's place, or place in line, in one session. At most one live per pair.

    `relationship_id` is what it rests on; empty for open sessions.
    """

    __tablename__ = "sign_up"

    id: Mapped[PublicId]
    session_id: Mapped[int] = mapped_column(ForeignKey("family_session.id"), index=True)
    family_member_id: Mapped[int] = mapped_column(ForeignKey("family_member.id"), index=True)
    relationship_id: Mapped[int | None] = mapped_column(ForeignKey("relationship.id"))
    state: Mapped[SignUpState]
    queue_number: Mapped[int]
    """Order of asking within the session; the waitlist is walked by it."""
    offer_ends_at: Mapped[datetime | None]
    made_at: Mapped[datetime]
    made_by_staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))
    """None: the person did it themselves."""
    way_of_contact: Mapped[str | None] = mapped_column(String(20))
    ended_at: Mapped[datetime | None]
    confirmed_for_revision: Mapped[int] = mapped_column(default=1)
    """The `time_revision` the person has said yes to."""
    attendance: Mapped[Attendance | None]
    standing_place_id: Mapped[int | None] = mapped_column(ForeignKey("standing_place.id"), index=True)
    """The standing place that this evening belongs to."""
    brought_by_id: Mapped[int | None] = mapped_column(ForeignKey("sign_up.id"))
    """The sign-up of whoever brings this person along."""
    responsible_adult_id: Mapped[int | None] = mapped_column(ForeignKey("family_member.id"))
    """For somebody under 18: the adult with a place of their own who is there for them."""
    interpreter: Mapped[Interpreter | None]
    access_need: Mapped[AccessNeed | None]

    session: Mapped[FamilySession] = related()
    family_member: Mapped[FamilyMember] = related(foreign_keys=[family_member_id])
    responsible_adult: Mapped[FamilyMember | None] = related(foreign_keys=[responsible_adult_id])
    relationship: Mapped[Relationship | None] = related()

    __table_args__ = (
        Index(
            "uq_sign_up_live",
            "session_id",
            "family_member_id",
            unique=True,
            sqlite_where=text("state IN ('placed', 'waitlisted', 'offered', 'requested')"),
            postgresql_where=text("state IN ('placed', 'waitlisted', 'offered', 'requested')"),
        ),
        Index("ix_sign_up_session_state", "session_id", "state", "queue_number"),
    )


class SignUpEvent(Base):
    """One step of a sign-up, a skipped turn included, with its reason."""

    __tablename__ = "sign_up_event"

    id: Mapped[RowId]
    sign_up_id: Mapped[int] = mapped_column(ForeignKey("sign_up.id"), index=True)
    event: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[int | None]
    reason: Mapped[str | None] = mapped_column(String(60))


class OfferLink(Base):
    """The link in the mail about one offer: it takes or lets go this one place, nothing else."""

    __tablename__ = "offer_link"

    id: Mapped[RowId]
    sign_up_id: Mapped[int] = mapped_column(ForeignKey("sign_up.id"), index=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    """Minted while the mail is begun; the token is nowhere but there."""
    created_at: Mapped[datetime]

    sign_up: Mapped[SignUp] = related()


class GroupPromise(Base):
    """One person promised, once for a series of multi-family sessions, to keep what others say there."""

    __tablename__ = "group_promise"

    id: Mapped[RowId]
    family_member_id: Mapped[int] = mapped_column(ForeignKey("family_member.id"), index=True)
    series: Mapped[str] = mapped_column(String(200))
    text_version: Mapped[int]
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("family_member_id", "series", "text_version"),)
