"""The lessons of one client's family: how far each person is, picking, taking back, the way back."""

from collections.abc import Sequence

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _

from portal.core.clock import local_date
from portal.education import order, packs, private, queries, service
from portal.education.assigning import Planned
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


@pages.get("/clients/<int:client_id>/lessons")
def client_lessons(client_id: int) -> str:
    """What was picked for this client's family, and how far each person is."""
    client = _client(client_id)
    ledger.viewed(client.id, "lessons")
    readers = _readers(client)
    notes = private.shared_notes(relationship_ids=[reader.relationship.id for reader in readers])
    return render_template(
        "staff/lessons/client.html",
        client=client,
        readers=readers,
        refusals=REFUSALS,
        notes=notes,
        packs=packs.packs(),
        withdrawn=request.args.getlist("withdrawn", type=int),
    )


@pages.form("/clients/<int:client_id>/lessons/new")
def assign_lessons(client_id: int) -> ResponseReturnValue:
    """Pick lessons: choose, look once more, assign."""
    client = _client(client_id)
    readers, modules = _readers(client), queries.all_modules(language=language.current())
    form = _assign_form(client, readers, modules)
    if submitted(form) and not form.change.data:
        planned = service.plan(
            relationship_ids=form.relationships.data or [],
            wishes=form.wishes(modules),
            now=access.now(),
        )
        if form.assign.data:
            return _assign(client, planned, form)
        note = NOTES.get(form.note_code.data, {}).get(language.current())
        return render_template(
            "staff/lessons/review.html",
            client=client,
            form=form,
            planned=planned,
            titles={one.module_id: one.title for one in modules},
            reads_after=_reads_after(modules, readers, planned),
            note=note,
            pack=packs.packs().get(form.pack.data),
        )
    return render_template(
        "staff/lessons/assign.html",
        client=client,
        form=form,
        readers={reader.relationship.id: reader for reader in readers},
        modules={one.module_id: one for one in modules},
        reads_after={one.module_id: _titles(order.missing(one.code, ()), modules) for one in modules},
        picked_for=_picked_for(readers),
        refusals=REFUSALS,
    )


@pages.post("/clients/<int:client_id>/lessons/<int:assignment_id>/withdraw")
def withdraw_lesson(client_id: int, assignment_id: int) -> ResponseReturnValue:
    """Take a picked lesson back; the next page has the way back."""
    client = _client(client_id)
    if refused():
        return redirect(url_for(".client_lessons", client_id=client.id))
    service.withdraw(client_id=client.id, assignment_id=assignment_id, actor=access.actor(), now=access.now())
    return _withdrawn(client, [assignment_id])


@pages.post("/clients/<int:client_id>/lessons/packs/withdraw")
def withdraw_pack(client_id: int) -> ResponseReturnValue:
    """Take back at once what came with one pack for one person."""
    client = _client(client_id)
    if refused():
        return redirect(url_for(".client_lessons", client_id=client.id))
    taken = service.withdraw_pack(
        client_id=client.id,
        relationship_id=request.form.get("relationship", 0, type=int),
        pack_code=request.form.get("pack", ""),
        actor=access.actor(),
        now=access.now(),
    )
    return _withdrawn(client, [one.id for one in taken])


@pages.post("/clients/<int:client_id>/lessons/put-back")
def put_lessons_back(client_id: int) -> ResponseReturnValue:
    """Pick again what was just withdrawn."""
    client = _client(client_id)
    if not refused():
        again = service.put_back(
            client_id=client.id,
            assignment_ids=request.form.getlist("assignment", type=int),
            actor=access.actor(),
            now=access.now(),
        )
        flash(ngettext("One lesson is picked.", "%(num)d lessons are picked.", len(again)), "good")
    return redirect(url_for(".client_lessons", client_id=client.id))


def _withdrawn(client: Client, assignment_ids: Sequence[int]) -> ResponseReturnValue:
    """Back to the family, with the way back at hand until that page is left."""
    return redirect(url_for(".client_lessons", client_id=client.id, withdrawn=list(assignment_ids)))


def _client(client_id: int) -> Client:
    return people.client_for(staff=access.staff(), client_id=client_id, now=access.now())


def _readers(client: Client) -> list[Reader]:
    return queries.followed(client_id=client.id, now=access.now(), language=language.current())


def _assign_form(client: Client, readers: Sequence[Reader], modules: Sequence[Listed]) -> AssignForm:
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
    running = [each.started_on for each in client.episodes if each.ended_on is None]
    form.program_from = max(running, default=None)
    form.today = local_date(access.now(), client.location.timezone)
    return form


def _reads_after(
    modules: Sequence[Listed], readers: Sequence[Reader], planned: Sequence[Planned]
) -> dict[tuple[int, int], str]:
    """(relationship, module) → the lessons that read best before it and that the person does not have."""
    codes = {one.module_id: one.code for one in modules}
    has: dict[int, set[str]] = {}
    for reader in readers:
        has[reader.relationship.id] = {codes[one.assignment.module_id] for one in reader.followed}
    for one in planned:
        has.setdefault(one.relationship.id, set()).add(codes[one.wish.module_id])
    found = {
        (one.relationship.id, one.wish.module_id): order.missing(
            codes[one.wish.module_id], has[one.relationship.id]
        )
        for one in planned
    }
    return {key: _titles(missing, modules) for key, missing in found.items() if missing}


def _titles(codes: Sequence[str], modules: Sequence[Listed]) -> str:
    return ", ".join(one.title for one in modules if one.code in codes)


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
