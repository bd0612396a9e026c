"""Reads of education: the library, what was picked, one lesson as its reader has it.

What was picked because of a client is client-linked: it comes through the gate alone.
Lists take only the heading out of a version, never its whole text. Their statements are
built once and filled in at each use.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased, contains_eager, joinedload

from portal.consent.rules import Scope
from portal.core.db import db, rows
from portal.core.errors import NotFound
from portal.disclosure import gate
from portal.disclosure.gate import Permit
from portal.education import notes, rules
from portal.education.lesson import Lesson, from_json
from portal.education.models import Assignment, CheckAnswer, Module, ModuleVersion, Progress, TeamNotice
from portal.education.rules import Standing
from portal.people import queries as people
from portal.people.models import Relationship

_other_version = aliased(ModuleVersion)


@dataclass(frozen=True)
class Listed:
    """A module as lists show it, in one language, in its newest version."""

    module_id: int
    code: str
    version_id: int
    title: str
    minutes: int
    reviewed_on: date | None
    """None: awaiting clinical review."""
    standing: Standing = Standing.NOT_STARTED


@dataclass(frozen=True)
class Pick:
    """A lesson that the care team picked, as its reader may see it."""

    assignment_id: int
    permit: Permit
    """For the ledger: `disclosed(pick.permit, f"assignment:{pick.assignment_id}")`."""
    lesson: Listed
    suggested_by_on: date | None
    note: str | None


@dataclass(frozen=True)
class Reading:
    """One lesson as one person has it: the version they began, else the newest."""

    module_id: int
    version: ModuleVersion
    progress: Progress | None
    answers: dict[int, CheckAnswer]
    """The latest answer to each question, counted from 1."""
    knows_what_team_sees: bool

    def lesson(self, language: str) -> Lesson:
        """The text in `language`."""
        return from_json(self.version.content.get(language) or self.version.content["en"])

    @property
    def resume_part(self) -> int | None:
        """The part to go on with; None when the check is next."""
        furthest_part = self.progress.furthest_part if self.progress else 0
        return rules.resume_at(furthest_part, len(self.lesson("en").parts))

    @property
    def next_question(self) -> int | None:
        """The first question without an answer; None when each has one."""
        return rules.next_question(set(self.answers), len(self.lesson("en").checks))


@dataclass(frozen=True)
class Followed:
    """One picked lesson, as staff follow it: how far, never the answers."""

    assignment: Assignment
    title: str
    standing: Standing
    finished_at: datetime | None
    is_stuck: bool = False
    """Reading, and no step for a long time. For staff alone, as an occasion to ask."""


@dataclass(frozen=True)
class Reader:
    """One family member of a client, as staff see them."""

    relationship: Relationship
    refusal: str | None
    """Why lessons cannot be picked for them now (the gate's reason); None: they can."""
    followed: list[Followed]

    @property
    def pack_codes(self) -> list[str]:
        """The packs with which something open came, each once."""
        return list(
            dict.fromkeys(one.assignment.pack_code for one in self.followed if one.assignment.pack_code)
        )


def library(*, language: str = "en", family_member_id: int | None = None) -> list[Listed]:
    """The general library, in the order of the curriculum; with a reader, their standing too."""
    return [_as_listed(row, language) for row in rows(_LIBRARY, {"reader_id": family_member_id})]


def all_modules(*, language: str = "en") -> list[Listed]:
    """Every module, for staff."""
    return [_as_listed(row, language) for row in rows(_LISTED, {"reader_id": None})]


def assigned_to(
    *,
    family_member_id: int,
    now: datetime,
    language: str = "en",
    permits: Sequence[Permit] | None = None,
    with_progress: bool = True,
) -> list[Pick]:
    """What the care team picked for this person and the gate lets through, oldest wish first.

    `permits` are those of `now`, where the page has them at hand. How far the person is
    belongs to them: a page for others leaves it out.
    """
    if permits is None:
        permits = gate.permits(family_member_id=family_member_id, at=now, scope=Scope.LESSONS)
    by_relationship = {each.relationship_id: each for each in permits if each.scope is Scope.LESSONS}
    picked = rows(
        _PICKED,
        {
            "reader_id": family_member_id if with_progress else None,
            "relationship_ids": list(by_relationship),
        },
    )
    return [
        Pick(
            assignment_id=assignment_id,
            permit=by_relationship[relationship_id],
            lesson=_as_listed(listed, language),
            suggested_by_on=suggested_by_on,
            note=notes.text(note_code, language),
        )
        for *listed, assignment_id, relationship_id, suggested_by_on, note_code in picked
    ]


def reading(*, family_member_id: int, module_id: int, now: datetime) -> Reading:
    """The lesson for this reader, or NotFound: in the library, picked for them, or begun once."""
    progress = db.session.scalars(
        select(Progress)
        .where(Progress.family_member_id == family_member_id, Progress.module_id == module_id)
        .options(joinedload(Progress.version))
    ).one_or_none()
    version = progress.version if progress else _newest_open_to(family_member_id, module_id, now)
    if version is None:
        raise NotFound
    return Reading(
        module_id=module_id,
        version=version,
        progress=progress,
        answers=_latest_answers(progress) if progress else {},
        knows_what_team_sees=bool(progress) or _knows(family_member_id),
    )


def next_after(*, family_member_id: int, module_id: int, now: datetime, language: str) -> Listed | None:
    """One lesson to go on with: a picked one first, else the next of the library not yet done."""
    picks = [
        pick.lesson for pick in assigned_to(family_member_id=family_member_id, now=now, language=language)
    ]
    shelf = library(language=language, family_member_id=family_member_id)
    here = next((number for number, one in enumerate(shelf) if one.module_id == module_id), -1)
    in_order = [*picks, *shelf[here + 1 :], *shelf[: here + 1]]
    return next(
        (one for one in in_order if one.module_id != module_id and one.standing is not Standing.DONE), None
    )


def followed(*, client_id: int, now: datetime, language: str = "en") -> list[Reader]:
    """The family of one client with what was picked for each and how far they are."""
    relationships = people.relationships_of([client_id])
    picked = db.session.execute(
        select(Assignment, Progress)
        .join(Assignment.relationship)
        .outerjoin(
            Progress,
            and_(
                Progress.module_id == Assignment.module_id,
                Progress.family_member_id == Relationship.family_member_id,
            ),
        )
        .where(Relationship.client_id == client_id, Assignment.closed_at.is_(None))
        .order_by(Assignment.created_at, Assignment.id)
    ).all()
    titles = _by_module(language, {assignment.module_id for assignment, _ in picked})
    return [
        Reader(
            relationship=one,
            refusal=_refusal(one, now),
            followed=[
                as_followed(assignment, progress, titles, now)
                for assignment, progress in picked
                if assignment.relationship_id == one.id
            ],
        )
        for one in relationships
    ]


def titles(module_ids: Iterable[int], language: str) -> dict[int, Listed]:
    """The lessons of these ids as lists show them; one statement."""
    return _by_module(language, module_ids)


def module_text(*, module_id: int) -> ModuleVersion:
    """The newest version of any module, for staff; or NotFound."""
    version = db.session.scalars(
        select(ModuleVersion)
        .join(ModuleVersion.module)
        .options(contains_eager(ModuleVersion.module))
        .where(ModuleVersion.module_id == module_id, _is_newest())
    ).one_or_none()
    if version is None:
        raise NotFound
    return version


def _is_permitted(now: datetime) -> ColumnElement[bool]:
    return and_(
        Relationship.ended_at.is_(None),
        gate.permitted(Relationship.client_id, Relationship.family_member_id, Scope.LESSONS, now),
    )


def _is_newest() -> ColumnElement[bool]:
    newest = select(func.max(_other_version.number)).where(
        _other_version.module_id == ModuleVersion.module_id
    )
    return ModuleVersion.number == newest.correlate(ModuleVersion).scalar_subquery()


# Every module for the reader `reader_id`.
_LISTED = (
    select(Module.id, Module.code, ModuleVersion.id, ModuleVersion.heading, Progress.id, Progress.finished_at)
    .join(ModuleVersion, ModuleVersion.module_id == Module.id)
    .outerjoin(
        Progress,
        and_(Progress.module_id == Module.id, Progress.family_member_id == bindparam("reader_id")),
    )
    .where(_is_newest())
    .order_by(Module.position, Module.code)
)
_LIBRARY = _LISTED.where(Module.is_library)
_SOME = _LISTED.where(Module.id.in_(bindparam("module_ids", expanding=True)))
# What was picked under `relationship_ids`, those of permits, oldest wish first.
_PICKED = (
    _LISTED.add_columns(
        Assignment.id, Assignment.relationship_id, Assignment.suggested_by_on, Assignment.note_code
    )
    .join(Assignment, Assignment.module_id == Module.id)
    .join(Relationship, Relationship.id == Assignment.relationship_id)
    .where(
        Assignment.relationship_id.in_(bindparam("relationship_ids", expanding=True)),
        Assignment.closed_at.is_(None),
        Relationship.ended_at.is_(None),
    )
    .order_by(None)
    .order_by(Assignment.suggested_by_on.is_(None), Assignment.suggested_by_on, Assignment.created_at)
)


def _as_listed(row: Sequence[Any], language: str) -> Listed:
    module_id, code, version_id, heading, progress_id, finished_at = row
    shown = heading.get(language) or heading["en"]
    return Listed(
        module_id=module_id,
        code=code,
        version_id=version_id,
        title=shown["title"],
        minutes=shown["minutes"],
        reviewed_on=date.fromisoformat(shown["reviewed_on"]) if shown["reviewed_on"] else None,
        standing=rules.standing(is_started=progress_id is not None, is_finished=finished_at is not None),
    )


def _by_module(language: str, module_ids: Iterable[int]) -> dict[int, Listed]:
    found = rows(_SOME, {"reader_id": None, "module_ids": list(module_ids)})
    return {row[0]: _as_listed(row, language) for row in found}


def _newest_open_to(family_member_id: int, module_id: int, now: datetime) -> ModuleVersion | None:
    picked = exists().where(
        Assignment.module_id == Module.id,
        Assignment.closed_at.is_(None),
        Relationship.id == Assignment.relationship_id,
        Relationship.family_member_id == family_member_id,
        _is_permitted(now),
    )
    return db.session.scalars(
        select(ModuleVersion)
        .join(ModuleVersion.module)
        .where(Module.id == module_id, or_(Module.is_library, picked), _is_newest())
    ).one_or_none()


def _latest_answers(progress: Progress) -> dict[int, CheckAnswer]:
    given = db.session.scalars(
        select(CheckAnswer).where(CheckAnswer.progress_id == progress.id).order_by(CheckAnswer.id)
    )
    return {one.question: one for one in given}


def _knows(family_member_id: int) -> bool:
    told = select(TeamNotice.id).where(TeamNotice.family_member_id == family_member_id)
    return db.session.scalars(told).first() is not None


def _refusal(one: Relationship, now: datetime) -> str | None:
    answer = gate.may_disclose(
        client_id=one.client_id, family_member_id=one.family_member_id, scope=Scope.LESSONS, at=now
    )
    return None if isinstance(answer, Permit) else answer.reason


def as_followed(
    assignment: Assignment, progress: Progress | None, titles: dict[int, Listed], now: datetime
) -> Followed:
    """One picked lesson with its reader's progress, from rows that were just read."""
    finished_at = progress.finished_at if progress else None
    last_step_at = (progress.last_step_at or progress.started_at) if progress else None
    return Followed(
        assignment=assignment,
        title=titles[assignment.module_id].title,
        standing=rules.standing(is_started=progress is not None, is_finished=finished_at is not None),
        finished_at=finished_at,
        is_stuck=rules.is_stuck(last_step_at=last_step_at, finished_at=finished_at, now=now),
    )
