from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

import config
from portal.demo import load
from portal.demo.accounts import PASSPHRASE, code
from portal.schedule.models import Block
from tests.conftest import NOW
from tests.demo.test_load import number
from tests.factories.people import make_program

EXAMPLE = str(config.ROOT / "docs" / "examples" / "timetable.csv")


def run(app: Flask, *words: str) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=list(words))
    return done.exit_code, done.output


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_accounts_are_printed_only_where_the_demo_is(app):
    assert run(app, "demo", "accounts") == (0, "")
    assert run(app, "demo", "load") == (0, "The demo center is loaded.\n")
    assert run(app, "demo", "load") == (0, "")
    exit_code, printed = run(app, "demo", "accounts")
    assert exit_code == 0
    for word in ("elena@demo.example", "marcus@demo.example", "dana@demo.example", PASSPHRASE, code(NOW)):
        assert word in printed


def test_the_present_code_is_printed_for_staff_alone(app):
    for name in ("dana", "dana@demo.example", "OMAR"):
        assert run(app, "demo", "code", name) == (0, f"{code(NOW)}\n")
    exit_code, printed = run(app, "demo", "code", "elena")
    assert exit_code == 1
    assert "Try dana, grace, ivy or omar." in printed


@pytest.mark.parametrize("words", [("load",), ("accounts",), ("code", "dana")])
def test_production_knows_no_demo(app, monkeypatch, words: tuple[str, ...]):
    production = replace(app.extensions["settings"], mode="production")
    monkeypatch.setitem(app.extensions, "settings", production)
    monkeypatch.setattr(load, "load", lambda **_: pytest.fail("loaded"))
    exit_code, printed = run(app, "demo", *words)
    assert exit_code == 1
    assert "set PORTAL_MODE=demo" in printed


def test_the_timetable_command_shows_then_applies(app):
    make_program()
    exit_code, printed = run(app, "import", "timetable", EXAMPLE)
    assert exit_code == 0
    assert "Row 2: IOP mornings, Coping skills, Mon-Thu, 9:00 AM: new" in printed
    assert "5 new, 0 there already, 0 with a problem." in printed
    assert number(Block) == 0
    assert "Applied." in run(app, "import", "timetable", EXAMPLE, "--apply")[1]
    assert number(Block) == 5
    assert "0 new, 5 there already" in run(app, "import", "timetable", EXAMPLE, "--apply")[1]
    assert number(Block) == 5


def test_a_file_with_a_problem_is_told_by_row_and_not_applied(app, tmp_path):
    make_program()
    file = tmp_path / "timetable.csv"
    file.write_text(Path(EXAMPLE).read_text().replace("Water Street,yes", "Fire Street,yes"))
    exit_code, printed = run(app, "import", "timetable", str(file), "--apply")
    assert exit_code == 1
    assert (
        "Row 6: IOP evenings, Families together, Tue, 7:30 PM: There is no location “Fire Street”." in printed
    )
    assert "so nothing was written" in printed
    assert number(Block) == 0


def test_a_file_that_is_no_table_is_refused(app, tmp_path):
    file = tmp_path / "timetable.csv"
    file.write_bytes(b"\xff\xfe\x00")
    exit_code, printed = run(app, "import", "timetable", str(file))
    assert exit_code == 1
    assert "This file is not UTF-8 text." in printed
