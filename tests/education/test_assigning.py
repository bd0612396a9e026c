"""What is picked because of a client stands and falls with the consent."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event, select

from portal.audit.models import AuditEntry
from portal.consent.rules import Scope
from portal.core.actor import Actor, job
from portal.core.db import db, writing
from portal.core.errors import NotFound, Refused
from portal.education import queries, service
from portal.education.models import Assignment
from portal.education.notes import NOTES
from portal.education.rules import Standing
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.education import make_assignment, make_module, make_progress
from tests.factories.people import make_family_member, make_relationship, make_staff


def assign(relationship_id: int, module_id: int, note: str | None = None) -> Assignment:
    actor = Actor("staff", make_staff().id)
    with writing():
        return service.assign(
            relationship_id=relationship_id,
            module_id=module_id,
            suggested_by_on=None,
            note_code=note,
            actor=actor,
            now=NOW,
        )


def test_without_a_consent_nothing_is_picked(app: Flask) -> None:
    relationship, module = make_relationship(), make_module()
    with pytest.raises(Refused, match="lesson_consent_ended"):
        assign(relationship.id, module.id)
    assert db.session.scalars(select(Assignment)).all() == []


def test_a_note_outside_the_list_is_refused(app: Flask) -> None:
    consent, module = make_signed_consent(), make_module()
    with pytest.raises(NotFound):
        assign(consent.relationship_id, module.id, "He used again")


def test_every_note_is_there_in_both_languages() -> None:
    assert all(set(note) == {"en", "es"} and all(note.values()) for note in NOTES.values())


def test_closing_closes_all_of_one_relationship_and_no_other(app: Flask) -> None:
    consent, other = make_signed_consent(), make_signed_consent()
    for each in (consent, consent, other):
        assign(each.relationship_id, make_module().id)
    with writing():
        closed = service.close_for(
            relationship_id=consent.relationship_id, reason="access_ended", now=NOW, actor=job("test")
        )
    assert closed == 2
    left = db.session.scalars(select(Assignment).where(Assignment.closed_at.is_(None))).one()
    assert left.relationship_id == other.relationship_id
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.kind == "lesson.closed")).all()
    assert {entry.fields["reason"] for entry in entries} == {"access_ended"}


def test_what_was_withdrawn_can_be_picked_again(app: Flask) -> None:
    consent, module = make_signed_consent(), make_module()
    first = assign(consent.relationship_id, module.id)
    with writing():
        service.withdraw(client_id=consent.client_id, assignment_id=first.id, actor=job("test"), now=NOW)
    assert assign(consent.relationship_id, module.id).id != first.id


@pytest.mark.parametrize(("seconds", "count"), [(-1, 1), (0, 0), (1, 0)])
def test_picks_end_with_the_consent_to_the_second(app: Flask, seconds: int, count: int) -> None:
    consent, module = make_signed_consent(), make_module()
    assign(consent.relationship_id, module.id)
    assert consent.ends_at is not None
    at = consent.ends_at + timedelta(seconds=seconds)
    assert len(queries.assigned_to(family_member_id=consent.family_member_id, now=at)) == count


def test_a_pick_carries_its_permit(app: Flask) -> None:
    consent, module = make_signed_consent(scopes={Scope.LESSONS}), make_module()
    assign(consent.relationship_id, module.id)
    (pick,) = queries.assigned_to(family_member_id=consent.family_member_id, now=NOW)
    assert (pick.permit.scope, pick.permit.consent_id) == (Scope.LESSONS, consent.id)


def test_the_next_lesson_is_a_picked_one_first(app: Flask) -> None:
    consent = make_signed_consent()
    here, following, picked = make_module(), make_module(), make_module()
    reader = consent.family_member_id

    def next_one() -> int | None:
        found = queries.next_after(family_member_id=reader, module_id=here.id, now=NOW, language="en")
        return found.module_id if found else None

    assert next_one() == following.id
    make_assignment(relationship=consent.relationship, module=picked)
    assert next_one() == picked.id


def test_when_all_is_done_there_is_no_next_lesson(app: Flask) -> None:
    reader, module = make_family_member(), make_module()
    make_progress(family_member=reader, module=make_module(), finished_at=NOW)
    assert queries.next_after(family_member_id=reader.id, module_id=module.id, now=NOW, language="en") is None


def test_the_library_costs_one_statement_whatever_its_size(app: Flask) -> None:
    reader, done = make_family_member(), make_module()
    reader_id = reader.id
    make_progress(family_member=reader, module=done, finished_at=NOW)
    for _each in range(5):
        make_module()
    statements: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    shelf = queries.library(language="es", family_member_id=reader_id)
    assert len([each for each in statements if each.startswith("SELECT")]) == 1
    assert [one.standing for one in shelf] == [Standing.DONE, *[Standing.NOT_STARTED] * 5]
    assert shelf[0].title == "Una lección pequeña"
