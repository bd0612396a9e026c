""" "Close the center today" and the way back: who is affected first, then one step for everything."""

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    RadioField,
    SelectField,
    SelectMultipleField,
    TimeField,
    ValidationError,
    widgets,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import Optional

from portal.center import locations
from portal.center.models import Location
from portal.core import clock
from portal.core.errors import NotFound
from portal.people import queries as people
from portal.sessions import calls, closed_days, desk
from portal.sessions.models import FamilySession
from portal.sessions.models_telling import ClosedDay
from portal.web import access
from portal.web.dates import hours
from portal.web.pages import Pages
from portal.web.refusal import submitted
from portal.web.staff import call_lists
from portal.web.staff.closures import REASONS
from portal.web.staff.rosters import note_viewed
from portal.web.staff.session_forms import wall
from portal.workflows import center_closed
from portal.workflows.center_closed import Fate

pages = Pages()

WAYS_OUT = [("cancel", _("Cancel it")), ("move", _("Move it")), ("keep", _("It takes place all the same"))]


class CloseForm(FlaskForm):
    """Why the center closes; `form_for` adds what becomes of each session."""

    reason = SelectField(
        _("Reason"),
        choices=[SelectChoice(*pair) for pair in REASONS.items() if pair[0] != "holiday"],
    )

    def fate_of(self, session: FamilySession) -> Fate:
        """What was chosen for one session. Raises Refused no_such_time."""
        way, on, at = (self[f"{name}_{session.id}"].data for name in ("way", "on", "at"))
        starts_at = wall(on or date.max, at or time.min, session.timezone) if way == "move" else None
        return Fate(session.id, starts_at=starts_at, is_kept=way == "keep")


class OpenForm(FlaskForm):
    """Which of the cancelled sessions take place after all, and whether people are written to."""

    sessions = SelectMultipleField(
        _("These sessions take place after all"),
        coerce=int,
        option_widget=widgets.CheckboxInput(),
        widget=widgets.ListWidget(prefix_label=False),
    )
    tell = BooleanField(_("Also write to whoever was told of the cancellation"))


@pages.form("/locations/<int:location_id>/close")
def close_center(location_id: int) -> ResponseReturnValue:
    """Everybody whom closing today touches, and what becomes of each session."""
    location = _location(location_id)
    today = clock.local_date(access.now(), location.timezone)
    touched = closed_days.touched(location, today, access.now())
    rosters = {
        each.id: desk.roster_for(staff=access.staff(), session=each, now=access.now()) for each in touched
    }
    form = form_for(touched)
    if submitted(form):
        day = center_closed.close(
            location=location,
            reason=form.reason.data,
            fates=[form.fate_of(each) for each in touched],
            actor=access.actor(),
            now=access.now(),
        )
        flash(gettext("The center is closed today. Whoever no e-mail reaches stands below."), "good")
        return redirect(url_for(".closed_day", closed_day_id=day.id))
    for roster in rosters.values():
        note_viewed(roster)
    return render_template(
        "staff/closed_days/close.html",
        form=form,
        location=location,
        today=today,
        touched=touched,
        rosters=rosters,
    )


@pages.get("/closed-days/<int:closed_day_id>")
def closed_day(closed_day_id: int) -> str:
    """One closed day: every call list, printable, and the way back."""
    day = _day(closed_day_id)
    lists = calls.of_closed_day(staff=access.staff(), closed_day=day, now=access.now())
    call_lists.note_viewed(lists)
    return render_template(
        "staff/closed_days/day.html", day=day, lists=lists, reasons=REASONS, **call_lists.WORDS
    )


@pages.form("/closed-days/<int:closed_day_id>/open")
def open_center_again(closed_day_id: int) -> ResponseReturnValue:
    """Take the closing back; nobody is told by that alone."""
    day = _day(closed_day_id)
    form = OpenForm()
    possible = [each for each in closed_days.cancelled_by(day) if each.starts_at > access.now()]
    form.sessions.choices = [SelectChoice(each.id, _line(each)) for each in possible]
    if submitted(form):
        center_closed.open_again(
            day=day,
            session_ids=form.sessions.data or [],
            tell=form.tell.data,
            actor=access.actor(),
            now=access.now(),
        )
        flash(gettext("The center is open again. Look at the lists: who has to hear of it?"), "good")
        return redirect(url_for(".closed_day", closed_day_id=day.id))
    return render_template("staff/closed_days/open.html", form=form, day=day, possible=possible)


def form_for(touched: list[FamilySession]) -> CloseForm:
    """The form with three fields for each session of the day."""
    fields: dict[str, Any] = {}
    for each in touched:
        fields[f"way_{each.id}"] = RadioField(
            gettext("What becomes of it"),
            choices=WAYS_OUT,
            default="cancel",
            validators=[_DayIfMoved(each.id)],
        )
        fields[f"on_{each.id}"] = DateField(gettext("New day, if you move it"), validators=[Optional()])
        local = _local_start(each)
        fields[f"at_{each.id}"] = TimeField(
            gettext("Begins at"), default=local.time(), validators=[Optional()]
        )
    made: CloseForm = type("CloseFormOfToday", (CloseForm,), fields)()
    return made


class _DayIfMoved:
    """Whoever moves a session says to when."""

    def __init__(self, session_id: int) -> None:
        self.session_id = session_id

    def __call__(self, form: FlaskForm, field: RadioField) -> None:
        on, at = form[f"on_{self.session_id}"], form[f"at_{self.session_id}"]
        if field.data == "move" and not (on.data and at.data):
            raise ValidationError(gettext("The new day or time is missing. Enter both, or cancel it."))


def _local_start(session: FamilySession) -> datetime:
    return session.starts_at.astimezone(ZoneInfo(session.timezone))


def _line(session: FamilySession) -> str:
    return gettext(
        "%(hours)s, %(title)s",
        hours=hours(session.starts_at, session.ends_at, session.timezone),
        title=session.title_en or session.title_es,
    )


def _location(location_id: int) -> Location:
    if location_id not in people.locations_of(access.staff()):
        raise NotFound
    return locations.one(location_id)


def _day(closed_day_id: int) -> ClosedDay:
    return closed_days.one(closed_day_id, people.locations_of(access.staff()))
