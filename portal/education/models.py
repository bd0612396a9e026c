"""Lessons: modules in versions, what was assigned, and how far each person has read."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, validates
from sqlalchemy.orm import relationship as related

from portal.core.db import Base, PublicId, RowId
from portal.people.models import FamilyMember, Relationship


class Module(Base):
    """One lesson. `code` (`m03`) is for staff and files; addresses carry the id."""

    __tablename__ = "module"

    id: Mapped[PublicId]
    code: Mapped[str] = mapped_column(String(20), unique=True)
    position: Mapped[int]
    is_library: Mapped[bool] = mapped_column(default=True)
    """In the general library, open to every account."""

    versions: Mapped[list["ModuleVersion"]] = related(back_populates="module")


class ModuleVersion(Base):
    """One published text in every language. Readers keep the version they began."""

    __tablename__ = "module_version"

    id: Mapped[PublicId]
    module_id: Mapped[int] = mapped_column(ForeignKey("module.id"), index=True)
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    heading: Mapped[dict[str, Any]]
    """By language: what lists show of the content, so that they leave its text where it is."""
    content: Mapped[dict[str, Any]]
    """By language: title, objectives, cards, practice, checks, prompts, sources, review."""
    published_at: Mapped[datetime]

    module: Mapped[Module] = related(back_populates="versions")

    __table_args__ = (UniqueConstraint("module_id", "number"),)

    @validates("content")
    def _keep_heading(self, _key: str, content: dict[str, Any]) -> dict[str, Any]:
        """Take the heading out of whatever content is set, so that the two cannot differ."""
        self.heading = {
            language: {name: text.get(name) for name in ("title", "minutes", "reviewed_on")}
            for language, text in content.items()
        }
        return content


class Assignment(Base):
    """A lesson that the care team picked because of a client: client-linked (`LESSONS`)."""

    __tablename__ = "assignment"

    id: Mapped[PublicId]
    relationship_id: Mapped[int] = mapped_column(ForeignKey("relationship.id"), index=True)
    module_id: Mapped[int] = mapped_column(ForeignKey("module.id"))
    assigned_by_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"))
    suggested_by_on: Mapped[date | None]
    note_code: Mapped[str | None] = mapped_column(String(40))
    """From a fixed list in both languages; there is no free text to families."""
    pack_code: Mapped[str | None] = mapped_column(String(40))
    """The pack it came with, for staff alone: a family sees lessons, never a pack's name."""
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_reason: Mapped[str | None] = mapped_column(String(40))
    """`withdrawn` or `access_ended`."""

    relationship: Mapped[Relationship] = related()
    module: Mapped[Module] = related()

    __table_args__ = (
        Index(
            "uq_assignment_open",
            "relationship_id",
            "module_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )


class Progress(Base):
    """How far one person has read one module. Theirs alone: no client in it."""

    __tablename__ = "progress"

    id: Mapped[PublicId]
    family_member_id: Mapped[int] = mapped_column(ForeignKey("family_member.id"), index=True)
    module_id: Mapped[int] = mapped_column(ForeignKey("module.id"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("module_version.id"))
    furthest_part: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime]
    last_step_at: Mapped[datetime | None]
    """The latest step, whichever it was; None: only begun."""
    finished_at: Mapped[datetime | None]

    family_member: Mapped[FamilyMember] = related()
    module: Mapped[Module] = related()
    version: Mapped[ModuleVersion] = related()

    __table_args__ = (UniqueConstraint("family_member_id", "module_id"),)


class CheckAnswer(Base):
    """One answer to one check question; unlimited tries, each kept."""

    __tablename__ = "check_answer"

    id: Mapped[RowId]
    progress_id: Mapped[int] = mapped_column(ForeignKey("progress.id"), index=True)
    question: Mapped[int]
    option: Mapped[int]
    is_right: Mapped[bool]
    at: Mapped[datetime]


class TeamNotice(Base):
    """The person has read what their team sees ("which lessons you finish …")."""

    __tablename__ = "team_notice"

    id: Mapped[RowId]
    family_member_id: Mapped[int] = mapped_column(ForeignKey("family_member.id"), unique=True)
    read_at: Mapped[datetime]


class Reflection(Base):
    """A private note on one lesson: its writer's alone unless shared, and kept when access ends."""

    __tablename__ = "reflection"

    id: Mapped[PublicId]
    family_member_id: Mapped[int] = mapped_column(ForeignKey("family_member.id"), index=True)
    module_id: Mapped[int] = mapped_column(ForeignKey("module.id"))
    text: Mapped[str] = mapped_column(Text)
    revision: Mapped[int] = mapped_column(default=1)
    """Counts the changes, so that an old tab cannot write over a newer text."""
    changed_at: Mapped[datetime]
    shared_with_id: Mapped[int | None] = mapped_column(ForeignKey("relationship.id"), index=True)
    """The relationship whose team may read this very text; None: nobody."""
    shared_at: Mapped[datetime | None]

    module: Mapped[Module] = related()

    __table_args__ = (UniqueConstraint("family_member_id", "module_id"),)


class ExerciseLine(Base):
    """One line of a private list for a lesson's exercise. There is no way to share it."""

    __tablename__ = "exercise_line"

    id: Mapped[PublicId]
    family_member_id: Mapped[int] = mapped_column(ForeignKey("family_member.id"), index=True)
    module_id: Mapped[int] = mapped_column(ForeignKey("module.id"))
    text: Mapped[str] = mapped_column(String(300))
    is_ticked: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int]

    __table_args__ = (UniqueConstraint("family_member_id", "module_id", "text"),)


class LessonDraft(Base):
    """A lesson of the center's own that was checked and waits for a look before it is published."""

    __tablename__ = "lesson_draft"

    id: Mapped[PublicId]
    code: Mapped[str] = mapped_column(String(20))
    content: Mapped[dict[str, Any]]
    is_library: Mapped[bool] = mapped_column(default=True)
    made_by_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"))
    made_at: Mapped[datetime]
