"""Picking a lesson for somebody because of a client, and taking it back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, select

from portal.audit import service as audit
from portal.consent.rules import Scope
from portal.core.actor import Actor
from portal.core.clock import local_date
from portal.core.db import db
from portal.core.errors import NotFound, Refused
from portal.disclosure import gate
from portal.education.models import Assignment, Module
from portal.education.notes import NOTES
from portal.education.packs import packs
from portal.people.models import Relationship


@dataclass(frozen=True)
class Wish:
    """A lesson to pick, the day it is suggested by, and the pack it comes with."""

    module_id: int
    suggested_by_on: date | None = None
    pack_code: str | None = None


@dataclass(frozen=True)
class Planned:
    """What one assignment would do; `is_new` is False where the lesson is picked already."""

    relationship: Relationship
    wish: Wish
    is_new: bool


def plan(*, relationship_ids: Sequence[int], wishes: Sequence[Wish], now: datetime) -> list[Planned]:
    """What assigning these would do; nothing is changed. Refuses as `assign` does."""
    planned: list[Planned] = []
    for relationship_id in relationship_ids:
        relationship = _reader(relationship_id)
        for day in {wish.suggested_by_on for wish in wishes}:
            _check(relationship, day, now)
        known = {one.module_id for one in db.session.scalars(open_for(relationship_id))}
        planned += [Planned(relationship, each, each.module_id not in known) for each in wishes]
    return planned


def assign(
    *,
    relationship_id: int,
    module_id: int,
    suggested_by_on: date | None,
    note_code: str | None,
    actor: Actor,
    now: datetime,
    pack_code: str | None = None,
) -> Assignment:
    """Pick the module for this family member; what is picked already stays as it is.

    The consent is asked again under its lock. `suggested_by_on` is a day at the client's
    location. Raises Refused lesson_consent_ended or suggested_by_past; NotFound.
    """
    relationship, module = _reader(relationship_id), db.session.get(Module, module_id)
    if (
        module is None
        or actor.id is None
        or note_code not in (None, *NOTES)
        or pack_code not in (None, *packs())
    ):
        raise NotFound
    _check(relationship, suggested_by_on, now)
    open_one = db.session.scalars(open_for(relationship_id).where(Assignment.module_id == module_id)).first()
    if open_one:
        return open_one
    made = Assignment(
        relationship=relationship,
        module=module,
        assigned_by_id=actor.id,
        suggested_by_on=suggested_by_on,
        note_code=note_code,
        pack_code=pack_code,
        created_at=now,
    )
    db.session.add(made)
    db.session.flush()
    _audit("lesson.assigned", made, actor, now)
    return made


def withdraw(*, client_id: int, assignment_id: int, actor: Actor, now: datetime) -> Assignment:
    """Take a picked lesson back. What the reader has read stays theirs. Twice is the same as once."""
    assignment = db.session.get(Assignment, assignment_id, with_for_update=True)
    if assignment is None or assignment.relationship.client_id != client_id:
        raise NotFound
    if assignment.closed_at is None:
        close(assignment, "withdrawn", actor, now)
    return assignment


def close_for(*, relationship_id: int, reason: str, now: datetime, actor: Actor) -> int:
    """Close all that is picked for this person, such as when access ends; returns how many."""
    open_ones = list(db.session.scalars(open_for(relationship_id).with_for_update()))
    for assignment in open_ones:
        close(assignment, reason, actor, now)
    return len(open_ones)


def _reader(relationship_id: int) -> Relationship:
    relationship = db.session.get(Relationship, relationship_id)
    if relationship is None or relationship.ended_at:
        raise NotFound
    return relationship


def _check(relationship: Relationship, suggested_by_on: date | None, now: datetime) -> None:
    """42 CFR 2.31: to be told that a client's team picked this is itself a disclosure."""
    permit = gate.may_disclose(
        client_id=relationship.client_id,
        family_member_id=relationship.family_member_id,
        scope=Scope.LESSONS,
        at=now,
        lock=True,
    )
    if not permit:
        raise Refused("lesson_consent_ended", name=relationship.family_member.short_name)
    if suggested_by_on and suggested_by_on < local_date(now, relationship.client.location.timezone):
        raise Refused("suggested_by_past", field="suggested_by_on")


def open_for(relationship_id: int) -> Select[Assignment]:
    """What is picked for this person now."""
    return select(Assignment).where(
        Assignment.relationship_id == relationship_id, Assignment.closed_at.is_(None)
    )


def close(assignment: Assignment, reason: str, actor: Actor, now: datetime) -> None:
    """Close one that is open; what was read stays with the reader."""
    assignment.closed_at = now
    assignment.closed_reason = reason
    _audit("lesson.closed", assignment, actor, now, reason=reason)


def _audit(kind: str, assignment: Assignment, actor: Actor, now: datetime, **fields: str) -> None:
    audit.record(
        kind,
        actor=actor,
        now=now,
        client_id=assignment.relationship.client_id,
        assignment_id=assignment.id,
        relationship_id=assignment.relationship_id,
        module_id=assignment.module_id,
        **fields,
    )
