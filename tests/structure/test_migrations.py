"""Migrations run up, match the models, and run down, on both databases."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect

import config
from portal.core.db import Base, db

MIGRATIONS = str(config.ROOT / "migrations")


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Whether a table is the portal's: the queue may live in the same database."""
    return kind != "table" or not (name or "").startswith("huey_")


def tables() -> list[str]:
    return [name for name in inspect(db.engine).get_table_names() if is_ours(name, "table", None)]


def test_the_migrated_schema_is_the_one_the_models_describe(app: Flask) -> None:
    with db.engine.connect() as connection:
        options = {"compare_type": True, "include_name": is_ours}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.usefixtures("app")
def test_migrations_run_down_to_nothing_and_up_again() -> None:
    db.session.remove()
    downgrade(directory=MIGRATIONS, revision="base")
    assert tables() == ["alembic_version"]
    upgrade(directory=MIGRATIONS)
    assert len(tables()) == len(Base.metadata.tables) + 1
