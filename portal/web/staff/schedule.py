"""The program's timetable as staff see it: tracks, a track's week, one client's."""

from datetime import date, timedelta

from flask import Response, render_template, request, url_for
from flask_babel import gettext as _

from portal.core import clock
from portal.people import queries as people
from portal.schedule import appointment_times, care, closed_days, queries, timetable_file
from portal.schedule.rules import Occurrence
from portal.web import access, ledger, weeks
from portal.web.dates import hours
from portal.web.pages import Pages
from portal.web.terms import LEVELS
from portal.web.week_list import Day, Entry, days_of
from portal.workflows import client_discharged

pages = Pages()

YEAR = timedelta(days=365)
"""How far back and ahead closed days stand in an exported timetable."""


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
    may_change = found.program.location_id in people.locations_of(access.staff())
    followers = queries.enrolled_on(on=shown.week.monday).get(found.id, 0)
    return render_template(
        "staff/schedule/track.html",
        track=found,
        shown=shown,
        days=_days(groups, shown.week.days, with_links=may_change),
        followers=followers,
        may_change=may_change,
    )


@pages.get("/schedule/tracks/<int:track_id>/timetable.ics")
def track_file(track_id: int) -> Response:
    """The track's timetable as a calendar file, for the center's other systems. No client is in it."""
    found, now = queries.track_for(track_id=track_id), access.now()
    location = found.program.location
    today = clock.local_date(now, found.timezone)
    closed = closed_days.of_locations({location.id}, today - YEAR, today + YEAR)
    body = timetable_file.file(
        [queries.recurring(block, found.timezone) for block in found.blocks],
        name=found.name,
        location=location.name,
        closed=closed.get(location.id, []),
        now=now,
    )
    headers = {"Content-Disposition": "attachment; filename=timetable.ics"}
    return Response(body, mimetype="text/calendar", headers=headers)


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
        appointments=appointment_times.of_client(client_id=client.id, from_on=shown.week.monday),
        level=care.level_on(care.steps_of(client.id), today),
        levels=LEVELS,
        in_care=bool(client_discharged.running_episodes(client)),
    )


def _days(groups: list[Occurrence], days: list[date], *, with_links: bool = False) -> list[Day]:
    return days_of(days, [(group.on, _entry(group, with_links)) for group in groups])


def _entry(group: Occurrence, with_link: bool) -> Entry:
    when = hours(group.start_at, group.end_at, group.zone)
    name = f"{group.original_start:%Y%m%dT%H%M}"
    return Entry(
        start_at=group.start_at,
        text=_("%(group)s, %(hours)s", group=group.name or _("Appointment"), hours=when),
        note=_("Hour for families") if group.is_family_hour else "",
        own=group.is_family_hour,
        href=url_for(".occurrence", block_id=group.block_id, start=name) if with_link else None,
    )
