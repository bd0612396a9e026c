"""Lessons for staff: the list, one lesson with what is to be verified, picking, following.

Following says how far somebody is, never what they answered.
"""

from collections.abc import Callable, Sequence

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _

from portal.core.clock import local_date
from portal.education import following, packs, private, queries, service
from portal.education.assigning import Planned, Wish
from portal.education.following import Person
from portal.education.lesson import from_json
from portal.education.markup import html
from portal.education.notes import NOTES
from portal.education.queries import Listed, Reader
from portal.people import queries as people
from portal.people.models import Client
from portal.web import access, language, ledger
from portal.web.pages import Pages
from portal.web.refusal import refused, submitted
from portal.web.staff.lesson_forms import AssignForm

pages = Pages()

REFUSALS = {
    "none": _("No signed consent."),
    "on_hold": _("Consent is on hold."),
    "expired": _("Consent has ended."),
    "not_in_scope": _("Consent does not include lessons."),
}
"""Why lessons cannot be picked for somebody: the gate's reason in words for staff."""

SHOWN: dict[str, Callable[[Person], bool]] = {
    "": lambda person: True,
    "stuck": lambda person: person.is_stuck,
    "away": lambda person: not person.has_signed_in,
    "shared": lambda person: bool(person.shared),
}
"""What the page of progress can be narrowed to."""


@pages.get("/lessons")
def lessons() -> str:
    """Every lesson, with its review."""
    modules = queries.all_modules(language=language.current())
    return render_template("staff/lessons/lessons.html", modules=modules)


@pages.get("/lessons/progress")
def lessons_progress() -> str:
    """How far everybody of the caseload is; `show` narrows it."""
    everyone = following.of_caseload(staff=access.staff(), now=access.now(), language=language.current())
    wanted = request.args.get("show", "")
    shown = [person for person in everyone if SHOWN.get(wanted, SHOWN[""])(person)]
    return render_template(
        "staff/lessons/progress.html", people=shown, everyone=everyone, wanted=wanted, packs=packs.packs()
    )


@pages.get("/lessons/<int:module_id>")
def lesson(module_id: int) -> str:
    """One lesson whole: as families read it, and what a clinician is to verify."""
    version = queries.module_text(module_id=module_id)
    text = from_json(version.content[language.current()])
    return render_template("staff/lessons/lesson.html", version=version, text=text, html=html)


@pages.get("/packs")
def packs_list() -> str:
    """Every pack, with what it is for."""
    return render_template("staff/lessons/packs.html", packs=packs.packs().values())


@pages.get("/packs/<code>")
def pack(code: str) -> str:
    """One pack: its lessons by week, in the order in which they help."""
    known = {one.code: one for one in queries.all_modules(language=language.current())}
    return render_template("staff/lessons/pack.html", pack=packs.pack(code), known=known)


@pages.get("/clients/<int:client_id>/lessons")
def client_lessons(client_id: int) -> str:
    """What was picked for this client's family, and how far each person is."""
    client = _client(client_id)
    ledger.viewed(client.id, "lessons")
    readers = _readers(client)
    notes = private.shared_notes(relationship_ids=[reader.relationship.id for reader in readers])
    return render_template(
        "staff/lessons/client.html", client=client, readers=readers, refusals=REFUSALS, notes=notes
    )


@pages.form("/clients/<int:client_id>/lessons/new")
def assign_lessons(client_id: int) -> ResponseReturnValue:
    """Pick lessons: choose, look once more, assign."""
    client = _client(client_id)
    readers, modules = _readers(client), queries.all_modules(language=language.current())
    form = _assign_form(readers, modules)
    if submitted(form) and not form.change.data:
        planned = service.plan(
            relationship_ids=form.relationships.data or [],
            wishes=_wishes(client, form, modules),
            now=access.now(),
        )
        if form.assign.data:
            return _assign(client, planned, form)
        titles = {one.module_id: one.title for one in modules}
        note = NOTES.get(form.note_code.data, {}).get(language.current())
        return render_template(
            "staff/lessons/review.html",
            client=client,
            form=form,
            planned=planned,
            titles=titles,
            note=note,
            pack=packs.packs().get(form.pack.data),
        )
    return render_template(
        "staff/lessons/assign.html",
        client=client,
        form=form,
        readers={reader.relationship.id: reader for reader in readers},
        modules={one.module_id: one for one in modules},
        picked_for=_picked_for(readers),
        refusals=REFUSALS,
    )


@pages.post("/clients/<int:client_id>/lessons/<int:assignment_id>/withdraw")
def withdraw_lesson(client_id: int, assignment_id: int) -> ResponseReturnValue:
    """Take a picked lesson back; assigning it again is the way back."""
    client = _client(client_id)
    if not refused():
        service.withdraw(
            client_id=client.id, assignment_id=assignment_id, actor=access.actor(), now=access.now()
        )
        flash(gettext("The lesson is no longer picked. What was read stays with the reader."), "good")
    return redirect(url_for(".client_lessons", client_id=client.id))


def _client(client_id: int) -> Client:
    return people.client_for(staff=access.staff(), client_id=client_id, now=access.now())


def _readers(client: Client) -> list[Reader]:
    return queries.followed(client_id=client.id, now=access.now(), language=language.current())


def _assign_form(readers: Sequence[Reader], modules: Sequence[Listed]) -> AssignForm:
    """All of the family are choices: a consent that ended meanwhile gets its own sentence."""
    form = AssignForm()
    form.relationships.choices = [
        (reader.relationship.id, reader.relationship.family_member.short_name) for reader in readers
    ]
    known = [(code, one.title[language.current()]) for code, one in packs.packs().items()]
    form.pack.choices = [("", gettext("No pack")), *known]
    form.modules.choices = [(one.module_id, one.title) for one in modules]
    notes = [(code, note[language.current()]) for code, note in NOTES.items()]
    form.note_code.choices = [("", gettext("No note")), *notes]
    return form


def _wishes(client: Client, form: AssignForm, modules: list[Listed]) -> list[Wish]:
    """What was chosen; a pack may count from the first day of the course of care that runs."""
    running = [each.started_on for each in client.episodes if each.ended_on is None]
    today = local_date(access.now(), client.location.timezone)
    return form.wishes(modules, program_from=max(running, default=None), today=today)


def _assign(client: Client, planned: Sequence[Planned], form: AssignForm) -> ResponseReturnValue:
    for one in planned:
        service.assign(
            relationship_id=one.relationship.id,
            module_id=one.wish.module_id,
            suggested_by_on=one.wish.suggested_by_on,
            pack_code=one.wish.pack_code,
            note_code=form.note_code.data or None,
            actor=access.actor(),
            now=access.now(),
        )
    new = sum(one.is_new for one in planned)
    flash(ngettext("One lesson is picked.", "%(num)d lessons are picked.", new), "good")
    return redirect(url_for(".client_lessons", client_id=client.id))


def _picked_for(readers: Sequence[Reader]) -> dict[int, str]:
    """Module → the names of those for whom it is picked already."""
    names: dict[int, list[str]] = {}
    for reader in readers:
        for one in reader.followed:
            name = reader.relationship.family_member.short_name
            names.setdefault(one.assignment.module_id, []).append(name)
    return {module_id: ", ".join(who) for module_id, who in names.items()}
