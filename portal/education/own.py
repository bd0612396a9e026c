"""The center's own lessons: two Markdown files in, checked as ours are, looked at, published.

Nothing is loaded before both files are without a problem; what is published is a new
version, and readers keep the one they began.
"""

import re
from datetime import datetime

from sqlalchemy import select

from portal.audit import service as audit
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound, Refused
from portal.education import curriculum, publishing
from portal.education.models import LessonDraft, Module
from portal.education.problems import ContentError, Problem, Report

CODE = re.compile(r"^c\d\d$")
"""Codes of the center's own lessons; `m01` and so on are those that come with the portal."""
FIRST_POSITION = 100
"""Own lessons stand after those of the curriculum."""


def check(files: dict[str, bytes]) -> curriculum.Module:
    """Both languages of one lesson. Raises Refused lesson_file_missing (field en or es),
    and ContentError with every problem, each with file and line."""
    for language in curriculum.LANGUAGES:
        if not files.get(language):
            raise Refused("lesson_file_missing", field=language)
    module: curriculum.Module = {}
    problems: list[Problem] = []
    for language in curriculum.LANGUAGES:
        report = Report(f"{language}.md", [])
        lesson = curriculum.read_bytes(files[language], report, language)
        if lesson and not CODE.match(lesson.code):
            report.add(2, "code_not_own", code=lesson.code)
        problems += report.problems
        if lesson:
            module[language] = lesson
    if len(module) == len(curriculum.LANGUAGES):
        problems += curriculum.differences(module, "own lesson")
    if problems:
        raise ContentError(problems)
    return module


def keep(*, files: dict[str, bytes], is_library: bool, actor: Actor, now: datetime) -> LessonDraft:
    """Check the files and keep them for a look. Nobody reads them yet. Raises as `check` does."""
    module = check(files)
    assert actor.id is not None
    draft = LessonDraft(
        code=module["en"].code,
        content={language: lesson.as_json() for language, lesson in module.items()},
        is_library=is_library,
        made_by_id=actor.id,
        made_at=now,
    )
    db.session.add(draft)
    db.session.flush()
    return draft


def drafts() -> list[LessonDraft]:
    """What waits to be published, the newest first."""
    return list(db.session.scalars(select(LessonDraft).order_by(LessonDraft.made_at.desc(), LessonDraft.id)))


def draft_for(draft_id: int) -> LessonDraft:
    """One draft, or NotFound."""
    draft = db.session.get(LessonDraft, draft_id)
    if draft is None:
        raise NotFound
    return draft


def publish(*, draft_id: int, actor: Actor, now: datetime) -> Module:
    """Make the draft the newest version of its lesson. The same text again makes no new one."""
    draft = draft_for(draft_id)
    module = db.session.scalars(
        select(Module).where(Module.code == draft.code).with_for_update()
    ).one_or_none()
    if module is None:
        module = Module(code=draft.code, position=FIRST_POSITION + int(draft.code[1:]))
        db.session.add(module)
    module.is_library = draft.is_library
    db.session.flush()
    publishing.publish(module, draft.content, now)
    db.session.delete(draft)
    audit.record("lesson.published", actor=actor, now=now, module_id=module.id)
    return module


def set_aside(*, draft_id: int) -> None:
    """Forget the draft; twice is the same as once."""
    draft = db.session.get(LessonDraft, draft_id)
    if draft is not None:
        db.session.delete(draft)
