"""The ground that tests stand on: both databases, a clock that is held, no mail by accident."""

import atexit
import contextvars
import os
import shutil
import smtplib
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import event, text

import config
from portal.app import create_app
from portal.core import clock as core_clock
from portal.core.db import Base, db, writing
from tests.postgres import cluster

NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
"""A Wednesday, 10 am in New York; the clocks there change on Sunday, March 8."""

ENGINES = ("sqlite", "postgresql")


def pytest_configure(config: pytest.Config) -> None:
    """Start one PostgreSQL for the whole run, workers included."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    running = cluster()
    os.environ["PORTAL_TEST_POSTGRES"] = running.__enter__()
    config.add_cleanup(lambda: (running.__exit__(None, None, None), None)[1])


class PortalClient(FlaskClient):
    """A client whose requests never share the test's own application context."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """Do the request in a fresh context, then let the test see what it wrote."""
        response = contextvars.Context().run(super().open, *args, **kwargs)
        db.session.rollback()
        return response


class HeldClock:
    """The clock of the test: it stands still until it is moved."""

    def __init__(self) -> None:
        self.at = NOW

    def advance(self, **by: float) -> datetime:
        """Move on by a timedelta's words, such as `hours=2`."""
        self.at += timedelta(**by)
        return self.at


class TouchedTables:
    """Which tables were written since the last cleaning, so that only they are emptied."""

    def __init__(self, app: Flask) -> None:
        self.names: set[str] = set()
        with app.app_context():
            event.listen(db.engine, "before_cursor_execute", self._note)
            self.engine = db.engine

    def _note(self, _conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        words = statement.split(None, 3)
        if len(words) > 2 and words[0].upper() == "INSERT":
            self.names.add(words[2].strip('"'))

    def clean(self) -> None:
        """Empty the touched tables, children first, and what only a worker's own process wrote."""
        self.names.add("heartbeat")
        with self.engine.begin() as connection:
            for table in reversed(Base.metadata.sorted_tables):
                if table.name in self.names:
                    connection.execute(text(f"DELETE FROM {table.name}"))
        self.names.clear()


_apps: dict[str, tuple[Flask, TouchedTables]] = {}


def database_url(engine: str, folder: Path, worker: str) -> str:
    """A database of this worker's own, on the engine asked for."""
    if engine == "sqlite":
        return f"sqlite:///{folder}/portal.db"
    server = os.environ["PORTAL_TEST_POSTGRES"]
    with psycopg.connect(server.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS portal_{worker}")
        connection.execute(f"CREATE DATABASE portal_{worker}")
    return server.rsplit("/", 1)[0] + f"/portal_{worker}"


def in_memory_folder() -> Path | None:
    """A folder in memory, where this machine has one: thousands of commits wait for no disk."""
    if not os.access("/dev/shm", os.W_OK):
        return None
    folder = tempfile.mkdtemp(prefix="portal-tests-", dir="/dev/shm")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def build_app(url: str, folder: Path) -> Flask:
    """The application on the database at `url`, migrated, with cheap passphrase hashes."""
    settings = config.Settings(
        mode="test",
        secret_key="the tests' own secret, long enough to be let through",
        database_url=url,
        queue_url=f"sqlite:///{folder}/queue.db",
        secure_cookies=False,
        mail_use_tls=False,
        mail_sender="office@harbor.example",
    )
    app = create_app(settings, TESTING=True, ARGON2_MEMORY_KIB=64, ARGON2_TIME_COST=1, ARGON2_LANES=1)
    app.test_client_class = PortalClient
    with app.app_context():
        upgrade(directory=str(config.ROOT / "migrations"))
    return app


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Every test that touches the database runs on both engines."""
    return str(request.param)


@pytest.fixture
def app(engine: str, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Flask]:
    """The application, its database empty but for the schema, inside an application context."""
    if engine not in _apps:
        folder = in_memory_folder() or tmp_path_factory.mktemp(engine)
        made = build_app(database_url(engine, folder, worker_id), folder)
        _apps[engine] = made, TouchedTables(made)
    app, touched = _apps[engine]
    with app.app_context():
        yield app
        db.session.remove()
    touched.clean()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without cookies."""
    return app.test_client()


@pytest.fixture(autouse=True)
def held_clock(monkeypatch: pytest.MonkeyPatch) -> HeldClock:
    """Nothing reads the real clock."""
    held = HeldClock()
    monkeypatch.setattr(core_clock, "_read", lambda: held.at)
    return held


@pytest.fixture(autouse=True)
def no_smtp(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing opens SMTP, unless the test asks for the `smtp` mark and brings a server."""
    if request.node.get_closest_marker("smtp"):
        return

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("this test opened SMTP; mark it `smtp` and bring a server")

    monkeypatch.setattr(smtplib.SMTP, "connect", refuse)


@pytest.fixture
def write(app: Flask) -> Callable[[], Any]:
    """`with write():` — one transaction, as a request has."""
    return writing
