"""Reading a lesson. What a reader has done is never taken back, whatever else happens.

Every step may arrive twice, late or from an old tab: each says which part it is about,
and only ever adds.
"""

from datetime import datetime

from sqlalchemy import select

from portal.core.db import db
from portal.core.errors import NotFound, Refused
from portal.education import rules
from portal.education.lesson import Lesson, from_json
from portal.education.models import CheckAnswer, Module, ModuleVersion, Progress, TeamNotice
from portal.people.models import FamilyMember


def start(*, family_member_id: int, module_id: int, version_id: int, now: datetime) -> Progress:
    """Begin a module with the version that was on the screen; begun already, nothing changes.

    The start page says what the team sees, so starting also notes that it was read.
    """
    # One person's steps wait for one another, so that two taps make one row.
    reader = db.session.get(FamilyMember, family_member_id, with_for_update={"key_share": True})
    if reader is None:
        raise NotFound
    _note_read(family_member_id, now)
    begun = _progress(family_member_id, module_id)
    if begun:
        return begun
    version = db.session.get(ModuleVersion, version_id) or _newest(module_id)
    if version is None or version.module_id != module_id:
        raise NotFound
    progress = Progress(
        family_member_id=family_member_id,
        module_id=module_id,
        version=version,
        furthest_part=0,
        started_at=now,
    )
    db.session.add(progress)
    db.session.flush()
    return progress


def advance(*, family_member_id: int, module_id: int, part: int, now: datetime) -> Progress:
    """Note that `part` (from 1) was read. Raises NotFound for a part that is not there."""
    progress = _step(family_member_id, module_id, now)
    parts = len(_lesson(progress).parts)
    if not 1 <= part <= parts:
        raise NotFound
    progress.furthest_part = rules.furthest(progress.furthest_part, part, parts)
    return progress


def answer(
    *, family_member_id: int, module_id: int, question: int, option: int, now: datetime
) -> CheckAnswer:
    """Keep one answer; there is no last try. `question` counts from 1, `option` from 0."""
    progress = _step(family_member_id, module_id, now)
    checks = _lesson(progress).checks
    if not (1 <= question <= len(checks) and 0 <= option < len(checks[question - 1].options)):
        raise NotFound
    given = CheckAnswer(
        progress_id=progress.id,
        question=question,
        option=option,
        is_right=checks[question - 1].options[option].is_right,
        at=now,
    )
    db.session.add(given)
    db.session.flush()
    return given


def finish(*, family_member_id: int, module_id: int, now: datetime) -> Progress:
    """Finish the lesson: every part was read; no mark is needed. The first time counts.

    Raises Refused lesson_parts_left.
    """
    progress = _step(family_member_id, module_id, now)
    if rules.resume_at(progress.furthest_part, len(_lesson(progress).parts)):
        raise Refused("lesson_parts_left")
    progress.finished_at = progress.finished_at or now
    return progress


def _note_read(family_member_id: int, now: datetime) -> None:
    known = db.session.scalars(
        select(TeamNotice.id).where(TeamNotice.family_member_id == family_member_id)
    ).first()
    if known is None:
        db.session.add(TeamNotice(family_member_id=family_member_id, read_at=now))


def _progress(family_member_id: int, module_id: int) -> Progress | None:
    return db.session.scalars(
        select(Progress)
        .where(Progress.family_member_id == family_member_id, Progress.module_id == module_id)
        .with_for_update()
    ).one_or_none()


def _step(family_member_id: int, module_id: int, now: datetime) -> Progress:
    """What was begun, with the instant of this step; else NotFound."""
    progress = _progress(family_member_id, module_id)
    if progress is None:
        raise NotFound
    progress.last_step_at = now
    return progress


def _newest(module_id: int) -> ModuleVersion | None:
    return db.session.scalars(
        select(ModuleVersion)
        .join(Module)
        .where(ModuleVersion.module_id == module_id)
        .order_by(ModuleVersion.number.desc())
        .limit(1)
    ).one_or_none()


def _lesson(progress: Progress) -> Lesson:
    """The version begun; the language does not matter for numbers (`curriculum` holds it)."""
    return from_json(progress.version.content["en"])
