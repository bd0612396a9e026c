"""Which track a client follows, from when to when."""

from functools import partial

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from portal.core import clock
from portal.core.errors import Refused
from portal.people import queries as people
from portal.people.models import Client, Episode
from portal.schedule import enrolments, service
from portal.web import access
from portal.web.pages import Pages
from portal.web.refusal import refused
from portal.web.staff import trial
from portal.web.staff.schedule_forms import EnrolmentForm, NewEnrolmentForm, day
from portal.web.staff.trial import Change
from portal.workflows import client_discharged, returned

pages = Pages()


@pages.form("/clients/<int:client_id>/tracks/new")
def new_enrolment(client_id: int) -> ResponseReturnValue:
    """Let the running episode follow one more track."""
    client = _client(client_id)
    tracks = returned.tracks_at(client)
    form = NewEnrolmentForm(from_on=clock.local_date(access.now(), client.location.timezone))
    form.track.choices = [SelectChoice(track.id, track.name) for track in tracks]
    if trial.sent(form):
        change = partial(
            service.enrol,
            episode=_episode(client),
            track=next(track for track in tracks if track.id == form.track.data),
            from_on=day(form.from_on),
            to_on=form.to_on.data,
            actor=access.actor(),
            now=access.now(),
        )
        return _look(change, client) or _saved(change, client, _("The client follows the track."))
    return render_template("staff/schedule/enrolment.html", form=form, client=client, enrolment=None)


@pages.form("/clients/<int:client_id>/tracks/<int:enrolment_id>")
def enrolment(client_id: int, enrolment_id: int) -> ResponseReturnValue:
    """Other days for an enrolment."""
    client = _client(client_id)
    found = enrolments.enrolment_for(enrolment_id=enrolment_id, client=client)
    form = EnrolmentForm(obj=found)
    if trial.sent(form):
        change = partial(
            enrolments.change,
            enrolment=found,
            from_on=day(form.from_on),
            to_on=form.to_on.data,
            actor=access.actor(),
            now=access.now(),
        )
        return _look(change, client) or _saved(change, client, _("The days are changed."))
    return render_template("staff/schedule/enrolment.html", form=form, client=client, enrolment=found)


@pages.post("/clients/<int:client_id>/tracks/<int:enrolment_id>/take-back")
def take_back_enrolment(client_id: int, enrolment_id: int) -> ResponseReturnValue:
    """It was entered by mistake."""
    client = _client(client_id)
    if refused():
        return redirect(url_for(".client_schedule", client_id=client.id))
    found = enrolments.enrolment_for(enrolment_id=enrolment_id, client=client)
    change = partial(enrolments.take_back, enrolment=found, actor=access.actor(), now=access.now())
    return _look(change, client, has_form=False) or _saved(change, client, _("The entry is taken back."))


def _client(client_id: int) -> Client:
    return people.client_for(staff=access.staff(), client_id=client_id, now=access.now())


def _episode(client: Client) -> Episode:
    running = client_discharged.running_episodes(client)
    if not running:
        raise Refused("no_open_episode")
    return running[-1]


def _look(change: Change, client: Client, *, has_form: bool = True) -> str | None:
    return trial.look(
        change,
        title=_("Schedule of %(name)s", name=client.short_name),
        back=url_for(".client_schedule", client_id=client.id),
        location_ids={client.location_id},
        client_id=client.id,
        has_form=has_form,
    )


def _saved(change: Change, client: Client, text: str) -> ResponseReturnValue:
    change()
    flash(text, "good")
    return redirect(url_for(".client_schedule", client_id=client.id))
