"""The task list: one for each person, with what nobody has taken yet."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from portal.core import clock
from portal.oversight import queries, tasks
from portal.oversight.models import Task
from portal.oversight.rules import TaskKind, TaskState
from portal.people import queries as people
from portal.web import access
from portal.web.frame import href
from portal.web.pages import Pages
from portal.web.refusal import refused, submitted

pages = Pages()

TITLES = {
    TaskKind.SCAN: lazy_gettext("File the scan of a consent on paper"),
    TaskKind.INTERPRETER: lazy_gettext("Find an interpreter, or see to an access need"),
    TaskKind.CALL: lazy_gettext("Call somebody whom no e-mail reaches"),
    TaskKind.BOUNCE: lazy_gettext("Ask for a working e-mail address"),
    TaskKind.MESSAGE: lazy_gettext("Somebody told the team something"),
    TaskKind.CONFLICT: lazy_gettext("A family session and the client's schedule overlap"),
    TaskKind.APPROVAL: lazy_gettext("Somebody asks for a place"),
    TaskKind.CLIENT_DECLINED: lazy_gettext("The client does not take part in a session"),
    TaskKind.CENSUS: lazy_gettext("Not in the census: has the program ended?"),
    TaskKind.REVIEW: lazy_gettext("Review for the privacy office"),
    TaskKind.INCIDENT: lazy_gettext("Look into a possible incident"),
    TaskKind.NAMED: lazy_gettext("A client has named a person: invite them once it is signed"),
    TaskKind.TELL: lazy_gettext("Ask the client for the words, then tell a person that sharing stopped"),
    TaskKind.OTHER: lazy_gettext("Something to do"),
}
LEADS_TO = {
    "session": ("staff.roster", "session_id"),
    "change": ("staff.call_list", "change_id"),
    "standing": ("staff.standing_place", "standing_place_id"),
    "consent": ("staff.consent", "consent_id"),
    "client": ("staff.client", "client_id"),
}
"""What a task's subject begins with → the page where it is done."""


class GiveForm(FlaskForm):
    """Who does it."""

    owner = SelectField(lazy_gettext("Who does it"))


@pages.get("/tasks")
def task_list() -> str:
    """What this person has to do, then what nobody has taken."""
    found = queries.open_tasks(staff=access.staff(), now=access.now())
    own = access.staff().id
    return render_template(
        "staff/tasks/tasks.html",
        mine=[task for task in found if task.owner_id == own],
        free=[task for task in found if task.owner_id is None],
        others=[task for task in found if task.owner_id not in (own, None)],
        titles=TITLES,
        is_late=is_late,
    )


@pages.form("/tasks/<int:task_id>")
def task(task_id: int) -> ResponseReturnValue:
    """One task: what it is about, where it is done, and giving it to somebody."""
    found, form = _task(task_id), GiveForm()
    form.owner.choices = [
        SelectChoice("", _("Nobody yet")),
        *(SelectChoice(str(each.id), each.full_name) for each in people.all_staff()),
    ]
    if not form.is_submitted():
        form.owner.data = str(found.owner_id or "")
    if submitted(form):
        owner_id = int(form.owner.data) if form.owner.data else None
        tasks.give(found, owner_id=owner_id, actor=access.actor(), now=access.now())
        flash(_("Saved."), "good")
        return redirect(url_for(".task_list"), 303)
    return render_template(
        "staff/tasks/task.html",
        task=found,
        form=form,
        title=TITLES[found.kind],
        message=queries.message_of(found),
        place=place_of(found),
        is_open=found.state is TaskState.OPEN,
    )


@pages.post("/tasks/<int:task_id>/take")
def take_task(task_id: int) -> Response:
    """I do it."""
    found = _task(task_id)
    if not refused():
        tasks.give(found, owner_id=access.staff().id, actor=access.actor(), now=access.now())
        flash(_("It is yours now."), "good")
    return redirect(url_for(".task", task_id=task_id), 303)


@pages.post("/tasks/<int:task_id>/done")
def finish_task(task_id: int) -> Response:
    """It is done."""
    tasks.finish(_task(task_id), actor=access.actor(), now=access.now())
    flash(_("Done. It is off the list."), "good")
    return redirect(url_for(".task_list"), 303)


def is_late(found: Task) -> bool:
    """Whether the day by which it is needed has passed at its location."""
    zone = found.location.timezone if found.location else "UTC"
    return found.due_on is not None and found.due_on < clock.local_date(access.now(), zone)


def place_of(found: Task) -> str | None:
    """The page where the task is done, or the client's."""
    kind, _, rest = found.subject.partition(":")
    number = rest.partition("/")[0]
    if kind in LEADS_TO and number.isdecimal():
        endpoint, name = LEADS_TO[kind]
        return href(endpoint, **{name: int(number)})
    return href("staff.client", client_id=found.client_id) if found.client_id else None


def _task(task_id: int) -> Task:
    return queries.task_for(staff=access.staff(), task_id=task_id, now=access.now())
