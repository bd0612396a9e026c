"""A consistent copy of the database while it is in use, and the way back; one class an engine."""

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import URL, Connection, Engine, create_engine, inspect, make_url, text


class SnapshotError(Exception):
    """A copy could not be made or put back; the message says what to do."""


class Snapshots(Protocol):
    """How one engine copies itself."""

    def take(self, target: Path) -> tuple[dict[str, int], str]:
        """Write the copy to a new file; the rows by table and the migration at that instant."""

    def check(self, source: Path) -> dict[str, int] | None:
        """Rows by table of a copy, after the engine's own checks; None where only a restore can tell."""

    def put_back(self, source: Path) -> dict[str, int]:
        """Put the copy into an empty database; the rows by table that are there now."""


def snapshots_of(url: str) -> Snapshots:
    """The way of the engine that the URL names."""
    parsed = make_url(url)
    return Sqlite(parsed) if parsed.get_backend_name() == "sqlite" else Postgresql(parsed)


def rows_of(connection: Connection) -> dict[str, int]:
    """Rows by table, in one view of the database."""
    quote = connection.dialect.identifier_preparer.quote
    tables = sorted(inspect(connection).get_table_names())
    return {
        table: int(connection.execute(text(f"SELECT count(*) FROM {quote(table)}")).scalar_one())  # noqa: S608
        for table in tables
    }


def _revision(connection: Connection) -> str:
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


@contextmanager
def _engine(url: URL) -> Iterator[Engine]:
    engine = create_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


class Sqlite:
    """`VACUUM INTO` reads one snapshot beside the writer, and leaves no free pages behind.

    Through the standard library: VACUUM stands outside of transactions, which SQLAlchemy always opens.
    """

    def __init__(self, url: URL) -> None:
        self.path = Path(url.database or "")

    def take(self, target: Path) -> tuple[dict[str, int], str]:
        """See `Snapshots`."""
        if not self.path.is_file():
            raise SnapshotError("The database named by DATABASE_URL is not there.")
        with _sqlite(self.path) as connection:
            connection.execute("VACUUM INTO ?", (str(target),))
        with _sqlite(target) as connection:
            (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            return self._rows(connection), str(revision)

    def check(self, source: Path) -> dict[str, int] | None:
        """See `Snapshots`."""
        with _sqlite(source) as connection:
            problems = connection.execute("PRAGMA integrity_check").fetchall()
            strays = connection.execute("PRAGMA foreign_key_check").fetchall()
            if problems != [("ok",)] or strays:
                raise SnapshotError("The database in the backup is damaged. Use an older backup.")
            return self._rows(connection)

    def put_back(self, source: Path) -> dict[str, int]:
        """See `Snapshots`."""
        try:
            self.path.touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            raise SnapshotError(
                "There is a file at the target already. Name a path where nothing is."
            ) from None
        shutil.copyfile(source, self.path)
        return self.check(self.path) or {}

    def _rows(self, connection: sqlite3.Connection) -> dict[str, int]:
        tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        return {
            table: connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608 - own tables
            for (table,) in sorted(tables)
            if not table.startswith("sqlite_")
        }


@contextmanager
def _sqlite(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            yield connection
    except sqlite3.DatabaseError as error:
        raise SnapshotError(f"The database cannot be read: {error}.") from None


class Postgresql:
    """`pg_dump` on an exported snapshot, so that the counted rows are the dumped ones."""

    def __init__(self, url: URL) -> None:
        self.url = url

    def take(self, target: Path) -> tuple[dict[str, int], str]:
        """See `Snapshots`."""
        with _engine(self.url) as engine, engine.connect() as plain:
            connection = plain.execution_options(isolation_level="REPEATABLE READ")
            snapshot = str(connection.execute(text("SELECT pg_export_snapshot()")).scalar_one())
            rows, revision = rows_of(connection), _revision(connection)
            self._run(
                "pg_dump", "--format=custom", "--no-owner", f"--snapshot={snapshot}", f"--file={target}"
            )
        return rows, revision

    def check(self, source: Path) -> dict[str, int] | None:
        """See `Snapshots`: the list of contents is readable; the rows only a restore can tell."""
        self._run("pg_restore", "--list", str(source), connects=False)
        return None

    def put_back(self, source: Path) -> dict[str, int]:
        """See `Snapshots`."""
        with _engine(self.url) as engine:
            with engine.connect() as connection:
                if inspect(connection).get_table_names():
                    raise SnapshotError("The target database has tables already. Name an empty one.")
            self._run("pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", str(source))
            with engine.connect() as connection:
                return rows_of(connection)

    def _run(self, command: str, *arguments: str, connects: bool = True) -> None:
        plain = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        to = [f"--dbname={plain}"] if connects else []
        try:
            done = subprocess.run([command, *to, *arguments], capture_output=True, text=True, check=False)  # noqa: S603
        except FileNotFoundError:
            raise SnapshotError(f"{command} is missing: install postgresql-client.") from None
        if done.returncode:
            raise SnapshotError(f"{command} stopped: {done.stderr.strip().splitlines()[-1:]}")
