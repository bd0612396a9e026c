"""Bring data in: choose a file, look at every row, then apply all of it or nothing."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField

from portal.core.errors import NotFound, Refused
from portal.imports import files
from portal.imports.models import ImportFile, ImportKind
from portal.imports.registry import CALENDARS
from portal.imports.report import RowState
from portal.web import access
from portal.web.pages import Pages
from portal.web.refusal import refused, submitted
from portal.web.staff.import_kinds import KINDS, Kind, kinds_for
from portal.web.wording import sentence

pages = Pages()


class UploadForm(FlaskForm):
    """One file."""

    file = FileField(lazy_gettext("File"))


@pages.get("/imports")
def imports() -> str:
    """What can be brought in, and the files brought in before."""
    mine = _kinds()
    return render_template("staff/imports/list.html", files=files.latest(mine, access.staff().id), kinds=mine)


@pages.form("/imports/new")
def new_import() -> ResponseReturnValue:
    """A timetable, or the kind that the address names (`?kind=clients`)."""
    kind, shown = _kind(request.args.get("kind", ImportKind.TIMETABLE.value))
    form = UploadForm()
    if submitted(form):
        upload = request.files.get("file")
        kept = files.keep(
            kind=kind,
            name=(upload.filename or "") if upload else "",
            content=upload.read() if upload else b"",
            staff_id=access.staff().id,
            now=access.now(),
        )
        return redirect(url_for(".one_import", file_id=kept.id))
    return render_template(
        "staff/imports/new.html", form=form, kind=kind, shown=shown, takes_calendars=kind in CALENDARS
    )


@pages.get("/imports/<int:file_id>")
def one_import(file_id: int) -> str:
    """What the file would do, row by row; or how far the worker is with it."""
    return _shown(file_id)


@pages.post("/imports/<int:file_id>/apply")
def apply_import(file_id: int) -> ResponseReturnValue:
    """Apply the file; a long one goes to the worker."""
    if refused():
        return _shown(file_id)
    file = files.apply(
        file_id=file_id, kinds=_kinds(), staff_id=access.staff().id, actor=access.actor(), now=access.now()
    )
    if file.applied_at is None:
        return redirect(url_for(".one_import", file_id=file.id))
    flash(ngettext("%(num)d row was brought in.", "%(num)d rows were brought in.", file.added), "good")
    return redirect(url_for("." + KINDS[ImportKind(file.kind)].back))


@pages.post("/imports/<int:file_id>/set-aside")
def set_import_aside(file_id: int) -> ResponseReturnValue:
    """Forget the file."""
    if not refused():
        files.set_aside(file_id=file_id, kinds=_kinds(), staff_id=access.staff().id)
        flash(_("The file is set aside. Nothing more is written from it."), "good")
    return redirect(url_for(".imports"))


def _shown(file_id: int) -> str:
    file = files.file_for(file_id=file_id, kinds=_kinds(), staff_id=access.staff().id)
    report = files.preview(file, access.now())
    order = list(RowState)[::-1]
    rows = sorted(report.rows, key=lambda row: (order.index(row.state), row.number)) if report else []
    return render_template(
        "staff/imports/one.html",
        file=file,
        shown=KINDS[ImportKind(file.kind)],
        report=report,
        rows=rows,
        words=_words,
        stopped=_stopped(file),
    )


def _kinds() -> dict[ImportKind, Kind]:
    return kinds_for(frozenset(access.viewer().roles))


def _kind(name: str) -> tuple[ImportKind, Kind]:
    for kind, shown in _kinds().items():
        if kind.value == name:
            return kind, shown
    raise NotFound


def _words(problem: Refused | None) -> str:
    return sentence(problem) if problem else ""


def _stopped(file: ImportFile) -> str:
    return _words(Refused(file.stopped_by)) if file.stopped_by else ""
