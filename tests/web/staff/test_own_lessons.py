"""A lesson of the center's own: files in, a look, publish, files out."""

from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from portal.core.db import db
from portal.education.models import LessonDraft, Module
from portal.people.models import Role
from tests.education.test_own import files
from tests.factories.people import make_staff
from tests.page import check_page
from tests.signin import post, sign_in

AT = "/staff/lessons/own"


@pytest.fixture(autouse=True)
def therapist(app: Flask, client: FlaskClient) -> None:
    sign_in(client, make_staff(Role.THERAPIST).user, "staff")


def send(client: FlaskClient, sent: dict[str, bytes]) -> TestResponse:
    data: dict[str, Any] = {code: (BytesIO(text), f"{code}.md") for code, text in sent.items()}
    return post(client, AT, {**data, "is_library": "y"}, content_type="multipart/form-data")


def drafts() -> int:
    return db.session.scalar(select(func.count(LessonDraft.id))) or 0


def test_files_in_a_look_publish_and_files_out(client: FlaskClient) -> None:
    check_page(client.get(AT), budget=15 * 1024)
    draft = send(client, files()).location
    page = client.get(draft)
    assert "Nobody reads it yet." in page.text
    assert 'lang="es"' in page.text
    published = post(client, f"{draft}/publish").location
    module = db.session.scalars(select(Module)).one()
    assert published == f"/staff/lessons/{module.id}"
    out = client.get(f"{published}/file/es")
    assert out.mimetype == "text/markdown"
    assert out.headers["Content-Disposition"] == 'attachment; filename="c01-es.md"'
    assert send(client, {code: client.get(f"{published}/file/{code}").data for code in ("en", "es")}).location
    assert client.get(f"{published}/file/fr").status_code == 404


def test_problems_are_told_with_file_and_line(client: FlaskClient) -> None:
    sent = files()
    sent["en"] = sent["en"].replace(b"- [x]", b"- [ ]", 1)
    response = send(client, sent)
    assert response.status_code == 409
    assert "Nothing was loaded." in response.text
    assert "0 right answers" in response.text
    assert drafts() == 0


def test_a_missing_translation_is_said_in_a_sentence(client: FlaskClient) -> None:
    response = send(client, {"en": files()["en"]})
    assert "A lesson needs one in English and one in Spanish." in response.text
    assert drafts() == 0


def test_a_file_of_ten_megabytes_is_refused_in_a_sentence(client: FlaskClient) -> None:
    response = send(client, {**files(), "es": b"x" * (10 * 1024 * 1024)})
    assert response.status_code == 413
    assert "This file is too large" in response.text
    smaller = send(client, {**files(), "es": b"x" * (3 * 1024 * 1024)})
    assert "is larger than 200 kB" in smaller.text
    assert drafts() == 0


def test_a_draft_is_set_aside(client: FlaskClient) -> None:
    draft = send(client, files()).location
    for _press in range(2):
        assert post(client, f"{draft}/set-aside").location == AT
    assert drafts() == 0
    assert client.get(draft).status_code == 404
    assert post(client, f"{draft}/publish").status_code == 404


def test_a_coordinator_does_not_publish(client: FlaskClient) -> None:
    sign_in(client, make_staff(Role.COORDINATOR).user, "staff")
    assert client.get(AT).status_code == 404


def test_the_list_of_lessons_leads_here(client: FlaskClient) -> None:
    assert f'href="{AT}"' in client.get("/staff/lessons").text
