"""The calendar: a week of own sessions and of program times as far as permitted.

It says "Program time" and never anything about who came.
"""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core import clock
from portal.disclosure.models import Channel
from portal.schedule import feeds
from portal.sessions.queries import Seen
from portal.web import access, agenda, ledger, weeks
from portal.web.agenda import Agenda, ProgramTime
from portal.web.dates import clock_time, hours, zone_name
from portal.web.family.reader import reader
from portal.web.family.time_file import address_of
from portal.web.frame import href
from portal.web.language import current
from portal.web.pages import Pages
from portal.web.week_list import Day, Entry, days_of
from portal.web.weeks import Shown

pages = Pages()


@pages.get("/calendar")
def calendar() -> str:
    """One week, as a list."""
    return render_template("family/calendar/week.html", **_week(Channel.PAGE))


@pages.get("/calendar/print")
def calendar_print() -> str:
    """The private copy: the same week on paper, with the statement."""
    return render_template("family/calendar/print.html", **_week(Channel.PRINT))


@pages.get("/calendar/print/choose")
def calendar_print_choice() -> str:
    """For the wall, or private? Nothing of the week is on this page."""
    shown = weeks.shown(request.args.get("week"), clock.local_date(access.now(), reader().zone))
    return render_template("family/calendar/print_choice.html", shown=shown)


@pages.get("/calendar/print/wall")
def calendar_wall() -> str:
    """For the wall: one's own times under neutral words; nothing of a client, so no statement."""
    me, now = reader(), access.now()
    shown = weeks.shown(request.args.get("week"), clock.local_date(now, me.zone))
    found = agenda.under(
        me.permits(now),
        own_id=me.own_id,
        from_on=shown.week.monday,
        to_on=shown.week.sunday,
        now=now,
        with_program_times=False,
    )
    days = days_of(shown.week.days, [(agenda.session_day(seen), _neutral(seen)) for seen in found.sessions])
    is_empty = not any(day.entries for day in days)
    return render_template("family/calendar/wall.html", shown=shown, days=days, is_empty=is_empty)


def _neutral(seen: Seen) -> Entry:
    at = clock_time(seen.session.starts_at, seen.session.timezone)
    return Entry(seen.session.starts_at, _("Appointment, %(time)s", time=at))


@pages.get("/calendar/feed")
def calendar_feed() -> str:
    """Whether the private calendar address is on, and what to think of first."""
    is_on = feeds.is_on(access.family_member().id)
    return render_template("family/calendar/feed.html", is_on=is_on, address=None)


@pages.post("/calendar/feed/on")
def switch_feed_on() -> str:
    """A new address. It is shown in this answer and never again."""
    token = feeds.switch_on(
        family_member_id=access.family_member().id, actor=access.actor(), now=access.now()
    )
    address = url_for("public.feed", token=token, _external=True)
    return render_template("family/calendar/feed.html", is_on=True, address=address)


@pages.post("/calendar/feed/off")
def switch_feed_off() -> ResponseReturnValue:
    """The address stops working."""
    feeds.switch_off(family_member_id=access.family_member().id, actor=access.actor(), now=access.now())
    flash(_("Your calendar address is switched off. It no longer works."), "good")
    return redirect(url_for(".calendar_feed"))


def _week(channel: Channel) -> dict[str, object]:
    me, now = reader(), access.now()
    shown = weeks.shown(request.args.get("week"), clock.local_date(now, me.zone))
    found = agenda.under(
        me.permits(now),
        own_id=me.own_id,
        from_on=shown.week.monday,
        to_on=shown.week.sunday,
        now=now,
        with_program_times=not shown.is_past,  # old weeks hold only what was one's own
    )
    _note_disclosures(found, shown, channel)
    days = _days(found, shown, with_files=channel is Channel.PAGE)
    return {"shown": shown, "days": days, "is_empty": not any(day.entries for day in days)}


def _note_disclosures(found: Agenda, shown: Shown, channel: Channel) -> None:
    for permit in found.permits:
        ledger.disclosed(permit, f"week:{shown.week.name}", channel)
    for seen in found.sessions:
        if seen.permit:
            ledger.disclosed(seen.permit, f"session:{seen.session.id}", channel)


def _days(found: Agenda, shown: Shown, *, with_files: bool) -> list[Day]:
    today = shown.today
    times = [
        (time.on, _program_entry(time, has_file=with_files and time.on >= today))
        for time in found.program_times
    ]
    own = [(agenda.session_day(seen), _session_entry(seen)) for seen in found.sessions]
    return days_of(shown.week.days, [*times, *own])


def _program_entry(time: ProgramTime, *, has_file: bool) -> Entry:
    """ "Program time, 5:30 to 8:30 pm"; the relative's name only to tell several apart."""
    when = hours(time.start_at, time.end_at, time.zone)
    if time.name and time.relative:
        text = _("%(group)s (%(name)s), %(hours)s", group=time.name, name=time.relative, hours=when)
    elif time.name:
        text = _("%(group)s, %(hours)s", group=time.name, hours=when)
    elif time.relative:
        text = _("Program time (%(name)s), %(hours)s", name=time.relative, hours=when)
    else:
        text = _("Program time, %(hours)s", hours=when)
    file = href(".time_file", **address_of(time)) if has_file else None
    return Entry(time.start_at, text, file=file)


def _session_entry(seen: Seen) -> Entry:
    session = seen.session
    title = session.title_es if current() == "es" else session.title_en
    return Entry(
        start_at=session.starts_at,
        text=_("%(title)s, %(time)s", title=title, time=clock_time(session.starts_at, session.timezone)),
        note=_("Your session, %(zone)s", zone=zone_name(session.timezone)),
        own=True,
        href=href(".session", session_id=session.id),
    )
