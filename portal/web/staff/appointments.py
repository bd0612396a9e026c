"""One-off times of a client. Families see "Program time" where a consent says so, never the label."""

from datetime import timedelta
from functools import partial
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core.errors import NotFound
from portal.people import queries as people
from portal.people.models import Client
from portal.schedule import appointment_times, appointments
from portal.schedule.models import Appointment
from portal.web import access
from portal.web.pages import Pages
from portal.web.refusal import refused
from portal.web.staff import trial
from portal.web.staff.schedule_forms import AppointmentForm
from portal.web.staff.trial import Change

pages = Pages()


@pages.form("/clients/<int:client_id>/appointments/new")
def new_appointment(client_id: int) -> ResponseReturnValue:
    """Enter one."""
    client = _client(client_id)
    form = AppointmentForm()
    if trial.sent(form):
        change = partial(appointments.add, client=client, **_typed(form))
        return _look(change, client) or _saved(change, client, _("The appointment is entered."))
    return render_template("staff/schedule/appointment.html", form=form, client=client, appointment=None)


@pages.form("/clients/<int:client_id>/appointments/<int:appointment_id>")
def appointment(client_id: int, appointment_id: int) -> ResponseReturnValue:
    """Another time, length or label."""
    client = _client(client_id)
    found = _appointment(client, appointment_id)
    form = AppointmentForm(data=_values(found))
    if trial.sent(form):
        change = partial(appointments.change, client=client, appointment_id=found.id, **_typed(form))
        return _look(change, client) or _saved(change, client, _("The appointment is changed."))
    return render_template("staff/schedule/appointment.html", form=form, client=client, appointment=found)


@pages.post("/clients/<int:client_id>/appointments/<int:appointment_id>/cancel")
def cancel_appointment(client_id: int, appointment_id: int) -> ResponseReturnValue:
    """It does not take place. It can be restored."""
    client = _client(client_id)
    if not refused():
        appointments.cancel(
            appointment_id=appointment_id, client=client, actor=access.actor(), now=access.now()
        )
        flash(_("The appointment is cancelled. You can put it back."), "good")
    return redirect(url_for(".client_schedule", client_id=client.id))


@pages.post("/clients/<int:client_id>/appointments/<int:appointment_id>/restore")
def restore_appointment(client_id: int, appointment_id: int) -> ResponseReturnValue:
    """It takes place after all."""
    client = _client(client_id)
    if not refused():
        appointments.restore(
            appointment_id=appointment_id, client=client, actor=access.actor(), now=access.now()
        )
        flash(_("The appointment takes place."), "good")
    return redirect(url_for(".client_schedule", client_id=client.id))


def _client(client_id: int) -> Client:
    return people.client_for(staff=access.staff(), client_id=client_id, now=access.now())


def _appointment(client: Client, appointment_id: int) -> Appointment:
    found = appointment_times.one_of(client_id=client.id, appointment_id=appointment_id)
    if found is None:
        raise NotFound
    return found


def _typed(form: AppointmentForm) -> dict[str, Any]:
    start, minutes = form.local()
    label = (form.label.data or "").strip()
    return {
        "start": start,
        "minutes": minutes,
        "label": label,
        "actor": access.actor(),
        "now": access.now(),
    }


def _values(found: Appointment) -> dict[str, object]:
    end = found.start + timedelta(minutes=found.minutes)
    return {
        "on": found.start.date(),
        "start": found.start.time(),
        "end": end.time(),
        "label": found.label,
    }


def _look(change: Change, client: Client) -> str | None:
    return trial.look(
        change,
        title=_("Appointment of %(name)s", name=client.short_name),
        back=url_for(".client_schedule", client_id=client.id),
        location_ids={client.location_id},
        client_id=client.id,
    )


def _saved(change: Change, client: Client, text: str) -> ResponseReturnValue:
    change()
    flash(text, "good")
    return redirect(url_for(".client_schedule", client_id=client.id))
