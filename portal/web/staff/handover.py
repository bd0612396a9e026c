"""Somebody leaves, or is away for a while: who has their clients?"""

from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import DateField, RadioField, SelectField, SelectMultipleField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from portal.core.db import db
from portal.core.errors import NotFound
from portal.people import care_teams
from portal.people import queries as people
from portal.people.models import Client, StaffMember
from portal.web import access
from portal.web.pages import Pages
from portal.web.refusal import submitted
from portal.workflows import handed_over
from portal.workflows.handed_over import Handover

pages = Pages()

FOR_GOOD, FOR_DAYS = "for_good", "for_days"


class HandoverForm(FlaskForm):
    """Who takes over, for how long, and whom."""

    taking = SelectField(lazy_gettext("Who takes over"), coerce=int)
    way = RadioField(
        lazy_gettext("For how long?"),
        [InputRequired(lazy_gettext("Nothing is chosen. Choose for how long."))],
        choices=[
            SelectChoice(FOR_GOOD, lazy_gettext("For good, from now on")),
            SelectChoice(FOR_DAYS, lazy_gettext("While they are away, between two days")),
        ],
    )
    from_on = DateField(lazy_gettext("First day"), [Optional()])
    until_on = DateField(lazy_gettext("Last day"), [Optional()])
    clients = SelectMultipleField(
        lazy_gettext("Clients"),
        [InputRequired(lazy_gettext("No client is ticked. Tick at least one."))],
        coerce=int,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )

    def validate_way(self, field: RadioField) -> None:
        """Two days, or none."""
        if field.data == FOR_DAYS and not (self.from_on.data and self.until_on.data):
            raise ValidationError(str(_("A day is missing. Enter the first and the last day.")))


@pages.get("/handover")
def handovers() -> str:
    """The therapists of these locations, each with how many clients they have."""
    places, now = people.locations_of(access.staff()), access.now()
    rows = [
        (each, len(care_teams.clients_of(therapist_id=each.id, location_ids=places, now=now)))
        for each in people.therapists()
    ]
    return render_template("staff/handover/list.html", rows=[row for row in rows if row[1]])


@pages.form("/handover/<int:staff_id>")
def hand_over(staff_id: int) -> ResponseReturnValue:
    """Choose, look at what moves, then do it."""
    leaving = _therapist(staff_id)
    theirs = care_teams.clients_of(
        therapist_id=leaving.id, location_ids=people.locations_of(access.staff()), now=access.now()
    )
    form = _form(leaving, theirs)
    if not submitted(form):
        return render_template("staff/handover/form.html", form=form, leaving=leaving, clients=theirs)
    change = _change(form, leaving, theirs)
    if "confirm" not in request.form:
        return render_template(
            "staff/handover/review.html",
            form=form,
            change=change,
            sessions=handed_over.sessions_of(change, now=access.now()),
            tasks=handed_over.tasks_of(change),
        )
    handed_over.hand_over(change, actor=access.actor(), now=access.now())
    flash(_("Done. %(name)s finds them in the caseload.", name=change.taking.full_name), "good")
    return redirect(url_for(".handovers"), 303)


def _form(leaving: StaffMember, theirs: list[Client]) -> HandoverForm:
    form = HandoverForm()
    form.taking.choices = [
        SelectChoice(each.id, each.full_name) for each in people.therapists() if each.id != leaving.id
    ]
    form.clients.choices = [SelectChoice(each.id, each.full_name) for each in theirs]
    if not form.is_submitted():
        form.clients.data = [each.id for each in theirs]
    return form


def _change(form: HandoverForm, leaving: StaffMember, theirs: list[Client]) -> Handover:
    chosen = [client for client in theirs if client.id in (form.clients.data or ())]
    is_cover = form.way.data == FOR_DAYS
    days: tuple[date | None, date | None] = (form.from_on.data, form.until_on.data)
    from_on, until_on = days if is_cover else (None, None)
    return Handover(
        leaving, _therapist(form.taking.data), chosen, from_on, until_on, len(chosen) == len(theirs)
    )


def _therapist(staff_id: int) -> StaffMember:
    found = db.session.get(StaffMember, staff_id)
    if found is None or found.id not in {each.id for each in people.therapists()}:
        raise NotFound
    return found
