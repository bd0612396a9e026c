"""The parts of a form: what a failed one says, and the birth date in three fields."""

from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict

from portal.web.birth_date import BirthDateField
from tests.page import check_page
from tests.signin import post


class BirthForm(FlaskForm):
    born = BirthDateField("Birth date")


@pytest.fixture
def engine() -> str:
    return "sqlite"


def typed(app: Flask, month: str, day: str, year: str) -> BirthForm:
    with app.test_request_context():
        data = MultiDict({"born-month": month, "born-day": day, "born-year": year})
        return BirthForm(data, meta={"csrf": False})


@pytest.mark.parametrize(("month", "day", "year"), [("5", "17", "1990"), (" 05 ", "17", "1990")])
def test_three_numbers_make_a_birth_date(app: Flask, month: str, day: str, year: str) -> None:
    form = typed(app, month, day, year)
    assert form.born.data == date(1990, 5, 17)


@pytest.mark.parametrize(
    "parts", [("2", "30", "1990"), ("May", "17", "1990"), ("5", "", "1990"), ("0", "1", "1990")]
)
def test_what_is_no_date_is_kept_as_typed(app: Flask, parts: tuple[str, str, str]) -> None:
    form = typed(app, *parts)
    assert form.born.data is None
    assert (form.born.part("month"), form.born.part("day"), form.born.part("year")) == parts


def test_an_empty_birth_date_is_missing(app: Flask) -> None:
    assert typed(app, "", "", "").born.data is None


def test_a_failed_form_says_so_in_title_and_summary(client: FlaskClient) -> None:
    page = check_page(post(client, "/sign-in", {"sign_in_name": "", "passphrase": ""}))
    assert page.one("title").text.startswith("Error: ")
    summary = next(each for each in page.elements if each.attributes.get("role") == "alert")
    assert "autofocus" in summary.attributes
    assert summary.attributes["tabindex"] == "-1"
    assert all(
        link.attributes["href"][1:] in page.by_id() for link in page.all("a") if summary in link.parents
    )
