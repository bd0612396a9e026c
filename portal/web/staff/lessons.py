"""Lessons for staff: the list, one lesson with what is to be verified, picking, following.

Following says how far somebody is, never what they answered.
"""

from collections.abc import Sequence
from datetime import date

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import DateField, SelectField, SelectMultipleField, SubmitField
from wtforms.validators import DataRequired, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from portal.education import queries, service
from portal.education.assigning import Planned
from portal.education.lesson import from_json
from portal.education.markup import html
from portal.education.notes import NOTES
from portal.education.queries import Listed, Reader
from portal.people import queries as people
from portal.people.models import Client
from portal.web import access, language, ledger
from portal.web.pages import Pages
from portal.web.refusal import refused, submitted

pages = Pages()

REFUSALS = {
    "none": _("No signed consent."),
    "on_hold": _("Consent is on hold."),
    "expired": _("Consent has ended."),
    "not_in_scope": _("Consent does not include lessons."),
}
"""Why lessons cannot be picked for somebody: the gate's reason in words for staff."""


class Checkboxes(SelectMultipleField):
    """Several choices as a list of boxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class DayField(DateField):
    """A day; typed ones are read on the server too."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the day, or say how to write one."""
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(gettext("Write the day like 2026-06-20, or leave it empty.")) from error


class AssignForm(FlaskForm):
    """Who, which lessons, by when, with which note; then a look, then the button."""

    relationships = Checkboxes(
        _("Who"), coerce=int, validators=[DataRequired(_("Nobody is chosen. Choose at least one person."))]
    )
    modules = Checkboxes(
        _("Lessons"),
        coerce=int,
        validators=[DataRequired(_("No lesson is chosen. Choose at least one lesson."))],
    )
    suggested_by_on = DayField(_("Suggested by"), validators=[Optional()])
    note_code = SelectField(_("Note to the family"))
    review = SubmitField(_("Review"))
    assign = SubmitField(_("Assign"))
    change = SubmitField(_("Change"))


@pages.get("/lessons")
def lessons() -> str:
    """Every lesson, with its review."""
    modules = queries.all_modules(language=language.current())
    return render_template("staff/lessons/lessons.html", modules=modules)


@pages.get("/lessons/<int:module_id>")
def lesson(module_id: int) -> str:
    """One lesson whole: as families read it, and what a clinician is to verify."""
    version = queries.module_text(module_id=module_id)
    text = from_json(version.content[language.current()])
    return render_template("staff/lessons/lesson.html", version=version, text=text, html=html)


@pages.get("/clients/<int:client_id>/lessons")
def client_lessons(client_id: int) -> str:
    """What was picked for this client's family, and how far each person is."""
    client = _client(client_id)
    ledger.viewed(client.id, "lessons")
    return render_template(
        "staff/lessons/client.html", client=client, readers=_readers(client), refusals=REFUSALS
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
            module_ids=form.modules.data or [],
            suggested_by_on=form.suggested_by_on.data,
            now=access.now(),
        )
        if form.assign.data:
            return _assign(client, planned, form)
        titles = {one.module_id: one.title for one in modules}
        note = NOTES.get(form.note_code.data, {}).get(language.current())
        return render_template(
            "staff/lessons/review.html", client=client, form=form, planned=planned, titles=titles, note=note
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
    form.modules.choices = [(one.module_id, one.title) for one in modules]
    notes = [(code, note[language.current()]) for code, note in NOTES.items()]
    form.note_code.choices = [("", gettext("No note")), *notes]
    return form


def _assign(client: Client, planned: Sequence[Planned], form: AssignForm) -> ResponseReturnValue:
    wish: date | None = form.suggested_by_on.data
    for one in planned:
        service.assign(
            relationship_id=one.relationship.id,
            module_id=one.module_id,
            suggested_by_on=wish,
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
