"""The consent and its history. The signed text is frozen; what changes is rows beside it."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import relationship as related

from portal.consent.rules import Event, Scope, State
from portal.core.db import Base, PublicId, RowId
from portal.people.models import Client, FamilyMember, Relationship, StaffMember


class SigningMethod(StrEnum):
    """How the signature was given (2.31(a)(8))."""

    OWN_ACCOUNT = "own_account"
    DESK = "desk"
    PAPER = "paper"


class HoldKind(StrEnum):
    """Why access is paused. A safety hold needs the client and the clinician to lift it."""

    SPOKEN = "spoken"
    SAFETY = "safety"
    NEW_EPISODE = "new_episode"
    """The client came back for a new course of care and has not decided again yet."""


class WithdrawalKind(StrEnum):
    """What a withdrawal takes away: a part of a consent, or all of it."""

    NARROWED = "narrowed"
    STOPPED = "stopped"


class Consent(Base):
    """One client's consent for one named person (42 CFR 2.31; FHIR Consent).

    Only `portal.disclosure` decides from it. From the signature on, the elements, the
    text and the end are never touched again.
    """

    __tablename__ = "consent"

    id: Mapped[PublicId]
    relationship_id: Mapped[int] = mapped_column(ForeignKey("relationship.id"), index=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"), index=True)
    family_member_id: Mapped[int] = mapped_column(ForeignKey("family_member.id"), index=True)
    state: Mapped[State] = mapped_column(default=State.DRAFT)
    state_changed_at: Mapped[datetime]

    client_name: Mapped[str] = mapped_column(String(170), default="")
    discloser: Mapped[str] = mapped_column(String(200), default="")
    recipient_name: Mapped[str] = mapped_column(String(170), default="")
    recipient_relationship: Mapped[str] = mapped_column(String(40), default="")
    purpose: Mapped[str] = mapped_column(String(200), default="")
    expires_on: Mapped[date | None]
    timezone: Mapped[str] = mapped_column(String(64))
    ends_at: Mapped[datetime | None]
    """Computed from `expires_on` and `timezone` at signing, then frozen."""

    language: Mapped[str] = mapped_column(String(8), default="en")
    template_version: Mapped[str] = mapped_column(String(40), default="")
    signed_text: Mapped[str | None]
    signed_text_digest: Mapped[str | None] = mapped_column(String(64))
    revocation_statement: Mapped[str] = mapped_column(default="")
    redisclosure_statement: Mapped[str] = mapped_column(default="")
    refusal_statement: Mapped[str] = mapped_column(default="")

    signed_at: Mapped[datetime | None]
    signer_name: Mapped[str] = mapped_column(String(170), default="")
    signing_method: Mapped[SigningMethod | None]
    witness_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))
    copy_given_at: Mapped[datetime | None]

    guardian_until: Mapped[datetime | None]
    """The 18th birthday (its first instant), where a guardian has to sign beside a minor (2.14)."""
    guardian_name: Mapped[str] = mapped_column(String(170), default="")
    guardian_relationship: Mapped[str] = mapped_column(String(40), default="")
    guardian_basis: Mapped[str] = mapped_column(String(40), default="")
    guardian_signed_at: Mapped[datetime | None]
    guardian_witness_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))

    paper_signed_on: Mapped[date | None]
    """The date on the paper; the consent counts from `signed_at`, when staff attested it."""
    scan_due_on: Mapped[date | None]
    scan_filed_on: Mapped[date | None]

    hold_kind: Mapped[HoldKind | None]
    chosen_at: Mapped[datetime | None]
    """When the client ticked the boxes; until then `scopes` is only what was asked for."""
    prepared_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))
    created_at: Mapped[datetime]

    relationship: Mapped[Relationship] = related()
    client: Mapped[Client] = related()
    family_member: Mapped[FamilyMember] = related()
    scopes: Mapped[list["ConsentScope"]] = related(back_populates="consent", order_by="ConsentScope.id")
    events: Mapped[list["ConsentEvent"]] = related(back_populates="consent", order_by="ConsentEvent.id")
    withdrawals: Mapped[list["Withdrawal"]] = related(back_populates="consent", order_by="Withdrawal.at")

    __table_args__ = (
        Index(
            "uq_consent_live",
            "client_id",
            "family_member_id",
            unique=True,
            sqlite_where=text("state IN ('active', 'on_hold')"),
            postgresql_where=text("state IN ('active', 'on_hold')"),
        ),
        # What is live was signed, completely: the SQL twin of the gate leans on this.
        CheckConstraint(
            "state NOT IN ('active', 'on_hold') OR (signed_at IS NOT NULL AND ends_at IS NOT NULL"
            " AND expires_on IS NOT NULL AND signed_text IS NOT NULL AND client_name <> ''"
            " AND discloser <> '' AND recipient_name <> '' AND recipient_relationship <> ''"
            " AND purpose <> '' AND signer_name <> '' AND revocation_statement <> ''"
            " AND redisclosure_statement <> '' AND refusal_statement <> '')",
            name="live_is_complete",
        ),
        # Both have signed, or nothing counts (2.14).
        CheckConstraint(
            "state NOT IN ('active', 'on_hold') OR guardian_until IS NULL OR (guardian_signed_at IS NOT NULL"
            " AND guardian_name <> '' AND guardian_relationship <> '' AND guardian_basis <> '')",
            name="guardian_signed_too",
        ),
    )


class ConsentScope(Base):
    """One ticked box. Narrowing sets `withdrawn_at`; the signed text stays as it was."""

    __tablename__ = "consent_scope"

    id: Mapped[RowId]
    consent_id: Mapped[int] = mapped_column(ForeignKey("consent.id"), index=True)
    scope: Mapped[Scope]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by_name: Mapped[str | None] = mapped_column(String(170))

    consent: Mapped[Consent] = related(back_populates="scopes")

    __table_args__ = (UniqueConstraint("consent_id", "scope"),)


class ConsentEvent(Base):
    """One step in the life of a consent, with who did it and why."""

    __tablename__ = "consent_event"

    id: Mapped[RowId]
    consent_id: Mapped[int] = mapped_column(ForeignKey("consent.id"), index=True)
    event: Mapped[Event]
    from_state: Mapped[State]
    to_state: Mapped[State]
    at: Mapped[datetime]
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[int | None]
    reason: Mapped[str | None] = mapped_column(String(200))

    consent: Mapped[Consent] = related(back_populates="events")


class Withdrawal(Base):
    """The document of a withdrawal, whole or in part, frozen like a signed consent (2.31(a)(6))."""

    __tablename__ = "consent_withdrawal"

    id: Mapped[PublicId]
    consent_id: Mapped[int] = mapped_column(ForeignKey("consent.id"), index=True)
    kind: Mapped[WithdrawalKind]
    at: Mapped[datetime]
    signer_name: Mapped[str] = mapped_column(String(170))
    language: Mapped[str] = mapped_column(String(8))
    template_version: Mapped[str] = mapped_column(String(40))
    text: Mapped[str]
    text_digest: Mapped[str] = mapped_column(String(64))

    consent: Mapped[Consent] = related(back_populates="withdrawals")


class DeskSigning(Base):
    """One sitting at the desk's tablet: a one-time code that opens one client's drafts.

    The tablet is signed in as nobody; whoever holds the token can sign and nothing else.
    """

    __tablename__ = "desk_signing"

    id: Mapped[PublicId]
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"), index=True)
    witness_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"))
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    tablet_digest: Mapped[str | None] = mapped_column(String(64))
    """Of the secret that the opening browser alone holds: the code works once."""
    finished_at: Mapped[datetime | None]

    client: Mapped[Client] = related()
    witness: Mapped[StaffMember] = related()


class CheckIn(Base):
    """The client answered "Is it still right who sees what?" on one occasion, such as week 2."""

    __tablename__ = "check_in"

    id: Mapped[RowId]
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"), index=True)
    occasion: Mapped[str] = mapped_column(String(60))
    """`week2:<episode>`, `step:<enrolment>` or `care:<entry>`."""
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("client_id", "occasion"),)
