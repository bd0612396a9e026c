"""Private notes and lists: nothing is lost, nobody else reads them, sharing is for one text."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.core.errors import NotFound, Refused
from portal.education import markup, private
from portal.education.models import Reflection
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.education import make_module
from tests.factories.people import make_family_member, make_relationship


@pytest.fixture
def own(app: Flask) -> dict[str, int]:
    return {"family_member_id": make_family_member().id, "module_id": make_module().id}


def write(own: dict[str, int], text: str, revision: int = 0) -> None:
    with writing():
        private.write_note(**own, text=text, revision=revision, now=NOW)


def note(own: dict[str, int]) -> Reflection | None:
    return private.note_of(**own)


def test_sending_twice_keeps_one_note(own: dict[str, int]) -> None:
    for _tap in range(2):
        write(own, "I was calm.")
    kept = note(own)
    assert kept
    assert (kept.text, kept.revision) == ("I was calm.", 1)


def test_an_old_tab_does_not_write_over_a_newer_text(own: dict[str, int]) -> None:
    write(own, "From the phone.")
    with pytest.raises(Refused, match="changed_meanwhile"):
        write(own, "From the old tab.", revision=0)
    kept = note(own)
    assert kept
    assert kept.text == "From the phone."


def test_an_empty_text_takes_the_note_away(own: dict[str, int]) -> None:
    write(own, "Something.")
    write(own, "  ", revision=1)
    kept = note(own)
    assert kept
    assert kept.text == ""


def test_an_old_tab_does_not_write_over_the_note_that_came_after_one_taken_away(own: dict[str, int]) -> None:
    write(own, "The first.")
    write(own, "", revision=1)
    write(own, "The second.", revision=2)
    with pytest.raises(Refused, match="changed_meanwhile"):
        write(own, "From the old tab.", revision=1)
    kept = note(own)
    assert kept
    assert kept.text == "The second."


def test_a_note_has_an_end(own: dict[str, int]) -> None:
    with pytest.raises(Refused, match="note_too_long"):
        write(own, "x" * (private.NOTE_MAX + 1))


def test_a_note_of_somebody_else_is_not_there(own: dict[str, int]) -> None:
    write(own, "Mine.")
    other = {**own, "family_member_id": make_family_member().id}
    assert note(other) is None
    with pytest.raises(NotFound), writing():
        private.take_note_back(**other, actor=Actor("family", None), now=NOW)


def share(own: dict[str, int], relationship_id: int, revision: int = 1) -> None:
    with writing():
        private.share_note(
            **own,
            relationship_id=relationship_id,
            revision=revision,
            actor=Actor("family", own["family_member_id"]),
            now=NOW,
        )


@pytest.fixture
def shared(app: Flask) -> tuple[dict[str, int], int]:
    consent, module = make_signed_consent(), make_module()
    own = {"family_member_id": consent.family_member_id, "module_id": module.id}
    relationship_id = consent.relationship_id
    write(own, "Read this.")
    share(own, relationship_id)
    return own, relationship_id


def test_a_note_is_shared_with_one_team_and_taken_back(shared: tuple[dict[str, int], int]) -> None:
    own, relationship_id = shared
    assert [one.text for one in private.shared_notes(relationship_ids=[relationship_id])] == ["Read this."]
    assert private.shared_notes(relationship_ids=[make_relationship().id]) == []
    with writing():
        private.take_note_back(**own, actor=Actor("family", None), now=NOW + timedelta(days=1))
    assert private.shared_notes(relationship_ids=[relationship_id]) == []
    noted = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    kinds = [entry.kind for entry in noted if entry.kind.startswith("note.")]
    assert kinds == ["note.shared", "note.taken_back"]


def test_a_changed_text_is_private_again(shared: tuple[dict[str, int], int]) -> None:
    own, relationship_id = shared
    write(own, "Read this. And this is mine.", revision=1)
    assert private.shared_notes(relationship_ids=[relationship_id]) == []


def test_what_was_not_on_the_screen_is_not_shared(shared: tuple[dict[str, int], int]) -> None:
    own, relationship_id = shared
    write(own, "Changed on the phone.", revision=1)
    with pytest.raises(Refused, match="changed_meanwhile"):
        share(own, relationship_id, revision=1)


def test_nobody_shares_with_a_team_that_is_not_theirs(shared: tuple[dict[str, int], int]) -> None:
    with pytest.raises(NotFound):
        share(shared[0], make_signed_consent().relationship_id)


def test_lines_keep_their_order_and_stand_once(own: dict[str, int]) -> None:
    for texts in (["Lock the cabinet", "Count  the pills"], ["Count the pills", "Ask Ana"]):
        with writing():
            private.add_lines(**own, texts=texts)
    lines = private.lines_of(**own)
    assert [line.text for line in lines] == ["Lock the cabinet", "Count the pills", "Ask Ana"]
    with writing():
        private.tick(**own, ticked=[lines[1].id])
    assert [line.is_ticked for line in private.lines_of(**own)] == [False, True, False]


def test_a_line_of_somebody_else_is_neither_ticked_nor_taken_off(own: dict[str, int]) -> None:
    with writing():
        private.add_lines(**own, texts=["Mine"])
    line_id = private.lines_of(**own)[0].id
    other = {**own, "family_member_id": make_family_member().id}
    with writing():
        private.tick(**other, ticked=[line_id])
        private.remove_line(**other, line_id=line_id)
    assert [line.is_ticked for line in private.lines_of(**own)] == [False]


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        ([" "], "line_missing"),
        ([], "line_missing"),
        (["x" * 301], "line_too_long"),
        ([f"line {number}" for number in range(61)], "list_full"),
    ],
)
def test_a_list_has_limits(own: dict[str, int], texts: list[str], code: str) -> None:
    with pytest.raises(Refused, match=code), writing():
        private.add_lines(**own, texts=texts)
    assert private.lines_of(**own) == []


def test_the_lines_of_an_exercise_are_its_list_items() -> None:
    assert markup.items("Do:\n\n- One **thing**\n- Another\n  line\n\nAnd rest.") == [
        "One thing",
        "Another line",
    ]
