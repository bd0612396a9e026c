"""The level of care of a client over time. Staff only; nobody is mailed.

A step down asks the client, in their own pages, whether it is still right who sees what.
"""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core import clock
from portal.core.errors import Refused
from portal.people import queries as people
from portal.people.models import Client, LevelOfCare
from portal.schedule import care, queries
from portal.web import access, ledger
from portal.web.pages import Pages
from portal.web.refusal import refused, submitted
from portal.web.staff.schedule_forms import CareForm, day
from portal.web.terms import LEVELS
from portal.workflows import client_discharged

pages = Pages()


@pages.form("/clients/<int:client_id>/care")
def care_level(client_id: int) -> ResponseReturnValue:
    """What was entered, the newest first, and a form for one more step."""
    client = _client(client_id)
    today = clock.local_date(access.now(), client.location.timezone)
    form = CareForm(from_on=today)
    if submitted(form):
        running = client_discharged.running_episodes(client)
        if not running:
            raise Refused("no_open_episode")
        care.enter(
            episode=running[-1],
            level_of_care=LevelOfCare(form.level_of_care.data),
            from_on=day(form.from_on),
            actor=access.actor(),
            now=access.now(),
        )
        flash(_("The level of care is entered."), "good")
        return redirect(url_for(".care_level", client_id=client.id))
    ledger.viewed(client.id, "care")
    return render_template(
        "staff/schedule/care.html",
        client=client,
        form=form,
        steps=care.steps_of(client.id),
        enrolments=queries.enrolments(client_id=client.id),
        levels=LEVELS,
    )


@pages.post("/clients/<int:client_id>/care/<int:step_id>/take-back")
def take_back_care_level(client_id: int, step_id: int) -> ResponseReturnValue:
    """It was entered by mistake."""
    client = _client(client_id)
    if not refused():
        step = care.step_for(step_id=step_id, client=client)
        care.take_back(step=step, actor=access.actor(), now=access.now())
        flash(_("The entry is taken back."), "good")
    return redirect(url_for(".care_level", client_id=client.id))


def _client(client_id: int) -> Client:
    return people.client_for(staff=access.staff(), client_id=client_id, now=access.now())
