"""Alembic's environment: the application's engine, one transaction, the same on both databases."""

from alembic import context
from flask import current_app

from portal.core.db import Base, _mode

db = current_app.extensions["migrate"].db


def run() -> None:
    """Run the migrations over a connection of the application's own."""
    token = _mode.set("write")
    try:
        with db.engine.connect() as connection:
            context.configure(
                connection=connection,
                target_metadata=Base.metadata,
                render_as_batch=True,
                compare_type=True,
                # The queue may live in the same database; its tables are its own.
                include_name=lambda name, kind, _parents: kind != "table" or not name.startswith("huey_"),
            )
            with context.begin_transaction():
                context.run_migrations()
            connection.commit()
    finally:
        _mode.reset(token)


run()
