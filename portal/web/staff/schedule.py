"""The program's timetable as staff see it: tracks, a track's week, one client's, closures."""

from datetime import date

from flask import flash, redirect, render_template, request, url_for
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
from portal.schedule.rules import Occurrence
from portal.web import access, ledger, weeks
from portal.web.dates import hours
from portal.web.pages import Pages
from portal.web.refusal import submitted
from portal.web.week_list import Day, Entry, days_of

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


@pages.get("/schedule")
def schedule() -> str:
    """Every track with the number of clients who follow it today."""
    tracks = queries.tracks()
    today = clock.local_date(access.now(), tracks[0].timezone if tracks else "UTC")
    return render_template(
        "staff/schedule/tracks.html", tracks=tracks, enrolled=queries.enrolled_on(on=today)
    )


@pages.get("/schedule/tracks/<int:track_id>")
def track(track_id: int) -> str:
    """One week of a track."""
    found = queries.track_for(track_id=track_id)
    shown = weeks.shown(request.args.get("week"), clock.local_date(access.now(), found.timezone))
    groups = queries.occurrences(track_id=found.id, from_on=shown.week.monday, to_on=shown.week.sunday)
    followers = queries.enrolled_on(on=shown.week.monday).get(found.id, 0)
    return render_template(
        "staff/schedule/track.html",
        track=found,
        shown=shown,
        days=_days(groups, shown.week.days),
        followers=followers,
    )


@pages.get("/clients/<int:client_id>/schedule")
def client_schedule(client_id: int) -> str:
    """A client's own week and the tracks they follow."""
    client = people.client_for(staff=access.staff(), client_id=client_id, now=access.now())
    today = clock.local_date(access.now(), client.location.timezone)
    shown = weeks.shown(request.args.get("week"), today)
    groups = queries.client_times(client_id=client.id, from_on=shown.week.monday, to_on=shown.week.sunday)
    ledger.viewed(client.id, "schedule")
    return render_template(
        "staff/schedule/client.html",
        client=client,
        shown=shown,
        days=_days(groups, shown.week.days),
        enrolments=queries.enrolments(client_id=client.id),
        program_week=queries.program_week,
    )


@pages.form("/schedule/closures")
def closures() -> ResponseReturnValue:
    """The closures to come, and a form for one more."""
    mine = queries.locations(people.locations_of(access.staff()))
    form = ClosureForm()
    form.location.choices = [SelectChoice(str(location.id), location.name) for location in mine]
    if submitted(form):
        from_on, to_on = form.days()
        service.close(
            location=next(location for location in mine if str(location.id) == form.location.data),
            from_on=from_on,
            to_on=to_on,
            reason=form.reason.data,
            actor=access.actor(),
            now=access.now(),
        )
        flash(_("The closure is entered. Program times on these days are gone from every calendar."), "good")
        return redirect(url_for(".closures"))
    return render_template("staff/schedule/closures.html", form=form, closures=_closures(), reasons=REASONS)


@pages.post("/schedule/closures/<int:closure_id>/open")
def open_again(closure_id: int) -> ResponseReturnValue:
    """Take a closure back."""
    mine = people.locations_of(access.staff())
    closure = queries.closure_for(closure_id=closure_id, location_ids=mine)
    service.open_again(closure=closure, actor=access.actor(), now=access.now())
    flash(_("The closure is taken back. Program times stand in the calendars again."), "good")
    return redirect(url_for(".closures"))


def _closures() -> list[Closure]:
    mine = queries.locations(people.locations_of(access.staff()))
    today = clock.local_date(access.now(), mine[0].timezone if mine else "UTC")
    return queries.closures(location_ids=[location.id for location in mine], from_on=today)


def _days(groups: list[Occurrence], days: list[date]) -> list[Day]:
    return days_of(days, [(group.on, _entry(group)) for group in groups])


def _entry(group: Occurrence) -> Entry:
    return Entry(
        start_at=group.start_at,
        text=_(
            "%(group)s, %(hours)s", group=group.name, hours=hours(group.start_at, group.end_at, group.zone)
        ),
        note=_("Hour for families") if group.is_family_hour else "",
        own=group.is_family_hour,
    )
