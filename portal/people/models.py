"""The people: clients and their episodes, family members, staff, and what links them."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import relationship as related

from portal.accounts.models import User
from portal.center.models import Location, Program
from portal.core.db import Base, PublicId, RowId
from portal.people.rules import InvitationState


class LevelOfCare(StrEnum):
    """Where the client is in care (FHIR EpisodeOfCare.type; ASAM numbers to be verified)."""

    OUTPATIENT = "outpatient"
    IOP = "iop"
    PHP = "php"
    RESIDENTIAL = "residential"


class EpisodeStatus(StrEnum):
    """FHIR EpisodeOfCare.status, as far as the portal uses it."""

    PLANNED = "planned"
    ACTIVE = "active"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class RelationshipCode(StrEnum):
    """What the person is to the client (after the v3 RoleCode of FHIR RelatedPerson)."""

    SPOUSE = "spouse"
    PARTNER = "partner"
    MOTHER = "mother"
    FATHER = "father"
    CHILD = "child"
    SIBLING = "sibling"
    GRANDPARENT = "grandparent"
    OTHER_RELATIVE = "other_relative"
    FRIEND = "friend"
    GUARDIAN = "guardian"


class Role(StrEnum):
    """What a staff member does (FHIR PractitionerRole)."""

    THERAPIST = "therapist"
    COORDINATOR = "coordinator"
    PRIVACY_OFFICER = "privacy_officer"
    ADMIN = "admin"


class Client(Base):
    """A person in care (FHIR Patient). Nothing clinical is held here."""

    __tablename__ = "client"

    id: Mapped[PublicId]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), unique=True)
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"), index=True)
    given_name: Mapped[str] = mapped_column(String(80))
    family_name: Mapped[str] = mapped_column(String(80))
    birth_on: Mapped[date]
    email: Mapped[str | None] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(8), default="en")
    no_family_contact: Mapped[bool] = mapped_column(default=False)
    """"Prefers no family contact": stops every prompt."""
    deceased_on: Mapped[date | None]
    created_at: Mapped[datetime]

    location: Mapped[Location] = related()
    user: Mapped[User | None] = related()
    episodes: Mapped[list["Episode"]] = related(back_populates="client", order_by="Episode.started_on")

    @property
    def full_name(self) -> str:
        """The legal name, as a consent prints it."""
        return f"{self.given_name} {self.family_name}"

    @property
    def short_name(self) -> str:
        """The name on staff lists, such as "Marcus D."."""
        return f"{self.given_name} {self.family_name[:1]}."


class Episode(Base):
    """One course of care (FHIR EpisodeOfCare)."""

    __tablename__ = "episode"

    id: Mapped[PublicId]
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"), index=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    level_of_care: Mapped[LevelOfCare] = mapped_column(default=LevelOfCare.IOP)
    status: Mapped[EpisodeStatus] = mapped_column(default=EpisodeStatus.ACTIVE)
    started_on: Mapped[date]
    ended_on: Mapped[date | None]

    client: Mapped[Client] = related(back_populates="episodes")
    program: Mapped[Program] = related()


class FamilyMember(Base):
    """A person whom a client may let in (FHIR Person). May have no account and no e-mail."""

    __tablename__ = "family_member"

    id: Mapped[PublicId]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), unique=True)
    given_name: Mapped[str] = mapped_column(String(80))
    family_name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(8), default="en")
    timezone: Mapped[str | None] = mapped_column(String(64))
    """Quiet hours follow it; None: the location's."""
    created_at: Mapped[datetime]

    user: Mapped[User | None] = related()
    relationships: Mapped[list["Relationship"]] = related(back_populates="family_member")

    @property
    def full_name(self) -> str:
        """The name as a consent prints it."""
        return f"{self.given_name} {self.family_name}"

    @property
    def short_name(self) -> str:
        """The name on staff lists, such as "Elena D."."""
        return f"{self.given_name} {self.family_name[:1]}."


class Relationship(Base):
    """What a family member is to a client (FHIR RelatedPerson). Grants nothing by itself."""

    __tablename__ = "relationship"

    id: Mapped[PublicId]
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"), index=True)
    family_member_id: Mapped[int] = mapped_column(ForeignKey("family_member.id"), index=True)
    code: Mapped[RelationshipCode]
    phone_word_digest: Mapped[str | None] = mapped_column(String(64))
    """The word that the client and this person agreed on for the telephone, as a keyed digest."""
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    client: Mapped[Client] = related()
    family_member: Mapped[FamilyMember] = related(back_populates="relationships")

    __table_args__ = (UniqueConstraint("client_id", "family_member_id"),)


class StaffMember(Base):
    """Somebody who works at the center (FHIR Practitioner). Always has an account of its own."""

    __tablename__ = "staff_member"

    id: Mapped[PublicId]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), unique=True)
    given_name: Mapped[str] = mapped_column(String(80))
    family_name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(8), default="en")
    created_at: Mapped[datetime]

    user: Mapped[User | None] = related()
    roles: Mapped[list["StaffRole"]] = related(back_populates="staff", cascade="all, delete-orphan")

    @property
    def full_name(self) -> str:
        """The name as pages and documents print it."""
        return f"{self.given_name} {self.family_name}"


class StaffRole(Base):
    """A role of a staff member (FHIR PractitionerRole); a coordinator's names a location."""

    __tablename__ = "staff_role"

    id: Mapped[RowId]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"), index=True)
    role: Mapped[Role]
    location_id: Mapped[int | None] = mapped_column(ForeignKey("location.id"))

    staff: Mapped[StaffMember] = related(back_populates="roles")

    __table_args__ = (UniqueConstraint("staff_id", "role", "location_id"),)


class CareTeamMember(Base):
    """A therapist of a client, from-to (FHIR CareTeam.participant)."""

    __tablename__ = "care_team_member"

    id: Mapped[RowId]
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"), index=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"), index=True)
    from_at: Mapped[datetime]
    until_at: Mapped[datetime | None]

    staff: Mapped[StaffMember] = related()


class Invitation(Base):
    """An invitation of a family member. Exists only from a client's signature on.

    Two secrets, two ways: the link travels by mail, the code is passed on by the client.
    """

    __tablename__ = "invitation"

    id: Mapped[PublicId]
    relationship_id: Mapped[int] = mapped_column(ForeignKey("relationship.id"), index=True)
    state: Mapped[InvitationState] = mapped_column(default=InvitationState.READY)
    code_digest: Mapped[str] = mapped_column(String(64))
    tries_left: Mapped[int] = mapped_column(default=3)
    token_digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    """Minted when the mail is sent."""
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    relationship: Mapped[Relationship] = related()

    __table_args__ = (
        # One live invitation per pair.
        Index(
            "uq_invitation_live",
            "relationship_id",
            unique=True,
            sqlite_where=text("state IN ('ready', 'sent')"),
            postgresql_where=text("state IN ('ready', 'sent')"),
        ),
    )


class AccountInvitation(Base):
    """A one-time link by which a client or a staff member chooses a passphrase."""

    __tablename__ = "account_invitation"

    id: Mapped[PublicId]
    client_id: Mapped[int | None] = mapped_column(ForeignKey("client.id"), index=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"), index=True)
    token_digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
