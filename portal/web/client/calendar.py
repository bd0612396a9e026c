"""The client's own calendar: their program times and the sessions held for their family."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import render_template, request, url_for
from flask_babel import gettext as _

from portal.core import clock
from portal.schedule import queries as schedule
from portal.schedule.rules import Occurrence
from portal.sessions import client_part
from portal.sessions import queries as sessions
from portal.sessions.models import FamilySession
from portal.sessions.models_company import ClientPart
from portal.web import access, weeks
from portal.web.dates import hours
from portal.web.language import current
from portal.web.pages import Pages
from portal.web.week_list import Day, Entry, days_of
from portal.web.weeks import Week

pages = Pages()


@pages.get("/calendar")
def calendar() -> str:
    """One week of one's own; nothing of it is a disclosure."""
    zone = access.client().location.timezone
    shown = weeks.shown(request.args.get("week"), clock.local_date(access.now(), zone))
    days = _days(access.client().id, shown.week, zone)
    is_empty = not any(day.entries for day in days)
    return render_template("client/calendar/week.html", shown=shown, days=days, is_empty=is_empty)


def _days(client_id: int, week: Week, zone: str) -> list[Day]:
    groups = schedule.client_times(client_id=client_id, from_on=week.monday, to_on=week.sunday)
    start = datetime.combine(week.monday, time.min, ZoneInfo(zone))
    end = datetime.combine(week.monday + timedelta(days=7), time.min, ZoneInfo(zone))
    parts = [
        each
        for each in client_part.upcoming_of(client_id, from_at=start, to_at=end)
        if each.answer != "declined"
    ]
    mine = {each.session_id for each in parts}
    own = sessions.of_client(client_id=client_id, from_at=start, to_at=end)
    return days_of(
        week.days,
        [
            *((group.on, _group_entry(group)) for group in groups),
            *(
                (clock.local_date(one.starts_at, zone), _session_entry(one))
                for one in own
                if one.id not in mine
            ),
            *((clock.local_date(each.session.starts_at, zone), _part_entry(each)) for each in parts),
        ],
    )


def _group_entry(group: Occurrence) -> Entry:
    when = hours(group.start_at, group.end_at, group.zone)
    if not group.name:  # a one-off time, whose label is for staff
        return Entry(group.start_at, _("Program time, %(hours)s", hours=when))
    return Entry(group.start_at, _("%(group)s, %(hours)s", group=group.name, hours=when))


def _part_entry(part: ClientPart) -> Entry:
    session = part.session
    when = hours(session.starts_at, session.ends_at, session.timezone)
    return Entry(
        session.starts_at,
        _("%(title)s, %(hours)s", title=session.title(current()), hours=when),
        note=_("Waits for your answer") if client_part.asks_again(part) else _("You take part"),
        href=url_for(".session", session_id=session.id),
        own=True,
    )


def _session_entry(session: FamilySession) -> Entry:
    title = session.title_es if current() == "es" else session.title_en
    when = hours(session.starts_at, session.ends_at, session.timezone)
    return Entry(
        session.starts_at,
        _("%(title)s, %(hours)s", title=title, hours=when),
        note=_("Session for your family"),
        own=True,
    )
