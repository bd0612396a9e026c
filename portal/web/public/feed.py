"""The private calendar address: always there while the account lives, filled as the gate allows.

Calendar apps fetch it without a browser session, so one fetch a day is one occasion in
the ledger.
"""

from flask import Response
from flask_babel import force_locale
from flask_babel import gettext as _

from portal.core import clock
from portal.disclosure.models import Channel
from portal.people.models import FamilyMember
from portal.schedule import feeds, ics
from portal.sessions.queries import Seen
from portal.web import access, agenda, ledger, weeks
from portal.web.agenda import Agenda
from portal.web.pages import Pages

pages = Pages()

WEEKS_SHOWN = 8


@pages.get("/feed/<token>.ics")
def feed(token: str) -> Response:
    """The reader's calendar: this week and the seven after it."""
    person, now = feeds.reader_of(token), access.now()
    today = clock.local_date(now, agenda.zone_of(person))
    first = weeks.week_of(today)
    last = first.shifted(WEEKS_SHOWN - 1)
    found = agenda.of_family_member(person, from_on=first.monday, to_on=last.sunday, now=now)
    ledger.on_occasion(f"feed:{today.isoformat()}:{person.id}")
    for permit in found.permits:
        ledger.disclosed(permit, f"weeks:{first.name}:{last.name}", Channel.FEED)
    for seen in found.sessions:
        if seen.permit:
            ledger.disclosed(seen.permit, f"session:{seen.session.id}", Channel.FEED)
    body = ics.file(_entries(found, person), now=now, is_feed=True)
    return Response(body, mimetype="text/calendar")


def _entries(found: Agenda, person: FamilyMember) -> list[ics.Entry]:
    language = person.user.language if person.user else person.language
    with force_locale(language):
        appointment, entry = _("Appointment"), _("Calendar entry")
    program = {
        # Two relatives on the same track are one entry, as their times are the same.
        time.subject: ics.Entry(
            time.subject, time.start_at, time.end_at, time.zone, time.time_revision, entry
        )
        for time in found.program_times
    }
    return [*program.values(), *(_appointment(seen, appointment) for seen in found.sessions)]


def _appointment(seen: Seen, summary: str) -> ics.Entry:
    session = seen.session
    return ics.Entry(
        subject=f"session:{session.id}",
        start_at=session.starts_at,
        end_at=session.ends_at,
        zone=session.timezone,
        time_revision=session.time_revision,
        summary=summary,
    )
