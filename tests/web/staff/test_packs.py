"""A pack is picked in one go: by the program's week or from a day; nothing is picked twice."""

from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.core.db import db
from portal.education.models import Assignment, Module
from portal.people.models import Client, Role
from tests.factories.consent import make_signed_consent
from tests.factories.education import make_assignment, make_module
from tests.factories.people import make_care_team_member, make_client, make_episode, make_staff
from tests.page import check_page
from tests.signin import post, sign_in


@pytest.fixture
def dole(app: Flask, client: FlaskClient) -> Client:
    """A client of the therapist who is signed in; in the program since March 2."""
    staff = make_staff(Role.THERAPIST)
    sign_in(client, staff.user, "staff")
    dole = make_client()
    make_care_team_member(dole, staff)
    make_episode(client=dole, started_on=date(2026, 3, 2))
    return dole


def starter(*codes: str) -> dict[str, int]:
    return {code: make_module(code=code).id for code in codes}


def assign(client: FlaskClient, dole: Client, relationship_id: int, **values: str) -> Any:
    sent = {
        "relationships": [str(relationship_id)],
        "pack": "starter",
        "suggested_by_on": "",
        "note_code": "",
    }
    return post(client, f"/staff/clients/{dole.id}/lessons/new", {**sent, **values})


def days() -> dict[str, date | None]:
    return {one.module.code: one.suggested_by_on for one in db.session.scalars(select(Assignment))}


def test_a_pack_is_looked_at_once_more_then_picked_by_program_week(client: FlaskClient, dole: Client) -> None:
    consent = make_signed_consent(client=dole)
    starter("m01", "m02", "m12", "m16")
    page = assign(client, dole, consent.relationship_id, pace="program", review="Review").text
    assert "Pack: Starter" in page
    assert "Suggested by March 8, 2026." in page
    assert days() == {}
    assign(client, dole, consent.relationship_id, pace="program", assign="Assign")
    first, second = date(2026, 3, 8), date(2026, 3, 15)
    assert days() == {"m01": first, "m12": first, "m02": second, "m16": second}
    assert {one.pack_code for one in db.session.scalars(select(Assignment))} == {"starter"}


def test_a_pack_counts_from_the_day_that_was_chosen(client: FlaskClient, dole: Client) -> None:
    consent = make_signed_consent(client=dole)
    starter("m01", "m02")
    assign(client, dole, consent.relationship_id, pace="start", starts_on="2026-04-06", assign="Assign")
    assert days() == {"m01": date(2026, 4, 12), "m02": date(2026, 4, 19)}


def test_from_a_day_asks_for_the_day(client: FlaskClient, dole: Client) -> None:
    consent = make_signed_consent(client=dole)
    starter("m01")
    page = assign(client, dole, consent.relationship_id, pace="start", assign="Assign").text
    assert "Say on which day week 1 begins." in page
    assert days() == {}


def test_what_is_picked_already_is_not_repeated(client: FlaskClient, dole: Client) -> None:
    consent = make_signed_consent(client=dole)
    ids = starter("m01", "m02")
    make_assignment(relationship=consent.relationship, module=db.session.get_one(Module, ids["m01"]))
    assert "Already picked" in assign(client, dole, consent.relationship_id, review="Review").text
    assign(client, dole, consent.relationship_id, assign="Assign")
    assert days() == {"m01": None, "m02": None}


def test_the_pages_of_packs_show_the_order_and_no_lock(client: FlaskClient, dole: Client) -> None:
    starter("m01")
    check_page(client.get("/staff/packs"), budget=15 * 1024)
    page = client.get("/staff/packs/ten_weeks").text
    assert "Week 10" in page
    assert "Nothing is locked" in page
    assert "M18 is not loaded here yet." in page
    assert "After a return to use" in client.get("/staff/packs").text
    assert client.get("/staff/packs/nothing").status_code == 404
