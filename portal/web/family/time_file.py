"""One program time for one's own calendar app: an entry without a name, as the feed has it."""

from datetime import date, datetime

from flask import Response
from flask_babel import gettext as _

from portal.core import clock
from portal.core.errors import NotFound
from portal.schedule import ics
from portal.web import access, agenda, ledger
from portal.web.agenda import Agenda, ProgramTime
from portal.web.family.reader import reader
from portal.web.pages import Pages

pages = Pages()


@pages.get("/calendar/times/<int:group_id>/<int:day>/<int:time>/entry.ics")
def time_file(group_id: int, day: int, time: int) -> Response:
    """The time named so, if it is still ahead and the permission of this second shows it."""
    subject, on = f"block:{group_id}:{day:08d}T{time:04d}", _date(day)
    me, now = reader(), access.now()
    if on < clock.local_date(now, me.zone):
        raise NotFound
    found = agenda.under(me.permits(now), own_id=None, from_on=on, to_on=on, now=now)
    one = _named(found, subject)
    for permit in found.permits:
        if permit.client_id == one.client_id:
            ledger.disclosed(permit, f"time:{subject}")
    entry = ics.Entry(one.subject, one.start_at, one.end_at, one.zone, one.time_revision, _("Calendar entry"))
    response = Response(ics.file([entry], now=now), mimetype="text/calendar")
    response.headers["Content-Disposition"] = "attachment; filename=entry.ics"
    return response


def address_of(time: ProgramTime) -> dict[str, int]:
    """The parts of the address of a program time: no name, and no text to search for."""
    _kind, group_id, start = time.subject.split(":")
    day, _t, at = start.partition("T")
    return {"group_id": int(group_id), "day": int(day), "time": int(at)}


def _named(found: Agenda, subject: str) -> ProgramTime:
    for each in found.program_times:
        if each.subject == subject:
            return each
    raise NotFound


def _date(day: int) -> date:
    try:
        return datetime.strptime(f"{day:08d}", "%Y%m%d").date()  # noqa: DTZ007
    except ValueError as error:
        raise NotFound from error
