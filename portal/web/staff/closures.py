"""Days on which a location is closed: holidays, weather, the building."""

from datetime import date
from functools import partial

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import DateField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired

from portal.core import clock
from portal.people import queries as people
from portal.schedule import queries, service
from portal.schedule.models import Closure
from portal.web import access
from portal.web.dates import full_date
from portal.web.pages import Pages
from portal.web.staff import trial
from portal.web.staff.trial import Change

pages = Pages()

REASONS = {
    "holiday": lazy_gettext("Holiday"),
    "weather": lazy_gettext("Weather"),
    "building": lazy_gettext("Building"),
    "other": lazy_gettext("Other reason"),
}
NEEDED = InputRequired(lazy_gettext("Fill this in."))


class ClosureForm(FlaskForm):
    """Which location is closed, from when to when, and why."""

    location = SelectField(lazy_gettext("Location"), validators=[NEEDED])
    from_on = DateField(lazy_gettext("First day"), validators=[NEEDED])
    to_on = DateField(lazy_gettext("Last day"), validators=[NEEDED])
    reason = SelectField(
        lazy_gettext("Reason"), choices=[SelectChoice(*pair) for pair in REASONS.items()], validators=[NEEDED]
    )

    def days(self) -> tuple[date, date]:
        """The first and the last day; both are there once the form is valid."""
        assert self.from_on.data
        assert self.to_on.data
        return self.from_on.data, self.to_on.data


@pages.form("/schedule/closures")
def closures() -> ResponseReturnValue:
    """The closures to come, and a form for one more."""
    mine = queries.locations(people.locations_of(access.staff()))
    form = ClosureForm()
    form.location.choices = [SelectChoice(str(location.id), location.name) for location in mine]
    if trial.sent(form):
        from_on, to_on = form.days()
        change = partial(
            service.close,
            location=next(location for location in mine if str(location.id) == form.location.data),
            from_on=from_on,
            to_on=to_on,
            reason=form.reason.data,
            actor=access.actor(),
            now=access.now(),
        )
        return _look(change, int(form.location.data), from_on, to_on) or _saved(
            change, _("The closure is entered. Program times on these days are gone from every calendar.")
        )
    return render_template("staff/schedule/closures.html", form=form, closures=_closures(), reasons=REASONS)


@pages.post("/schedule/closures/<int:closure_id>/open")
def open_again(closure_id: int) -> ResponseReturnValue:
    """Take a closure back."""
    mine = people.locations_of(access.staff())
    closure = queries.closure_for(closure_id=closure_id, location_ids=mine)
    change = partial(service.open_again, closure=closure, actor=access.actor(), now=access.now())
    return _look(change, closure.location_id, closure.from_on, closure.to_on, has_form=False) or _saved(
        change, _("The closure is taken back. Program times stand in the calendars again.")
    )


def _look(
    change: Change, location_id: int, from_on: date, to_on: date, *, has_form: bool = True
) -> str | None:
    days = _("%(first)s to %(last)s", first=full_date(from_on), last=full_date(to_on))
    return trial.look(
        change,
        title=_("Closed: %(days)s", days=days) if has_form else _("Open again: %(days)s", days=days),
        back=url_for(".closures"),
        location_ids={location_id},
        has_form=has_form,
    )


def _saved(change: Change, text: str) -> ResponseReturnValue:
    change()
    flash(text, "good")
    return redirect(url_for(".closures"))


def _closures() -> list[Closure]:
    mine = queries.locations(people.locations_of(access.staff()))
    today = clock.local_date(access.now(), mine[0].timezone if mine else "UTC")
    return queries.closures(location_ids=[location.id for location in mine], from_on=today)
