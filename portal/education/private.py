"""Private notes and lists: their writer's alone, and kept when access ends.

Every verb and read names its owner; somebody else's line is not there. Only a note can be
shared, one by one, with the team of one relationship; a client never sees either.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, select

from portal.audit import service as audit
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound, Refused
from portal.disclosure import gate
from portal.education.models import ExerciseLine, Reflection
from portal.people.models import FamilyMember, Relationship

NOTE_MAX = 5_000
"""Characters of one note."""
LINE_MAX = 300
LINES_MAX = 60


def note_of(*, family_member_id: int, module_id: int) -> Reflection | None:
    """The owner's note on this lesson; with an empty text when it was taken away."""
    return db.session.scalars(_note(family_member_id, module_id)).one_or_none()


def lines_of(*, family_member_id: int, module_id: int) -> list[ExerciseLine]:
    """The owner's list for this lesson, in the order of writing."""
    query = select(ExerciseLine).where(
        ExerciseLine.family_member_id == family_member_id, ExerciseLine.module_id == module_id
    )
    return list(db.session.scalars(query.order_by(ExerciseLine.position, ExerciseLine.id)))


def shared_notes(*, relationship_ids: Sequence[int]) -> list[Reflection]:
    """The notes that family members share with the team of these relationships, the newest first."""
    query = select(Reflection).where(
        Reflection.shared_with_id.in_(relationship_ids), Reflection.shared_at.is_not(None)
    )
    return list(db.session.scalars(query.order_by(Reflection.shared_at.desc(), Reflection.id)))


def write_note(
    *, family_member_id: int, module_id: int, text: str, revision: int, now: datetime
) -> Reflection | None:
    """Keep the note; an empty text takes it away. A changed text is shared with nobody again.

    What is taken away leaves its number, so that an old tab cannot write over the next note.
    `revision` is the one on the screen, 0 without a note. Raises Refused note_too_long, or
    changed_meanwhile (field text) when another tab or device wrote something else.
    """
    text = text.replace("\r\n", "\n").strip()
    if len(text) > NOTE_MAX:
        raise Refused("note_too_long", field="text")
    _turn(family_member_id)
    note = db.session.scalars(_note(family_member_id, module_id).with_for_update()).one_or_none()
    if (note.text if note else "") == text:
        return note
    if (note.revision if note else 0) != revision:
        raise Refused("changed_meanwhile", field="text")
    return _written(note, family_member_id, module_id, text, now)


def share_note(
    *, family_member_id: int, module_id: int, relationship_id: int, revision: int, actor: Actor, now: datetime
) -> Reflection:
    """Let the team of one relationship read the note that was on the screen.

    Raises Refused changed_meanwhile when it reads otherwise by now; NotFound without a note,
    or when this person has no access through the relationship.
    """
    note = _own_note(family_member_id, module_id)
    if not note.text:
        raise NotFound
    permits = gate.permits(family_member_id=family_member_id, at=now)
    if relationship_id not in {permit.relationship_id for permit in permits}:
        raise NotFound
    if note.revision != revision:
        raise Refused("changed_meanwhile")
    if note.shared_with_id != relationship_id:
        note.shared_with_id, note.shared_at = relationship_id, now
        _audit("note.shared", note, actor, now)
    return note


def take_note_back(*, family_member_id: int, module_id: int, actor: Actor, now: datetime) -> Reflection:
    """Stop sharing the note; possible at any time, also after access has ended."""
    note = _own_note(family_member_id, module_id)
    if note.shared_with_id is not None:
        _audit("note.taken_back", note, actor, now)
        note.shared_with_id, note.shared_at = None, None
    return note


def add_lines(*, family_member_id: int, module_id: int, texts: Sequence[str]) -> None:
    """Put lines on the list; a line that is there already stays as it is.

    Raises Refused line_missing, line_too_long (field line) or list_full.
    """
    wanted = [" ".join(text.split()) for text in texts]
    if not wanted or not all(wanted):
        raise Refused("line_missing", field="line")
    if any(len(text) > LINE_MAX for text in wanted):
        raise Refused("line_too_long", field="line")
    _turn(family_member_id)
    known = lines_of(family_member_id=family_member_id, module_id=module_id)
    new = [text for text in dict.fromkeys(wanted) if text not in {line.text for line in known}]
    if len(known) + len(new) > LINES_MAX:
        raise Refused("list_full", field="line")
    last = max((line.position for line in known), default=0)
    for position, text in enumerate(new, last + 1):
        db.session.add(
            ExerciseLine(family_member_id=family_member_id, module_id=module_id, text=text, position=position)
        )


def tick(*, family_member_id: int, module_id: int, ticked: Sequence[int]) -> None:
    """Set the ticks of the whole list: the lines in `ticked` have one, the others have none."""
    _turn(family_member_id)
    for line in lines_of(family_member_id=family_member_id, module_id=module_id):
        line.is_ticked = line.id in ticked


def remove_line(*, family_member_id: int, module_id: int, line_id: int) -> None:
    """Take a line off the list; one that is gone already is no error."""
    for line in lines_of(family_member_id=family_member_id, module_id=module_id):
        if line.id == line_id:
            db.session.delete(line)


def _turn(family_member_id: int) -> None:
    """One person's writes wait for one another, so that two taps make one row."""
    if db.session.get(FamilyMember, family_member_id, with_for_update={"key_share": True}) is None:
        raise NotFound


def _note(family_member_id: int, module_id: int) -> Select[Reflection]:
    return select(Reflection).where(
        Reflection.family_member_id == family_member_id, Reflection.module_id == module_id
    )


def _own_note(family_member_id: int, module_id: int) -> Reflection:
    note = db.session.scalars(_note(family_member_id, module_id).with_for_update()).one_or_none()
    if note is None:
        raise NotFound
    return note


def _written(
    note: Reflection | None, family_member_id: int, module_id: int, text: str, now: datetime
) -> Reflection:
    if note is None:
        note = Reflection(family_member_id=family_member_id, module_id=module_id, revision=0)
        db.session.add(note)
    note.text, note.changed_at, note.revision = text, now, note.revision + 1
    note.shared_with_id, note.shared_at = None, None
    db.session.flush()
    return note


def _audit(kind: str, note: Reflection, actor: Actor, now: datetime) -> None:
    relationship = db.session.get_one(Relationship, note.shared_with_id)
    audit.record(
        kind,
        actor=actor,
        now=now,
        client_id=relationship.client_id,
        relationship_id=relationship.id,
        module_id=note.module_id,
    )
