"""Backups: taken under load, restored whole; a wrong key or a short file changes nothing."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Connection, create_engine, inspect, text

from portal.audit import service as audit
from portal.core.actor import job
from portal.core.db import writing
from portal.operation import backup
from portal.operation.snapshots import rows_of
from tests.conftest import NOW, database_url
from tests.factories.consent import make_signed_consent
from tests.factories.people import make_client

CANARY = "Quetzalcoatl"
WORKER = job("test")


@pytest.fixture
def url(app: Flask) -> str:
    """The database that is backed up."""
    return str(app.config["SQLALCHEMY_DATABASE_URI"])


@pytest.fixture
def empty(engine: str, tmp_path: Path) -> str:
    """A place where nothing is yet."""
    return database_url(engine, tmp_path, f"empty_{os.getpid()}")


@pytest.fixture
def made(app: Flask, url: str, tmp_path: Path) -> tuple[Path, str]:
    """A backup and the key that opens it."""
    make_signed_consent(client=make_client(given_name=CANARY))
    public, secret = backup.new_key()
    path = tmp_path / "night.age"
    backup.create(url=url, target=path, public_key=public, now=NOW)
    return path, secret


def test_a_backup_comes_back_with_every_row(made: tuple[Path, str], empty: str, url: str) -> None:
    path, secret = made
    promised = backup.verify(source=path, secret_key=secret)
    backup.restore(source=path, secret_key=secret, url=empty)
    engine = create_engine(empty)
    with engine.connect() as connection:
        assert rows_of(connection) == promised.rows
        assert connection.execute(text("SELECT given_name FROM client")).scalars().all() == [CANARY]
    engine.dispose()
    assert promised.rows["consent"] == 1


def test_the_file_tells_nothing_without_its_key(made: tuple[Path, str]) -> None:
    path, _ = made
    assert CANARY.encode() not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    assert [each.name for each in path.parent.iterdir() if each.suffix in (".age", ".part")] == ["night.age"]


def test_p2_18_a_backup_is_unreadable_without_the_key(made: tuple[Path, str], empty: str) -> None:
    path, _ = made
    _, other = backup.new_key()
    with pytest.raises(backup.BackupError, match="does not open this backup"):
        backup.verify(source=path, secret_key=other)
    with pytest.raises(backup.BackupError, match="does not open this backup"):
        backup.restore(source=path, secret_key=other, url=empty)
    nothing_there(empty)


@pytest.mark.parametrize("left", [0, 40, 0.5, 0.999], ids=["nothing", "header", "half", "nearly"])
def test_a_backup_cut_short_is_refused(made: tuple[Path, str], empty: str, left: float) -> None:
    path, secret = made
    whole = path.read_bytes()
    path.write_bytes(whole[: int(left if left >= 1 else left * len(whole))])
    with pytest.raises(backup.BackupError, match="cut short"):
        backup.restore(source=path, secret_key=secret, url=empty)
    nothing_there(empty)


def test_nothing_is_overwritten(made: tuple[Path, str], url: str) -> None:
    path, secret = made
    public, _ = backup.new_key()
    with pytest.raises(backup.BackupError, match="already"):
        backup.create(url=url, target=path, public_key=public, now=NOW)
    with pytest.raises(backup.BackupError, match="already"):
        backup.restore(source=path, secret_key=secret, url=url)
    backup.verify(source=path, secret_key=secret)


def test_a_key_that_is_none_is_told(url: str, tmp_path: Path, app: Flask) -> None:
    with pytest.raises(backup.BackupError, match="begins with age1"):
        backup.create(url=url, target=tmp_path / "x.age", public_key="age1 nonsense", now=NOW)
    with pytest.raises(backup.BackupError, match="holds no key"):
        backup.verify(source=tmp_path / "x.age", secret_key="# only a comment")


def test_twenty_of_twenty_backups_under_load_come_back_whole(
    app: Flask, url: str, engine: str, tmp_path: Path
) -> None:
    public, secret = backup.new_key()
    with under_load(app):
        paths = [tmp_path / f"{number}.age" for number in range(20)]
        for path in paths:
            backup.create(url=url, target=path, public_key=public, now=NOW)
    grown = []
    for number, path in enumerate(paths):
        target = database_url(engine, tmp_path / str(number), f"again_{os.getpid()}")
        (tmp_path / str(number)).mkdir()
        manifest = backup.restore(source=path, secret_key=secret, url=target)
        halves_agree(target)
        grown.append(manifest.rows["audit_entry"])
    assert grown == sorted(grown)
    assert grown[-1] > grown[0], "nothing was written meanwhile: there was no load"


class under_load:
    """Two entries a transaction, again and again, until the block ends."""

    def __init__(self, app: Flask) -> None:
        self.app, self.stop = app, threading.Event()
        self.thread = threading.Thread(target=self.write)

    def write(self) -> None:
        with self.app.app_context():
            while not self.stop.wait(0.001):
                with writing():
                    for _half in range(2):
                        audit.record("client.created", actor=WORKER, now=NOW)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_problem: object) -> None:
        self.stop.set()
        self.thread.join()


def halves_agree(url: str) -> None:
    """No transaction came back by half."""
    for connection in connected(url):
        assert connection.execute(text("SELECT count(*) % 2 FROM audit_entry")).scalar_one() == 0


def nothing_there(url: str) -> None:
    """The target is as empty as before."""
    if url.startswith("sqlite"):
        assert not Path(url.removeprefix("sqlite:///")).exists()
        return
    for connection in connected(url):
        assert inspect(connection).get_table_names() == []


def connected(url: str) -> Iterator[Connection]:
    """One connection, closed after."""
    engine = create_engine(url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()
