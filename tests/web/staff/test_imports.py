import io

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

import config
from portal.core.db import db
from portal.imports.models import ImportFile
from portal.people.models import Role
from portal.schedule.models import Block
from tests.factories.people import make_program, make_staff
from tests.signin import post, sign_in

EXAMPLE = (config.ROOT / "docs" / "examples" / "timetable.csv").read_bytes()


def enter(client: FlaskClient) -> None:
    make_program()
    staff = make_staff(Role.ADMIN)
    assert staff.user
    sign_in(client, staff.user, "staff")


def upload(client: FlaskClient, data: bytes) -> TestResponse:
    return post(client, "/staff/imports/new", {"file": (io.BytesIO(data), "timetable.csv")})


def blocks() -> int:
    return len(db.session.scalars(select(Block)).all())


def test_a_timetable_is_looked_at_then_applied(client):
    enter(client)
    shown = upload(client, EXAMPLE).location
    text = client.get(shown).text
    assert "Import 5 rows" in text
    assert "Nothing is written yet." in text
    assert blocks() == 0
    for _ in range(2):
        assert post(client, f"{shown}/apply").status_code == 302
    assert blocks() == 5
    file = db.session.scalars(select(ImportFile)).one()
    assert (file.added, file.content) == (5, None)
    assert "This file was applied on" in client.get(shown).text
    assert "Applied" in client.get("/staff/imports").text


def test_a_file_that_is_there_already_says_so(client):
    enter(client)
    post(client, f"{upload(client, EXAMPLE).location}/apply")
    text = client.get(upload(client, EXAMPLE).location).text
    assert "Everything in this file is there already." in text
    assert "Import 5 rows" not in text


def test_a_row_with_a_problem_is_named_and_nothing_can_be_applied(client):
    enter(client)
    shown = upload(client, EXAMPLE.replace(b"Mon Wed Thu", b"Someday")).location
    text = client.get(shown).text
    assert "“Someday” in column “weekday” is not a day. Write Tue or Mon-Thu." in text
    assert '<td data-l="Row">5</td>' in text
    answer = post(client, f"{shown}/apply")
    assert answer.status_code == 409
    assert "so nothing was written" in answer.text
    assert blocks() == 0


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "This file has no rows."),
        (b"a,b\n1,2\n", "These columns are missing: end, from, group, location, start, track, weekday."),
        (EXAMPLE.decode().encode("utf-16"), "This file is not UTF-8 text."),
        (EXAMPLE + b'"open', "Row 7 cannot be read"),
    ],
)
def test_a_file_that_is_no_timetable_is_not_even_kept(client, data: bytes, words: str):
    enter(client)
    answer = upload(client, data)
    assert answer.status_code == 409
    assert words in answer.text
    assert db.session.scalars(select(ImportFile)).all() == []


def test_without_a_file_the_page_asks_for_one(client):
    enter(client)
    answer = post(client, "/staff/imports/new")
    assert "No file was chosen." in answer.text


def test_a_file_set_aside_is_forgotten(client):
    enter(client)
    shown = upload(client, EXAMPLE).location
    assert post(client, f"{shown}/set-aside").status_code == 302
    assert db.session.scalars(select(ImportFile)).one().content is None
    assert "This file was set aside." in client.get(shown).text
    assert post(client, f"{shown}/apply").status_code == 409
    assert blocks() == 0


def test_an_unknown_file_is_not_there(client):
    enter(client)
    assert client.get("/staff/imports/1").status_code == 404
    assert post(client, "/staff/imports/1/apply").status_code == 404


@pytest.mark.parametrize("verb", ["apply", "set-aside"])
def test_a_button_needs_its_token(client, verb: str):
    enter(client)
    shown = upload(client, EXAMPLE).location
    assert client.post(f"{shown}/{verb}").status_code == 400
    assert client.get(f"{shown}/{verb}").status_code == 405
