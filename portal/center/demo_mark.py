"""The mark by which a demo database is known, so that production never starts on one."""

from datetime import datetime

from sqlalchemy import inspect, select

from portal.center.models import SettingsVersion
from portal.core.db import db

MARK = "demo"
"""A key of `SettingsVersion.values`; `true` in any row, since later changes drop the key."""


def is_demo() -> bool:
    """Whether the database was ever filled with invented people. False where it has no tables yet."""
    if not inspect(db.engine).has_table(SettingsVersion.__tablename__):
        return False
    return any(values.get(MARK) for values in db.session.scalars(select(SettingsVersion.values)))


def put(*, now: datetime) -> None:
    """Mark this database as a demo's, in a version of the settings that changes nothing else."""
    newest = db.session.scalars(select(SettingsVersion).order_by(SettingsVersion.id.desc()).limit(1)).first()
    values = {**(newest.values if newest else {}), MARK: True}
    db.session.add(
        SettingsVersion(id=newest.id + 1 if newest else 1, values=values, changed_at=now, changed_by_id=None)
    )
    db.session.flush()
