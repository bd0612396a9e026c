"""`flask lessons load`: what an administrator types after an update."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.core.db import db
from portal.education import curriculum
from portal.education.models import Module


def test_the_command_loads_what_ships_and_says_how_much(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["lessons", "load"])
    assert result.output == f"New versions: {len(curriculum.read())}.\n"
    assert db.session.scalar(select(func.count(Module.id))) == len(curriculum.read())


def test_a_broken_file_is_named_and_nothing_is_loaded(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "m40-broken.md").write_text("no front matter")
    read = curriculum.read
    monkeypatch.setattr(curriculum, "read", lambda _folder: read(tmp_path))
    result = app.test_cli_runner().invoke(args=["lessons", "load"])
    assert result.exit_code == 1
    assert "en/m40-broken.md:1: begins with front matter" in result.output
    assert db.session.scalar(select(func.count(Module.id))) == 0
