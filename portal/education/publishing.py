"""From lesson files to rows: a new version only where the text changed."""

import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from portal.core.db import db
from portal.education import curriculum
from portal.education.models import Module, ModuleVersion


def load_content(now: datetime, folder: Path = curriculum.FOLDER) -> int:
    """Bring the modules in line with the files of `folder`; returns how many versions are new.

    Doing it again changes nothing. Raises ContentError, and loads nothing, when any file
    has a problem. A module whose file is gone stays: somebody may be reading it.
    """
    lessons = curriculum.read(folder)
    modules = {module.code: module for module in db.session.scalars(select(Module))}
    new = 0
    for code, module in lessons.items():
        row = modules.get(code) or _add(code)
        new += publish(row, {language: lesson.as_json() for language, lesson in module.items()}, now)
    return new


def _add(code: str) -> Module:
    module = Module(code=code, position=int(code[1:]))
    db.session.add(module)
    db.session.flush()
    return module


def publish(module: Module, content: dict[str, Any], now: datetime) -> bool:
    """Add `content` as the newest version unless it is that already; whether it was new."""
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    newest = db.session.scalars(
        select(ModuleVersion)
        .where(ModuleVersion.module_id == module.id)
        .order_by(ModuleVersion.number.desc())
        .limit(1)
    ).one_or_none()
    if newest and newest.digest == digest:
        return False
    db.session.add(
        ModuleVersion(
            module_id=module.id,
            number=newest.number + 1 if newest else 1,
            digest=digest,
            content=content,
            published_at=now,
        )
    )
    db.session.flush()
    return True
