"""Following a caseload: standing and shared notes, in a fixed number of statements."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from portal.core.db import db
from portal.education import following, grouping
from portal.education.models import Reflection
from portal.education.rules import is_stuck
from portal.people.models import Client, Role, StaffMember
from tests.conftest import NOW
from tests.factories import factory
from tests.factories.consent import make_signed_consent
from tests.factories.education import make_assignment, make_module, make_progress
from tests.factories.people import (
    make_care_team_member,
    make_client,
    make_family_member,
    make_relationship,
    make_staff,
    make_user,
)
from tests.page import check_page
from tests.signin import sign_in

AT = "/staff/lessons/progress"


@factory
def make_note(**values: object) -> Reflection:
    return Reflection(**{"text": "We talked.", "changed_at": NOW, **values})


@pytest.fixture
def therapist(app: Flask, client: FlaskClient) -> StaffMember:
    staff = make_staff(Role.THERAPIST)
    sign_in(client, staff.user, "staff")
    return staff


@pytest.fixture
def dole(therapist: StaffMember) -> Client:
    dole = make_client()
    make_care_team_member(dole, therapist)
    return dole


@pytest.mark.parametrize(("days", "stuck"), [(6, False), (7, True), (40, True)])
def test_a_week_without_a_step_is_stuck_unless_finished(days: int, stuck: bool) -> None:
    before = NOW - timedelta(days=days)
    assert is_stuck(last_step_at=before, finished_at=None, now=NOW) is stuck
    assert not is_stuck(last_step_at=before, finished_at=before, now=NOW)
    assert not is_stuck(last_step_at=None, finished_at=None, now=NOW)


def test_each_person_and_lesson_has_its_standing(client: FlaskClient, dole: Client) -> None:
    elena = make_family_member(given_name="Elena", user=make_user())
    consent = make_signed_consent(client=dole, family_member=elena)
    make_relationship(client=dole, family_member=make_family_member(given_name="Ray"))
    for values in ({}, {"started_at": NOW - timedelta(days=20)}, {"last_step_at": NOW}, {"finished_at": NOW}):
        module = make_module()
        make_assignment(relationship=consent.relationship, module=module, pack_code="starter")
        if values:
            make_progress(family_member=elena, module=module, **values)
    response = client.get(AT)
    check_page(response, budget=15 * 1024)
    for words in ("Not started", "Reading", "Done", "(Starter)", "No consent for lessons."):
        assert words in response.text
    stuck = client.get(f"{AT}?show=stuck").text
    assert "Elena" in stuck
    assert "Ray" not in stuck
    away = client.get(f"{AT}?show=away").text
    assert "Ray" in away
    assert "Elena" not in away
    assert "%" not in response.text.split("<main")[1]


def test_only_shared_notes_are_seen_and_only_by_that_team(client: FlaskClient, dole: Client) -> None:
    consent, other = make_signed_consent(client=dole), make_signed_consent(client=make_client())
    module_id = make_module().id
    shared = {"shared_at": NOW, "changed_at": NOW}
    make_note(
        family_member_id=consent.family_member_id,
        module_id=module_id,
        text="For my team.",
        shared_with_id=consent.relationship_id,
        **shared,
    )
    make_note(family_member_id=consent.family_member_id, module_id=make_module().id, text="Mine alone.")
    make_note(
        family_member_id=other.family_member_id,
        module_id=module_id,
        text="For another team.",
        shared_with_id=other.relationship_id,
        **shared,
    )
    pages = client.get(AT).text + client.get(f"/staff/clients/{dole.id}/lessons").text
    assert "1 note" in pages
    assert "For my team." in pages
    assert "Mine alone." not in pages
    assert "For another team." not in pages


def test_somebody_elses_caseload_is_not_there(client: FlaskClient, therapist: StaffMember) -> None:
    make_signed_consent(family_member=make_family_member(given_name="Zelda"))
    page = client.get(AT).text
    assert "Zelda" not in page
    assert "Nobody is named yet." in page


def test_the_number_of_statements_does_not_grow(app: Flask, therapist: StaffMember) -> None:
    def statements() -> int:
        seen: list[str] = []

        def note(*args: object) -> None:
            seen.append(str(args[2]))

        staff = db.session.get_one(StaffMember, staff_id)
        assert staff.roles
        event.listen(db.engine, "before_cursor_execute", note)
        following.of_caseload(staff=staff, now=NOW)
        event.remove(db.engine, "before_cursor_execute", note)
        db.session.rollback()
        return len([each for each in seen if each.startswith("SELECT")])

    def family() -> None:
        one = make_client()
        make_care_team_member(one, db.session.get_one(StaffMember, staff_id))
        consent = make_signed_consent(client=one)
        make_assignment(relationship=consent.relationship)
        make_note(
            family_member_id=consent.family_member_id,
            module_id=make_module().id,
            shared_with_id=consent.relationship_id,
            shared_at=NOW,
        )

    staff_id = therapist.id
    family()
    first = statements()
    for _each in range(4):
        family()
    assert statements() == first
    assert first <= 5


def test_the_number_of_readers_counts_finished_ones_of_the_people_named(app: Flask) -> None:
    module, people = make_module(), [make_family_member() for _ in range(4)]
    make_progress(family_member=people[0], module=module, finished_at=NOW)
    make_progress(family_member=people[1], module=module)
    make_progress(family_member=people[2], module=make_module(), finished_at=NOW)
    make_progress(family_member=people[3], module=module, finished_at=NOW)
    named = [one.id for one in people[:3]]
    assert following.read_count(module_id=module.id, family_member_ids=named, now=NOW) == 1
    assert following.read_count(module_id=module.id, family_member_ids=[], now=NOW) == 0


def test_it_adds_up_by_family_pack_and_lesson_and_names_who_never_signed_in(
    client: FlaskClient, therapist: StaffMember, dole: Client
) -> None:
    elena = make_signed_consent(client=dole, family_member=make_family_member(user=make_user()))
    ray = make_signed_consent(client=dole, family_member=make_family_member(given_name="Ray"))
    signs = make_module(lesson_values={"title": "Signs"})
    for consent in (elena, ray):
        make_assignment(relationship=consent.relationship, module=signs, pack_code="starter")
    make_assignment(relationship=elena.relationship, module=make_module(lesson_values={"title": "Calm"}))
    make_progress(family_member=elena.family_member, module=signs, finished_at=NOW)
    everyone = following.of_caseload(staff=therapist, now=NOW)
    packs = {one.code: one for one in grouping.by_pack(everyone)}
    assert packs["starter"].standings == {"done": 1, "not_started": 1}
    assert [name.split()[0] for name in packs["starter"].away] == ["Ray"]
    assert packs[""].away == []
    assert [one.title for one in grouping.by_module(everyone)] == ["Calm", "Signs"]
    (family,) = grouping.by_family(everyone)
    assert family.standings == {"done": 1, "not_started": 2}
    for by, words in (("family", dole.short_name), ("pack", "Single lessons"), ("module", "Signs")):
        response = client.get(f"{AT}?by={by}")
        check_page(response, budget=15 * 1024)
        assert words in response.text
        assert "Ray" in response.text
