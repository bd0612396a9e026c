"""Files that name clients on the page and by command, and long ones that the worker writes."""

import io

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

import config
from portal import jobs
from portal.center.models import Location
from portal.core.db import db, writing
from portal.imports import files
from portal.imports.models import ImportFile
from portal.people.models import Client, Role, StaffMember
from tests.factories.people import make_location, make_program, make_staff
from tests.factories.schedule import make_track
from tests.page import STAFF_BYTES, check_page
from tests.signin import post, sign_in

FOLDER = config.ROOT / "docs" / "examples"
CLIENTS = (FOLDER / "clients.csv").read_bytes()


@pytest.fixture
def grace(client: FlaskClient) -> StaffMember:
    """The coordinator of Water Street, signed in."""
    program = make_program()
    for name in ("IOP mornings", "IOP evenings"):
        make_track(program=program, name=name)
    staff = make_staff(Role.COORDINATOR, location=program.location)
    sign_in(client, staff.user, "staff")
    return staff


def upload(client: FlaskClient, kind: str, data: bytes) -> TestResponse:
    return post(client, f"/staff/imports/new?kind={kind}", {"file": (io.BytesIO(data), "file.csv")})


def clients() -> int:
    return len(db.session.scalars(select(Client)).all())


def test_clients_are_looked_at_then_applied_then_there(client, grace):
    shown = upload(client, "clients", CLIENTS).location
    assert "Import 3 rows" in client.get(shown).text
    assert clients() == 0
    for _ in range(2):
        assert post(client, f"{shown}/apply").status_code == 302
    assert clients() == 3
    shown = upload(client, "census", CLIENTS.replace(b"Marcus", b"Mark")).location
    text = " ".join(client.get(shown).text.split())
    assert "given name" in text
    assert "Import 1 row<" in text


def test_the_pages_of_every_kind_are_well_formed(client, grace):
    for kind in ("timetable", "clients", "relatives", "sessions", "census"):
        check_page(client.get(f"/staff/imports/new?kind={kind}"), budget=STAFF_BYTES)
    check_page(client.get("/staff/imports"), budget=STAFF_BYTES)
    check_page(client.get(upload(client, "clients", CLIENTS).location), budget=STAFF_BYTES)


def test_an_administrator_brings_in_no_clients_and_sees_no_file_of_them(client, grace):
    shown = upload(client, "clients", CLIENTS).location
    sign_in(client, make_staff(Role.ADMIN).user, "staff")
    assert "clients" not in client.get("/staff/imports").text.lower().split("<main")[1].split("</main")[0]
    assert client.get("/staff/imports/new?kind=clients").status_code == 404
    assert upload(client, "relatives", CLIENTS).status_code == 404
    for page in (shown, f"{shown}/apply", f"{shown}/set-aside"):
        answer = client.get(page) if page == shown else post(client, page)
        assert answer.status_code == 404


def test_another_coordinators_file_is_not_there(client, grace):
    shown = upload(client, "clients", CLIENTS).location
    other = make_staff(Role.COORDINATOR, location=make_location(name="Hill Street"))
    sign_in(client, other.user, "staff")
    assert client.get(shown).status_code == 404
    assert post(client, f"{shown}/apply").status_code == 404
    text = client.get(upload(client, "clients", CLIENTS).location).text
    assert "There is no location “Water Street”." in text.replace("&#34;", '"')


def long_file(rows: int) -> bytes:
    header = b"given name,family name,birth date,location\n"
    return header + b"".join(b"Given%d,Family,1990-01-01,Water Street\n" % each for each in range(rows))


def test_a_long_file_is_written_by_the_worker_in_parts(client, grace, monkeypatch):
    monkeypatch.setattr(files, "PART", 4)
    shown = upload(client, "clients", long_file(10)).location
    assert post(client, f"{shown}/apply").location == shown
    assert "0 of 10 rows are written." in client.get(shown).text
    assert post(client, f"{shown}/set-aside").status_code == 302
    assert clients() == 0
    jobs.write_imports()
    db.session.rollback()
    file = db.session.scalars(select(ImportFile)).one()
    assert (file.done, file.added, file.content, clients()) == (10, 10, None, 10)
    assert "This file was applied on" in client.get(shown).text


def test_a_long_file_that_no_longer_fits_stops_and_goes_on(client, grace, monkeypatch):
    monkeypatch.setattr(files, "PART", 4)
    shown = upload(client, "clients", long_file(10)).location
    post(client, f"{shown}/apply")
    rename("Water Street", "Old Street")
    jobs.write_imports()
    db.session.rollback()
    text = client.get(shown).text
    assert "The file stopped after 0 rows" in text
    assert clients() == 0
    rename("Old Street", "Water Street")
    post(client, f"{shown}/apply")
    jobs.write_imports()
    db.session.rollback()
    assert clients() == 10


def rename(old: str, new: str) -> None:
    with writing():
        db.session.scalars(select(Location).where(Location.name == old)).one().name = new


def test_the_command_shows_the_same_and_writes_only_with_apply(app, grace):
    runner = app.test_cli_runner()
    path = str(FOLDER / "clients.csv")
    shown = runner.invoke(args=["import", "clients", path])
    assert "3 new, 0 there already, 0 with a problem." in shown.output
    db.session.rollback()
    assert clients() == 0
    assert "Applied." in runner.invoke(args=["import", "clients", path, "--apply"]).output
    db.session.rollback()
    assert clients() == 3
    relatives = runner.invoke(args=["import", "relatives", str(FOLDER / "relatives.csv")])
    assert "3 new" in relatives.output


@pytest.mark.parametrize("verb", ["apply", "set-aside"])
def test_a_button_needs_its_token(client, grace, verb):
    shown = upload(client, "clients", CLIENTS).location
    assert client.post(f"{shown}/{verb}").status_code == 400
