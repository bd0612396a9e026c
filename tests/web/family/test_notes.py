"""The practice card with its private note and list; the notes on paper; what staff see of them."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.consent import ending
from portal.consent.models import Consent
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.education import private, service
from portal.education.lesson import Card
from portal.education.models import Module
from portal.people.models import FamilyMember
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.education import make_module, make_progress
from tests.factories.people import make_client, make_family_member, make_user
from tests.factories.sessions import make_session
from tests.page import check_page
from tests.signin import post, sign_in


@pytest.fixture
def reader(app: Flask, client: FlaskClient) -> FamilyMember:
    user = make_user()
    member = make_family_member(user_id=user.id)
    sign_in(client, user, "family")
    return member


@pytest.fixture
def module(reader: FamilyMember) -> Module:
    """A lesson this reader is at the practice of."""
    practice = Card("Try it", "Walk through:\n\n- the kitchen\n- the bathroom\n")
    module = make_module(code="m11", lesson_values={"practice": practice})
    make_progress(family_member=reader, module=module, furthest_part=2)
    return module


def test_the_practice_card_has_a_private_note_and_a_list(client: FlaskClient, module: Module) -> None:
    response = client.get(f"/learn/{module.id}/3")
    check_page(response)
    for words in ("Only you can read this", "My home check", "Begin with the lines of this exercise"):
        assert words in response.text
    assert "My private note" not in client.get(f"/learn/{module.id}/1").text


def test_a_note_is_kept_and_printed(client: FlaskClient, module: Module) -> None:
    at = f"/learn/{module.id}/notes"
    assert post(client, at, {"text": "I stayed <calm>.", "revision": "0"}).location == at
    assert "I stayed &lt;calm&gt;." in client.get(at).text
    post(client, f"{at}/list/copy")
    page = client.get(f"{at}/print")
    check_page(page)
    assert "☐ the kitchen" in page.text
    assert "I stayed &lt;calm&gt;." in page.text


def test_from_an_old_tab_nothing_is_lost_on_either_side(client: FlaskClient, module: Module) -> None:
    at = f"/learn/{module.id}/notes"
    post(client, at, {"text": "First.", "revision": "0"})
    answer = post(client, at, {"text": "Second.", "revision": "0"})
    assert answer.status_code == 409
    assert "What is saved now: First." in answer.text
    assert "Second.</textarea>" in answer.text
    assert post(client, at, {"text": "First. Second.", "revision": "1"}).status_code == 302


def test_lines_are_ticked_and_taken_off(client: FlaskClient, module: Module, reader: FamilyMember) -> None:
    at = f"/learn/{module.id}/notes/list"
    own = {"family_member_id": reader.id, "module_id": module.id}
    post(client, at, {"line": "Lock the cabinet"})
    post(client, at, {"line": "Call Ana"})
    first, second = (line.id for line in private.lines_of(**own))
    post(client, f"{at}/ticks", {"line": [str(first)]})
    assert [line.is_ticked for line in private.lines_of(**own)] == [True, False]
    post(client, f"{at}/ticks", {"line": [str(first)], "away": str(second)})
    assert [line.text for line in private.lines_of(**own)] == ["Lock the cabinet"]
    empty = post(client, at, {"line": " "})
    assert empty.status_code == 409
    assert "The line is empty." in empty.text


def test_without_a_permission_there_is_nobody_to_share_with(client: FlaskClient, module: Module) -> None:
    post(client, f"/learn/{module.id}/notes", {"text": "Mine.", "revision": "0"})
    assert "Share with my team" not in client.get(f"/learn/{module.id}/notes").text


def test_a_note_is_shared_taken_back_and_survives_the_permission(
    client: FlaskClient, module: Module, reader: FamilyMember
) -> None:
    consent, at = make_signed_consent(family_member=reader), f"/learn/{module.id}/notes"
    relationship_id, consent_id = consent.relationship_id, consent.id
    post(client, at, {"text": "For the team.", "revision": "0"})
    assert "Share with my team" in client.get(at).text
    post(client, f"{at}/share", {"relationship": str(relationship_id), "revision": "1"})
    assert "Your team can read this note" in client.get(at).text
    with writing():
        one = db.session.get_one(Consent, consent_id)
        ending.revoke(consent=one, actor=Actor("client", one.client_id), now=NOW)
    assert "For the team." in client.get(at).text
    post(client, f"{at}/take-back")
    assert private.shared_notes(relationship_ids=[relationship_id]) == []


def test_with_two_relatives_the_names_tell_the_teams_apart(
    client: FlaskClient, module: Module, reader: FamilyMember
) -> None:
    for name in ("Marcus", "Nina"):
        make_signed_consent(family_member=reader, client=make_client(given_name=name))
    at = f"/learn/{module.id}/notes"
    post(client, at, {"text": "For one team.", "revision": "0"})
    page = client.get(at).text
    assert "Share with the team of Marcus" in page
    assert "Share with the team of Nina" in page


def test_notes_belong_to_a_lesson_that_was_begun(client: FlaskClient, reader: FamilyMember) -> None:
    module = make_module()
    assert client.get(f"/learn/{module.id}/notes").location == f"/learn/{module.id}"
    assert post(client, f"/learn/{module.id}/notes/list/copy").status_code == 404
    assert client.get("/learn/99/notes").status_code == 404


def test_the_whole_lesson_stands_on_one_page_in_large_type_too(client: FlaskClient, module: Module) -> None:
    page = client.get(f"/learn/{module.id}/print")
    check_page(page)
    for words in ("Card 1 en", "Card 2 en", "the bathroom", "First question?", "What fits"):
        assert words in page.text
    assert "large-type" not in page.text
    assert 'class="large-type"' in client.get(f"/learn/{module.id}/print?size=large").text


def test_every_page_of_a_lesson_names_the_next_session_and_the_crisis_lines(
    client: FlaskClient, module: Module
) -> None:
    make_session(title_en="Open evening")
    at = f"/learn/{module.id}"
    for page in (at, f"{at}/1", f"{at}/3", f"{at}/check/1", f"{at}/notes", f"{at}/print"):
        text = client.get(page).text
        assert "The next family session" in text, page
        assert "Open evening" in text, page
        assert "tel:988" in text, page
        assert "Awaiting clinical review." in text, page


@pytest.mark.parametrize("code", ["m06", "m11", "m12"])
def test_the_longest_real_lessons_stay_within_the_budget(
    client: FlaskClient, reader: FamilyMember, code: str
) -> None:
    with writing():
        service.load_content(NOW)
    module = db.session.scalars(select(Module).where(Module.code == code)).one()
    at = f"/learn/{module.id}"
    post(client, f"{at}/start", {"version": module.versions[0].id})
    parts = len(module.versions[0].content["en"]["cards"]) + 1
    post(client, f"{at}/notes/list/copy")
    for page in (at, f"{at}/1", f"{at}/{parts}", f"{at}/check/1", f"{at}/notes", f"{at}/notes/print"):
        check_page(client.get(page))
    check_page(client.get(f"{at}/print?size=large"), budget=9 * 1024)


def test_a_client_who_previews_never_sees_a_note(
    client: FlaskClient, module: Module, reader: FamilyMember
) -> None:
    marcus = make_client(user=make_user())
    consent = make_signed_consent(family_member=reader, client=marcus)
    module_id, relationship_id = module.id, consent.relationship_id
    post(client, f"/learn/{module_id}/notes", {"text": "About Marcus.", "revision": "0"})
    post(
        client,
        f"/learn/{module_id}/notes/share",
        {"relationship": str(relationship_id), "revision": "1"},
    )
    sign_in(client, marcus.user, "client")
    at = f"/my/people/{relationship_id}/preview/learn/{module_id}"
    for page in (f"{at}/3", f"{at}/notes", f"{at}/notes/print", f"{at}/print"):
        response = client.get(page)
        assert response.status_code == 200
        assert "About Marcus." not in response.text
    assert post(client, f"{at}/notes/take-back").status_code == 404
