"""Bring a timetable in: choose a file, look at every row, then apply all of it or nothing."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField

from portal.core.errors import Refused
from portal.imports import files
from portal.imports.models import ImportKind
from portal.web import access
from portal.web.pages import Pages
from portal.web.refusal import refused, submitted
from portal.web.wording import sentence

pages = Pages()

ROWS_SHOWN = 500


class UploadForm(FlaskForm):
    """One CSV file."""

    file = FileField(lazy_gettext("CSV file"))


@pages.get("/imports")
def imports() -> str:
    """The files brought in before."""
    return render_template("staff/imports/list.html", files=files.latest())


@pages.form("/imports/new")
def new_import() -> ResponseReturnValue:
    """Choose a file. It is read, kept and shown; nothing of the timetable is written yet."""
    form = UploadForm()
    if submitted(form):
        upload = request.files.get("file")
        kept = files.keep(
            kind=ImportKind.TIMETABLE,
            name=(upload.filename or "") if upload else "",
            content=upload.read() if upload else b"",
            staff_id=access.staff().id,
            now=access.now(),
        )
        return redirect(url_for(".one_import", file_id=kept.id))
    return render_template("staff/imports/new.html", form=form)


@pages.get("/imports/<int:file_id>")
def one_import(file_id: int) -> str:
    """What the file would do, row by row."""
    return _shown(file_id)


@pages.post("/imports/<int:file_id>/apply")
def apply_import(file_id: int) -> ResponseReturnValue:
    """Apply the file in one go."""
    if refused():
        return _shown(file_id)
    file = files.apply(file_id=file_id, actor=access.actor(), now=access.now())
    text = ngettext(
        "The timetable is in. %(num)d group was added.",
        "The timetable is in. %(num)d groups were added.",
        file.added,
    )
    flash(text, "good")
    return redirect(url_for(".schedule"))


@pages.post("/imports/<int:file_id>/set-aside")
def set_import_aside(file_id: int) -> ResponseReturnValue:
    """Forget the file; nothing was written from it."""
    files.set_aside(file_id=file_id)
    flash(_("The file is set aside. Nothing was written."), "good")
    return redirect(url_for(".new_import"))


def _shown(file_id: int) -> str:
    file = files.file_for(file_id=file_id)
    report = files.preview(file)
    rows = sorted(report.rows, key=lambda row: (row.problem is None, row.number)) if report else []
    return render_template(
        "staff/imports/one.html", file=file, report=report, rows=rows[:ROWS_SHOWN], words=_words
    )


def _words(problem: Refused | None) -> str:
    return sentence(problem) if problem else ""
