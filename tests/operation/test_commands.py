"""`flask backup` and `flask doctor` as an operator types them."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from portal.center import settings as center
from portal.core.actor import job
from portal.core.db import writing
from portal.education import service as education
from portal.mail import service as mail
from portal.people.models import Role
from tests.conftest import NOW, HeldClock, database_url
from tests.factories.people import make_client, make_location, make_staff, make_user

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Type a command."""
    for name in ("PORTAL_BACKUP_KEY", "PORTAL_BACKUP_DIR"):
        monkeypatch.delenv(name, raising=False)
    return lambda *words, **environment: app.test_cli_runner().invoke(
        args=[str(word) for word in words], env=environment
    )


def test_an_operator_makes_checks_and_restores_a_backup(
    run: Run, engine: str, tmp_path: Path, worker_id: str
) -> None:
    make_client()
    secret = tmp_path / "secret.key"
    public = run("backup", "key", secret).output.split("=")[1].split()[0]
    made = run("backup", "create", PORTAL_BACKUP_KEY=public, PORTAL_BACKUP_DIR=str(tmp_path))
    assert made.exit_code == 0, made.output
    (file,) = tmp_path.glob("*.age")
    assert file.name == "portal-20260304-150000.age"
    assert run("backup", "verify", file, "--secret-file", secret).output.startswith("Whole: ")
    target = database_url(engine, tmp_path, f"restored_{worker_id}").replace("+psycopg", "")
    restored = run("backup", "restore", file, "--secret-file", secret, "--to", target)
    assert restored.output.startswith("Restored: ")
    again = run("backup", "restore", file, "--secret-file", secret, "--to", target)
    assert again.exit_code == 1
    assert "already" in again.output


def test_the_secret_key_is_for_its_owner_and_never_overwritten(run: Run, tmp_path: Path) -> None:
    secret = tmp_path / "secret.key"
    run("backup", "key", secret)
    assert secret.stat().st_mode & 0o077 == 0
    before = secret.read_text()
    assert "There is a file of this name already" in run("backup", "key", secret).output
    assert secret.read_text() == before


def test_a_backup_without_a_place_or_key_says_what_to_set(run: Run) -> None:
    assert "--key" in run("backup", "create").output
    assert "set PORTAL_BACKUP_DIR" in run("backup", "create", "--key", "age1x").output


def test_the_doctor_names_what_a_new_installation_lacks(run: Run) -> None:
    told = run("doctor")
    assert told.exit_code == 1
    for line in (
        "BROKEN  worker            It is not at work, so no mail goes out: start `flask worker`.",
        "BROKEN  administrator     Nobody administers yet: run `flask staff add`.",
        "BROKEN  lessons           None are loaded: run `flask lessons load`.",
        "LOOK    crisis lines      Dial them, then note the day under Settings.",
        "good    database",
    ):
        assert line in told.output


def test_the_doctor_is_content_with_a_center_at_work(run: Run, tmp_path: Path, held_clock: HeldClock) -> None:
    make_staff(Role.ADMIN, location=make_location(), user=make_user())
    (tmp_path / "tonight.age").touch()
    os.utime(tmp_path / "tonight.age", times=(NOW.timestamp(), NOW.timestamp()))
    with writing():
        education.load_content(NOW)
        center.change(seen_version=0, values={"crisis_reviewed_on": NOW.date()}, actor=job("test"), now=NOW)
        mail.beat(now=NOW)
    told = run("doctor", PORTAL_BACKUP_DIR=str(tmp_path))
    assert (told.exit_code, "LOOK" in told.output) == (0, False), told.output
    held_clock.at = NOW + timedelta(minutes=4)
    assert "BROKEN  worker" in run("doctor", PORTAL_BACKUP_DIR=str(tmp_path)).output
