"""Private notes and lists for a lesson. Nobody else reads them, unless a note is shared."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import StringField, TextAreaField

from portal.core.errors import NotFound
from portal.education import markup, private
from portal.education.queries import Reading
from portal.schedule import queries as schedule
from portal.web import access
from portal.web.family.lesson_text import mine, next_session, text
from portal.web.family.reader import reader
from portal.web.ledger import disclosed
from portal.web.pages import Pages
from portal.web.refusal import refused, submitted

pages = Pages()

EXERCISES = {
    "m04": _("My craving card"),
    "m06": _("My if-then plan"),
    "m09": _("My boundary sentences"),
    "m11": _("My home check"),
}
"""What the list of a lesson's exercise is called; others are "My list"."""


class NoteForm(FlaskForm):
    """The private note."""

    text = TextAreaField(_("My note"))


class LineForm(FlaskForm):
    """One more line."""

    line = StringField(_("One more line"))


@pages.form("/learn/<int:module_id>/notes")
def lesson_notes(module_id: int) -> ResponseReturnValue:
    """The note and the list; saving the note."""
    reading = mine(module_id)
    if reading.progress is None:
        return redirect(url_for(".lesson", module_id=module_id))
    form = NoteForm(text=_saved(module_id))
    if submitted(form):
        private.write_note(
            **_owner(module_id),
            text=form.text.data or "",
            revision=request.form.get("revision", 0, type=int),
            now=access.now(),
        )
        flash(gettext("Your note is saved. Only you can read it."), "good")
        return _back(module_id)
    return _page(reading, note_form=form)


@pages.form("/learn/<int:module_id>/notes/list")
def lesson_list(module_id: int) -> ResponseReturnValue:
    """One more line for the list."""
    reading, form = mine(module_id), LineForm()
    if reading.progress is None or request.method == "GET":
        return _back(module_id)
    if submitted(form):
        private.add_lines(**_owner(module_id), texts=[form.line.data or ""])
        return _back(module_id)
    return _page(reading, line_form=form)


@pages.post("/learn/<int:module_id>/notes/list/copy")
def copy_list(module_id: int) -> ResponseReturnValue:
    """Put the lines of the lesson's exercise on the list."""
    if not refused():
        private.add_lines(**_owner(module_id), texts=_prepared(_begun(module_id)))
    return _back(module_id)


@pages.post("/learn/<int:module_id>/notes/list/ticks")
def tick_list(module_id: int) -> ResponseReturnValue:
    """Keep the ticks as they are on the screen, or take one line off."""
    _begun(module_id)
    private.tick(**_owner(module_id), ticked=request.form.getlist("line", type=int))
    away = request.form.get("away", type=int)
    if away:
        private.remove_line(**_owner(module_id), line_id=away)
    flash(gettext("The line is off your list.") if away else gettext("Your list is saved."), "good")
    return _back(module_id)


@pages.post("/learn/<int:module_id>/notes/share")
def share_note(module_id: int) -> ResponseReturnValue:
    """Let the team read this note."""
    if not refused():
        private.share_note(
            **_owner(module_id),
            relationship_id=request.form.get("relationship", 0, type=int),
            revision=request.form.get("revision", 0, type=int),
            actor=access.actor(),
            now=access.now(),
        )
        flash(gettext("Your team can read this note now. You can take it back at any time."), "good")
    return _back(module_id)


@pages.post("/learn/<int:module_id>/notes/take-back")
def take_note_back(module_id: int) -> ResponseReturnValue:
    """Stop sharing this note."""
    private.take_note_back(**_owner(module_id), actor=access.actor(), now=access.now())
    flash(gettext("Your team cannot read this note any longer. They may remember what they read."), "good")
    return _back(module_id)


@pages.get("/learn/<int:module_id>/notes/print")
def print_notes(module_id: int) -> str:
    """Note and list on paper."""
    reading = _begun(module_id)
    return render_template(
        "family/learn/notes_print.html", text=text(reading), next_session=next_session(), **own(reading)
    )


def own(reading: Reading, **forms: FlaskForm) -> dict[str, Any]:
    """What the practice and the notes page show of the reader's own."""
    note = private.note_of(**_owner(reading.module_id))
    return {
        "mine": reading,
        "note": note,
        "lines": private.lines_of(**_owner(reading.module_id)),
        "note_form": forms.get("note_form") or NoteForm(formdata=None, text=note.text if note else ""),
        "line_form": forms.get("line_form") or LineForm(formdata=None),
        "teams": _teams() if note and note.text else [],
        "list_name": EXERCISES.get(text(reading).code, _("My list")),
        "has_prepared": bool(_prepared(reading)),
    }


def _page(reading: Reading, **forms: FlaskForm) -> str:
    return render_template(
        "family/learn/notes.html",
        text=text(reading),
        form=next(iter(forms.values())),
        next_session=next_session(),
        **own(reading, **forms),
    )


def _saved(module_id: int) -> str:
    note = private.note_of(**_owner(module_id))
    return note.text if note else ""


def _begun(module_id: int) -> Reading:
    """The lesson, once begun; before that there is nothing to keep."""
    reading = mine(module_id)
    if reading.progress is None:
        raise NotFound
    return reading


def _prepared(reading: Reading) -> list[str]:
    return [item for item in markup.items(text(reading).practice.body) if len(item) <= private.LINE_MAX]


def _teams() -> list[tuple[int, str | None]]:
    """Relationship and, only where there are several, the given name that tells them apart."""
    permits = {each.relationship_id: each for each in reader().permits(access.now())}
    if len(permits) < 2:
        return [(each, None) for each in permits]
    names = schedule.given_names(list(permits.values()))
    for permit in permits.values():
        disclosed(permit, "given name")
    return [(each, names[permit.client_id]) for each, permit in permits.items()]


def _owner(module_id: int) -> dict[str, int]:
    return {"family_member_id": access.family_member().id, "module_id": module_id}


def _back(module_id: int) -> ResponseReturnValue:
    return redirect(url_for(".lesson_notes", module_id=module_id))
