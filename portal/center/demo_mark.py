"""The mark by which a demo database is known, so that production never starts on one."""

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
