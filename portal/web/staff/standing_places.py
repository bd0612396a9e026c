"""Standing places on somebody's behalf: give one, decide on a request, end one."""

from datetime import date

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import DateField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Optional

from portal.core import clock
from portal.core.errors import NotFound
from portal.sessions import desk, evenings, standing, standing_desk
from portal.sessions.models import FamilySession
from portal.sessions.models_series import StandingPlace
from portal.sessions.rules import SignUpState
from portal.web import access, ledger
from portal.web.pages import Pages
from portal.web.refusal import refused, submitted
from portal.web.staff.session_forms import NEEDED, EnterForm

pages = Pages()


class StandForm(EnterForm):
    """Somebody's place in every session of a series, from-to."""

    from_on = DateField(_("First day"), validators=[InputRequired(NEEDED)])
    to_on = DateField(_("Last day"), validators=[Optional()])


@pages.form("/series/<int:series_id>/stand")
def stand(series_id: int) -> ResponseReturnValue:
    """Give somebody a standing place, or the next turn in line for one."""
    sample = _sample(series_id)
    form = StandForm(from_on=clock.local_date(access.now(), sample.timezone))
    del form.interpreter, form.access_need
    choices = desk.people_to_enter(staff=access.staff(), session=sample, now=access.now())
    form.family_member_id.choices = [SelectChoice(each.id, each.full_name) for each in choices]
    if submitted(form):
        made = standing.ask(
            series_id=series_id,
            family_member_id=form.family_member_id.data,
            from_on=form.from_on.data or date.max,
            to_on=form.to_on.data,
            staff_id=access.staff().id,
            way_of_contact=form.way_of_contact.data,
            actor=access.actor(),
            now=access.now(),
        )
        flash(_said(made.state), "good")
        return redirect(url_for(".one_series", series_id=series_id))
    return render_template("staff/series/stand.html", form=form, session=sample, series_id=series_id)


@pages.get("/standing-places/<int:standing_place_id>")
def standing_place(standing_place_id: int) -> ResponseReturnValue:
    """The way from a task to the series in which it is done."""
    return redirect(url_for(".one_series", series_id=_place(standing_place_id).series_id))


@pages.post("/standing-places/<int:standing_place_id>/approve")
def approve_standing(standing_place_id: int) -> ResponseReturnValue:
    """Say yes to a request for a standing place."""
    asked = _place(standing_place_id)
    if not refused():
        made = standing.approve(standing_place_id=asked.id, actor=access.actor(), now=access.now())
        flash(_said(made.state), "good")
    return redirect(url_for(".one_series", series_id=asked.series_id))


@pages.post("/standing-places/<int:standing_place_id>/end")
def end_standing(standing_place_id: int) -> ResponseReturnValue:
    """End a standing place, or take a request or a turn back."""
    mine = _place(standing_place_id)
    if not refused():
        standing.give_up(standing_place_id=mine.id, actor=access.actor(), now=access.now())
        flash(gettext("Ended. The next in line is offered it, if somebody waits."), "good")
    return redirect(url_for(".one_series", series_id=mine.series_id))


def note_viewed(places: list[StandingPlace]) -> None:
    """Enter in the audit whose relatives stood on this page."""
    for client_id in {each.relationship.client_id for each in places if each.relationship}:
        ledger.viewed(client_id, "series")


def _said(state: SignUpState) -> str:
    if state is SignUpState.PLACED:
        return gettext("The standing place is saved.")
    return gettext("All standing places are taken: in line for the next one.")


def _sample(series_id: int) -> FamilySession:
    """The next evening of a series that this staff member sees. Raises NotFound without one."""
    desk.series_for(staff=access.staff(), series_id=series_id, now=access.now())
    sample = evenings.sample(series_id, access.now())
    if sample is None:
        raise NotFound
    return sample


def _place(standing_place_id: int) -> StandingPlace:
    return standing_desk.one(staff=access.staff(), standing_place_id=standing_place_id, now=access.now())
