"""Intake: one page for the client, the track, the relatives and their draft consents."""

from datetime import date

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.center.models import Location
from portal.core import clock
from portal.core.db import db
from portal.people import queries as people
from portal.schedule.models import Track
from portal.web import access
from portal.web.frame import center
from portal.web.pages import Pages
from portal.web.refusal import submitted
from portal.web.staff.intake_forms import IntakeForm, OneRelativeForm
from portal.workflows import intake as workflow

pages = Pages()


@pages.form("/intake")
def intake() -> ResponseReturnValue:
    """Enter a client with everybody around, in under four minutes."""
    form = IntakeForm.shown(
        tracks=[(str(track.id), f"{track.program.name}, {track.name}") for track in _tracks()],
        therapists=[(str(one.id), one.full_name) for one in people.therapists()],
        today=_today(),
        months=center().consent_months,
    )
    if submitted(form):
        client = workflow.register(
            form=form.content(), staff=access.staff(), actor=access.actor(), now=access.now()
        )
        flash(_("%(name)s is entered. Nobody else can see anything yet.", name=client.full_name), "good")
        return redirect(url_for(".client", client_id=client.id))
    return render_template("staff/intake/form.html", form=form)


@pages.form("/clients/<int:client_id>/relatives/new")
def add_relative(client_id: int) -> ResponseReturnValue:
    """One more relative for a client, with a draft consent."""
    client = people.client_for(staff=access.staff(), client_id=client_id, now=access.now())
    today = clock.local_date(access.now(), client.location.timezone)
    form = OneRelativeForm.shown("", today, center().consent_months)
    if submitted(form):
        workflow.add_relative(client=client, relative=form.content(), actor=access.actor(), now=access.now())
        flash(_("The person is entered. The client can sign now."), "good")
        return redirect(url_for(".client", client_id=client.id))
    return render_template("staff/intake/relative.html", form=form, client=client)


def _tracks() -> list[Track]:
    return workflow.tracks_for(access.staff())


def _today() -> date:
    """The day at the coordinator's first location."""
    mine = people.locations_of(access.staff())
    location = db.session.get(Location, mine[0]) if mine else None
    return clock.local_date(access.now(), location.timezone if location else "UTC")
