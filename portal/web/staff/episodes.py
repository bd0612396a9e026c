"""A client's course of care: it ends, it begins again, or the client has died."""

from datetime import date

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired

from portal.core import clock
from portal.people import queries as people
from portal.people.models import Client
from portal.web import access
from portal.web.pages import Pages
from portal.web.refusal import refused, submitted
from portal.workflows import client_died, client_discharged, returned

pages = Pages()

_a_day = [InputRequired(lazy_gettext("Enter the day."))]


class DischargeForm(FlaskForm):
    """How and when the program ended."""

    ended_on = DateField(lazy_gettext("Last day of the program"), _a_day)
    way = RadioField(
        lazy_gettext("How did it end?"),
        [InputRequired(lazy_gettext("Nothing is chosen. Choose how it ended."))],
        choices=[
            SelectChoice("finished", lazy_gettext("The client finished the program")),
            SelectChoice("left", lazy_gettext("The client left before the end")),
        ],
    )


class ReturnForm(FlaskForm):
    """A new episode on one of the location's timetables."""

    track = SelectField(lazy_gettext("Timetable"), coerce=int)
    start_on = DateField(lazy_gettext("First day"), _a_day)


class DeathForm(FlaskForm):
    """Asked twice: the date, and a tick."""

    died_on = DateField(lazy_gettext("Day of death"), _a_day)
    sure = BooleanField(
        lazy_gettext("It is this client, and I know it from a reliable source"),
        [InputRequired(lazy_gettext("The box is empty. Tick it only if you are sure."))],
    )


@pages.form("/clients/<int:client_id>/discharge")
def discharge_client(client_id: int) -> ResponseReturnValue:
    """The program ends; consents do not."""
    client = _client(client_id)
    form = DischargeForm(ended_on=_today(client))
    if submitted(form):
        client_discharged.discharge(
            client=client,
            ended_on=_day(form.ended_on),
            finished=form.way.data == "finished",
            actor=access.actor(),
            now=access.now(),
        )
        flash(_("Recorded. The family gets no message. Consents run on to their own end."), "good")
        return redirect(url_for(".client", client_id=client_id))
    return render_template("staff/episodes/discharge.html", client=client, form=form)


@pages.form("/clients/<int:client_id>/return")
def take_client_back(client_id: int) -> ResponseReturnValue:
    """A new episode; what was shared before waits for the client's word."""
    client = _client(client_id)
    form = ReturnForm(start_on=_today(client))
    form.track.choices = [SelectChoice(track.id, track.name) for track in returned.tracks_at(client)]
    if submitted(form):
        returned.start(
            client=client,
            track_id=form.track.data,
            start_on=_day(form.start_on),
            actor=access.actor(),
            now=access.now(),
        )
        flash(_("The new episode has begun. Ask the client what to share with whom."), "good")
        return redirect(url_for(".client", client_id=client_id))
    return render_template("staff/episodes/return.html", client=client, form=form)


@pages.form("/clients/<int:client_id>/death")
def record_death(client_id: int) -> ResponseReturnValue:
    """The client has died: everything stops at once."""
    client = _client(client_id)
    form = DeathForm()
    if submitted(form):
        client_died.record(client=client, died_on=_day(form.died_on), actor=access.actor(), now=access.now())
        flash(_("Recorded. Nothing is shared or sent any more."), "good")
        return redirect(url_for(".client", client_id=client_id))
    return render_template("staff/episodes/death.html", client=client, form=form)


@pages.post("/clients/<int:client_id>/death/undo")
def take_back_death(client_id: int) -> ResponseReturnValue:
    """It was entered for the wrong client."""
    client = _client(client_id)
    if not refused():
        client_died.take_back(client=client, actor=access.actor(), now=access.now())
        flash(_("Taken back. The consents count again; places and lessons are still gone."), "good")
    return redirect(url_for(".client", client_id=client_id))


def _client(client_id: int) -> Client:
    return people.client_for(staff=access.staff(), client_id=client_id, now=access.now())


def _today(client: Client) -> date:
    return clock.local_date(access.now(), client.location.timezone)


def _day(field: DateField) -> date:
    """The day of a field that its validator has looked at."""
    assert field.data is not None
    return field.data
