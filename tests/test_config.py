"""Production does not start when something would not be safe, and says what to set."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask_migrate import upgrade

import config
from portal.app import create_app
from portal.center.models import SettingsVersion
from portal.core.db import db, writing

SECRET = "kX3-0pQvR8yWm2LsT7bNcJ4hZ9dFgA6u-one-of-many"
SAFE = {
    "PORTAL_SECRET_KEY": SECRET,
    "PORTAL_BASE_URL": "https://rooms.example",
    "PORTAL_MAIL_SENDER": "office@rooms.example",
}
GUNICORN = (sys.executable, "-m", "gunicorn", "--check-config", "wsgi:app")


def start(folder: Path, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Start as in production, with nothing in the environment but what is given."""
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": f"sqlite:///{folder}/portal.db",
        "QUEUE_URL": f"sqlite:///{folder}/queue.db",
        **SAFE,
        **settings,
    }
    return subprocess.run(
        command or GUNICORN,
        check=False,
        cwd=config.ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"PORTAL_SECRET_KEY": ""}, "PORTAL_SECRET_KEY is missing or well known: set it"),
        ({"PORTAL_SECRET_KEY": "ChangeMe"}, "PORTAL_SECRET_KEY is missing or well known: set it"),
        ({"PORTAL_SECRET_KEY": "short but not known"}, "PORTAL_SECRET_KEY is weak: set at least"),
        ({"PORTAL_SECRET_KEY": "ab" * 32}, "PORTAL_SECRET_KEY is weak: set at least"),
        ({"FLASK_DEBUG": "1"}, "Debug is on: unset FLASK_DEBUG"),
        ({"PORTAL_DEBUG": "yes"}, "Debug is on: unset FLASK_DEBUG"),
        ({"PORTAL_SECURE_COOKIES": "0"}, "unset PORTAL_SECURE_COOKIES or set it to 1"),
        ({"PORTAL_BASE_URL": "http://rooms.example"}, "PORTAL_BASE_URL must be the https:// address"),
        ({"PORTAL_MAIL_SENDER": ""}, "PORTAL_MAIL_SENDER is missing"),
        ({"PORTAL_MODE": "prod"}, "PORTAL_MODE must be production, demo or test"),
        ({"PORTAL_MAIL_PORT": "smtp"}, "must be whole numbers"),
    ],
)
def test_an_unsafe_start_is_refused_with_what_to_set(
    settings: dict[str, str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith(("PORTAL_", "FLASK_"))]:
        monkeypatch.delenv(name)
    for name, value in {**SAFE, **settings}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(config.ConfigError, match=sentence):
        create_app()


@pytest.mark.parametrize("command", [GUNICORN, (sys.executable, "-m", "flask", "--app", "wsgi", "worker")])
def test_neither_the_server_nor_the_worker_starts_unsafely(tmp_path: Path, command: tuple[str, ...]) -> None:
    refused = start(tmp_path, *command, PORTAL_SECRET_KEY="dev")
    assert refused.returncode != 0
    assert "PORTAL_SECRET_KEY is missing or well known" in refused.stdout + refused.stderr


def test_a_safe_server_starts_on_an_empty_database(tmp_path: Path) -> None:
    started = start(tmp_path)
    assert started.returncode == 0, started.stderr


@pytest.mark.parametrize("command", [GUNICORN, (sys.executable, "-m", "flask", "--app", "wsgi", "worker")])
def test_a_demo_database_is_refused_even_after_its_settings_were_changed(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    _fill(tmp_path, {"demo": True}, {"phone": "(555) 010-0100"})
    refused = start(tmp_path, *command)
    assert refused.returncode != 0
    assert "The database holds the demo center. Set DATABASE_URL" in refused.stdout + refused.stderr


def test_a_database_with_settings_of_its_own_starts(tmp_path: Path) -> None:
    _fill(tmp_path, {"phone": "(555) 010-0100"})
    started = start(tmp_path)
    assert started.returncode == 0, started.stderr


def _fill(folder: Path, *versions: dict[str, object]) -> None:
    settings = config.Settings(mode="test", database_url=f"sqlite:///{folder}/portal.db", secret_key=SECRET)
    app = create_app(settings, ARGON2_MEMORY_KIB=64, ARGON2_TIME_COST=1, ARGON2_LANES=1)
    with app.app_context():
        upgrade(directory=str(config.ROOT / "migrations"))
        with writing():
            for values in versions:
                db.session.add(SettingsVersion(values=values, changed_at=datetime(2026, 1, 1, tzinfo=UTC)))
        db.engine.dispose()
