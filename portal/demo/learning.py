"""Lessons picked for the demo's families, and how far some have read. And who wants e-mail."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from portal.consent.rules import Scope
from portal.core.actor import Actor
from portal.core.db import db
from portal.demo.cast import Relative, Story
from portal.demo.families import Family, is_usable
from portal.demo.office import Office
from portal.education import service
from portal.education.lesson import from_json
from portal.education.models import Module, ModuleVersion
from portal.mail import service as mail
from portal.mail.models import ReaderKind

PICKED = 16
READERS = 9
FINISHED = 3


def pick_all(office: Office, families: Sequence[Family]) -> None:
    """The lesson on triggers for many, the one on overdose for some; a few have begun."""
    service.load_content(office.now - timedelta(weeks=8))
    triggers, overdose = _module("m03"), _module("m12")
    usable = [one for one in families if is_usable(one) and _may_have_lessons(one.relative)]
    usable.sort(key=lambda one: one.relative.given_name != "Elena")
    for number, family in enumerate(usable[:PICKED]):
        for module in (triggers, overdose) if number % 3 == 2 else (triggers,):
            _pick(office, family, module)
    others = [one for one in usable[1:PICKED] if one.consent.family_member.user_id]
    for number, family in enumerate(others[:READERS]):
        _read(office, family, triggers, number)


def _module(code: str) -> Module:
    return db.session.scalars(select(Module).where(Module.code == code)).one()


def _may_have_lessons(relative: Relative) -> bool:
    return Scope.LESSONS in relative.scopes and relative.story is not Story.NARROWED


def opt_in_some(office: Office, families: Sequence[Family]) -> None:
    """Elena and every third person want reminders; all the others left e-mail off."""
    for number, family in enumerate(families):
        person = family.consent.family_member
        is_elena = person.given_name == "Elena"
        if person.user_id is None or not (is_elena or number % 3 == 0):
            continue
        mail.set_preferences(
            reader_kind=ReaderKind.FAMILY,
            reader_id=person.id,
            kinds=("session_reminders", "places") if is_elena else ("session_reminders",),
            actor=Actor("family", person.id),
            now=office.now - timedelta(minutes=30),
        )


def _pick(office: Office, family: Family, module: Module) -> None:
    service.assign(
        relationship_id=family.consent.relationship_id,
        module_id=module.id,
        suggested_by_on=office.today + timedelta(days=9),
        note_code="own_pace",
        actor=Actor("staff", office.therapists[0].id),
        now=office.now - timedelta(minutes=40),
    )


def _read(office: Office, family: Family, module: Module, number: int) -> None:
    reader = family.consent.family_member_id
    version = db.session.scalars(select(ModuleVersion).where(ModuleVersion.module_id == module.id)).first()
    assert version is not None
    at = office.now - timedelta(minutes=30)
    service.start(family_member_id=reader, module_id=module.id, version_id=version.id, now=at)
    parts = len(from_json(version.content["en"]).parts)
    last = parts if number < FINISHED else number % parts
    for part in range(1, last + 1):
        service.advance(family_member_id=reader, module_id=module.id, part=part, now=at)
    if number < FINISHED:
        service.answer(family_member_id=reader, module_id=module.id, question=1, option=0, now=at)
        service.finish(family_member_id=reader, module_id=module.id, now=at)
