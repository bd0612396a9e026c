"""Lessons as a family member meets them: the whole way, and everything that may go wrong on it."""

from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.consent import ending
from portal.consent.models import Consent
from portal.consent.rules import Scope
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.disclosure.models import DisclosureEntry
from portal.education.models import CheckAnswer, Module, Progress
from portal.people.models import FamilyMember
from tests.conftest import NOW, HeldClock
from tests.factories.consent import make_signed_consent
from tests.factories.education import make_assignment, make_module, make_progress, make_version
from tests.factories.people import make_family_member, make_staff, make_user
from tests.factories.sessions import make_sign_up
from tests.signin import post, sign_in

NOTICE = "Your team sees which lessons you finish."


@pytest.fixture
def reader(app: Flask, client: FlaskClient) -> FamilyMember:
    """A family member without any permission, signed in."""
    user = make_user()
    member = make_family_member(user_id=user.id)
    sign_in(client, user, "family")
    return member


def begin(client: FlaskClient, module: Module) -> None:
    post(client, f"/learn/{module.id}/start", {"version": module.versions[0].id})


def pick(reader: FamilyMember, **values: object) -> tuple[Consent, Module]:
    consent = make_signed_consent(family_member=reader)
    module = make_module()
    make_assignment(relationship=consent.relationship, module=module, **values)
    return consent, module


def test_without_any_permission_the_library_is_open(client: FlaskClient, reader: FamilyMember) -> None:
    module = make_module()
    page = client.get("/learn").text
    assert "No lessons were picked for you yet. These are open to everyone." in page
    assert f"/learn/{module.id}" in page


def test_a_lesson_from_start_to_end(client: FlaskClient, reader: FamilyMember) -> None:
    module = make_module()
    at = f"/learn/{module.id}"
    assert NOTICE in client.get(at).text
    assert post(client, f"{at}/start", {"version": module.versions[0].id}).location == f"{at}/1"
    assert "Part 1 of 3" in client.get(f"{at}/1").text
    assert post(client, f"{at}/1/next").location == f"{at}/2"
    post(client, f"{at}/2/next")
    assert post(client, f"{at}/3/next").location == f"{at}/check"
    assert client.get(f"{at}/check").location == f"{at}/check/1"
    assert post(client, f"{at}/check/1", {"option": "1"}).location == f"{at}/check/1"
    page = client.get(f"{at}/check/1").text
    assert "<h1>Not quite</h1>" in page
    assert "What fits: The right one" in page
    post(client, f"{at}/check/1", {"option": "0"})
    assert "<h1>Yes</h1>" in client.get(f"{at}/check/1").text
    assert client.get(f"{at}/check").location == f"{at}/check/2"
    assert post(client, f"{at}/finish").location == f"{at}/finished"
    page = client.get(f"{at}/finished").text
    assert "You finished this lesson" in page
    assert "What helps?" in page
    assert db.session.scalars(select(Progress)).one().finished_at == NOW


def test_the_end_names_the_next_session_and_one_next_lesson(
    client: FlaskClient, reader: FamilyMember
) -> None:
    module, following = make_module(), make_module()
    make_progress(family_member=reader, module=module, furthest_part=3, finished_at=NOW)
    assert "Your next session" not in client.get(f"/learn/{module.id}/finished").text
    place = make_sign_up(family_member=reader)
    page = client.get(f"/learn/{module.id}/finished").text
    assert f"/sessions/{place.session_id}" in page
    assert "Talking when it is hard" in page
    assert f"/learn/{following.id}" in page


def test_looking_changes_nothing(client: FlaskClient, reader: FamilyMember) -> None:
    module = make_module()
    for path in ("", "/1", "/3", "/check", "/check/1", "/finished"):
        client.get(f"/learn/{module.id}{path}")
    assert db.session.scalar(select(func.count(Progress.id))) == 0


def test_the_notice_stands_before_the_first_lesson_only(client: FlaskClient, reader: FamilyMember) -> None:
    first, second = make_module(), make_module()
    begin(client, first)
    assert NOTICE not in client.get(f"/learn/{second.id}").text


def test_a_part_before_the_start_leads_to_the_start(client: FlaskClient, reader: FamilyMember) -> None:
    module = make_module()
    for path in ("/1", "/check/1"):
        assert client.get(f"/learn/{module.id}{path}").location == f"/learn/{module.id}"


def test_reading_goes_on_where_it_stopped(client: FlaskClient, reader: FamilyMember) -> None:
    module = make_module()
    make_progress(family_member=reader, module=module, furthest_part=1)
    assert "Continue" in client.get(f"/learn/{module.id}").text
    begun = post(client, f"/learn/{module.id}/start", {"version": module.versions[0].id})
    assert begun.location == f"/learn/{module.id}/2"


def test_an_old_tab_loses_nothing(client: FlaskClient, reader: FamilyMember) -> None:
    module = make_module()
    make_progress(family_member=reader, module=module, furthest_part=3)
    post(client, f"/learn/{module.id}/1/next")
    post(client, f"/learn/{module.id}/1/next")
    assert db.session.scalars(select(Progress)).one().furthest_part == 3


def test_a_new_version_does_not_disturb_a_reader(client: FlaskClient, reader: FamilyMember) -> None:
    module = make_module()
    begin(client, module)
    with writing():
        make_version(db.session.get_one(Module, module.id), cards=5)
    assert "Part 2 of 3" in client.get(f"/learn/{module.id}/2").text


def test_no_answer_is_asked_for_with_a_way_on(client: FlaskClient, reader: FamilyMember) -> None:
    module = make_module()
    make_progress(family_member=reader, module=module, furthest_part=3)
    response = post(client, f"/learn/{module.id}/check/1")
    assert "Choose an answer, or skip this question." in response.text
    assert f"/learn/{module.id}/check/2" in response.text
    assert db.session.scalar(select(func.count(CheckAnswer.id))) == 0


@pytest.mark.parametrize("option", ["9", "-1", "x"])
def test_an_answer_that_is_not_there_is_not_kept(
    client: FlaskClient, reader: FamilyMember, option: str
) -> None:
    module = make_module()
    make_progress(family_member=reader, module=module, furthest_part=3)
    post(client, f"/learn/{module.id}/check/1", {"option": option})
    assert db.session.scalar(select(func.count(CheckAnswer.id))) == 0


def test_trying_again_shows_the_question_afresh(client: FlaskClient, reader: FamilyMember) -> None:
    module = make_module()
    make_progress(family_member=reader, module=module, furthest_part=3)
    post(client, f"/learn/{module.id}/check/1", {"option": "1"})
    page = client.get(f"/learn/{module.id}/check/1?again=1").text
    assert "Question 1 of 2" in page
    assert "Not quite" not in page
    assert " checked" not in page


def test_finishing_with_parts_left_leads_back_to_them(client: FlaskClient, reader: FamilyMember) -> None:
    module = make_module()
    make_progress(family_member=reader, module=module, furthest_part=1)
    response = post(client, f"/learn/{module.id}/finish")
    assert response.location == f"/learn/{module.id}/2"
    page = client.get(response.location).text
    assert "Some parts of this lesson are not read yet." in page
    assert "Part 2 of 3" in page
    assert db.session.scalars(select(Progress)).one().finished_at is None


def test_a_picked_lesson_says_by_when_and_is_in_the_ledger(client: FlaskClient, reader: FamilyMember) -> None:
    consent, _module = pick(reader, suggested_by_on=date(2026, 3, 20), note_code="own_pace")
    page = client.get("/learn").text
    assert "Your therapist team suggested this by March 20, 2026." in page
    assert "Take it at your own pace." in page
    entry = db.session.scalars(select(DisclosureEntry).order_by(DisclosureEntry.id)).one()
    assert (entry.consent_id, entry.scope) == (consent.id, Scope.LESSONS)
    assert entry.subject.startswith("assignment:")


def test_nothing_is_ever_overdue(client: FlaskClient, reader: FamilyMember, held_clock: HeldClock) -> None:
    _consent, module = pick(reader, suggested_by_on=date(2026, 3, 5))
    held_clock.advance(days=30)
    sign_in(client, reader.user, "family")
    for path in ("/learn", f"/learn/{module.id}"):
        page = client.get(path).text.lower()
        assert "suggested this by" in page
        assert "overdue" not in page
        assert " due" not in page


def test_when_sharing_stops_the_pick_is_gone_and_own_progress_stays(
    client: FlaskClient, reader: FamilyMember
) -> None:
    consent, module = pick(reader)
    begin(client, module)
    post(client, f"/learn/{module.id}/1/next")
    with writing():
        ending.revoke(
            consent=db.session.get_one(Consent, consent.id),
            actor=Actor("client", consent.client_id),
            now=NOW,
        )
    assert "suggested this" not in client.get("/learn").text
    assert "Part 2 of 3" in client.get(f"/learn/{module.id}/2").text


def test_a_consent_without_lessons_shows_no_pick(client: FlaskClient, reader: FamilyMember) -> None:
    consent = make_signed_consent(family_member=reader, scopes={Scope.SESSIONS})
    make_assignment(relationship=consent.relationship)
    assert "suggested this" not in client.get("/learn").text


@pytest.mark.parametrize(("seconds", "shown"), [(-1, True), (0, False), (1, False)])
def test_a_pick_is_shown_until_the_second_the_consent_ends(
    client: FlaskClient, reader: FamilyMember, held_clock: HeldClock, seconds: int, shown: bool
) -> None:
    consent, _module = pick(reader)
    assert consent.ends_at is not None
    held_clock.at = consent.ends_at + timedelta(seconds=seconds)
    sign_in(client, reader.user, "family")
    assert ("suggested this" in client.get("/learn").text) is shown


def test_a_module_outside_the_library_opens_by_being_picked(
    client: FlaskClient, reader: FamilyMember
) -> None:
    hidden = make_module(is_library=False)
    assert client.get(f"/learn/{hidden.id}").status_code == 404
    assert post(client, f"/learn/{hidden.id}/start").status_code == 404
    consent = make_signed_consent(family_member=reader)
    make_assignment(relationship=consent.relationship, module=hidden)
    assert client.get(f"/learn/{hidden.id}").status_code == 200


def test_somebody_elses_pick_does_not_show(client: FlaskClient, reader: FamilyMember) -> None:
    other = make_signed_consent(family_member=make_family_member())
    make_assignment(relationship=other.relationship)
    assert "suggested this" not in client.get("/learn").text


def test_titles_and_addresses_say_nothing(client: FlaskClient, reader: FamilyMember) -> None:
    module = make_module()
    begin(client, module)
    page = client.get(f"/learn/{module.id}/1").text
    title = page.split("<title>")[1].split("</title>")[0]
    assert title.startswith("Lesson - ")
    assert module.code not in page


def test_a_lesson_is_read_in_spanish(client: FlaskClient, reader: FamilyMember) -> None:
    with writing():
        db.session.get_one(FamilyMember, reader.id).user.language = "es"  # type: ignore[union-attr]
    module = make_module()
    assert "Una lección pequeña" in client.get(f"/learn/{module.id}").text


def test_every_page_says_it_is_general_and_where_it_comes_from(
    client: FlaskClient, reader: FamilyMember
) -> None:
    module = make_module()
    make_progress(family_member=reader, module=module, furthest_part=3, finished_at=NOW)
    for path in ("", "/1", "/check/1", "/finished"):
        page = client.get(f"/learn/{module.id}{path}").text
        assert "This is general education, not advice about your relative." in page
        assert "A source" in page
        assert "Awaiting clinical review." in page
        assert page.count("<h1") == 1


PATHS = ("/learn", "/learn/{}", "/learn/{}/1", "/learn/{}/check", "/learn/{}/check/1", "/learn/{}/finished")
POSTS = ("/learn/{}/start", "/learn/{}/1/next", "/learn/{}/check/1", "/learn/{}/finish")


def test_signed_out_leads_to_sign_in(app: Flask, client: FlaskClient) -> None:
    module = make_module()
    for path in PATHS:
        assert "/sign-in" in client.get(path.format(module.id)).location


def test_other_audiences_find_nothing(app: Flask, client: FlaskClient) -> None:
    module, user = make_module(), make_user()
    make_staff(user=user)
    sign_in(client, user, "staff")
    for path in PATHS:
        assert client.get(path.format(module.id)).status_code == 404


def test_unknown_ids_are_not_found(client: FlaskClient, reader: FamilyMember) -> None:
    for path in PATHS[1:]:
        assert client.get(path.format(99)).status_code == 404
    for path in POSTS:
        assert post(client, path.format(99)).status_code == 404


@pytest.mark.parametrize("path", ["/0", "/4", "/check/0", "/check/3"])
def test_a_part_or_question_that_is_not_there_is_not_found(
    client: FlaskClient, reader: FamilyMember, path: str
) -> None:
    module = make_module()
    make_progress(family_member=reader, module=module)
    assert client.get(f"/learn/{module.id}{path}").status_code == 404


def test_buttons_need_a_token_and_a_post(client: FlaskClient, reader: FamilyMember) -> None:
    module = make_module()
    for path in POSTS:
        assert client.post(path.format(module.id)).status_code == 400
    assert client.get(f"/learn/{module.id}/start").status_code == 405
