"""The family home page: what is next for me, this week, what to read, what I may see.

Each part is read through the gate and entered in the ledger. Without any live permission
the page stays useful, and never says why there is less on it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import render_template, url_for
from flask_babel import gettext as _

from portal.consent.rules import Scope
from portal.core import clock
from portal.disclosure import gate
from portal.disclosure.gate import LiveConsent, Permit
from portal.education import queries as education
from portal.education.queries import Listed
from portal.education.rules import Standing
from portal.schedule import queries as schedule
from portal.schedule import rules as schedule_rules
from portal.schedule.rules import Span
from portal.sessions import queries
from portal.sessions.queries import Seen
from portal.web import access
from portal.web.dates import clock_time, hours
from portal.web.family.notice import must_read
from portal.web.family.reader import Reader, previewed, reader
from portal.web.family.sessions import shown
from portal.web.family.steps import shown_steps
from portal.web.language import current
from portal.web.ledger import disclosed
from portal.web.pages import Pages

pages = Pages()
DAYS = 7
OPEN_SESSIONS = 2
MORNING, AFTERNOON, EVENING = 5, 12, 17

SCOPE_WORDS = {
    Scope.SESSIONS: lambda: _("Family sessions you may join"),
    Scope.PROGRAM_TIMES: lambda: _("Program times"),
    Scope.GROUP_NAMES: lambda: _("Names of groups"),
    Scope.LESSONS: lambda: _("Lessons picked for you"),
    Scope.PROGRAM_STEP: lambda: _("The week and step of the program"),
    Scope.FINISHED_OR_LEFT: lambda: _("Whether the program was finished or left"),
}


@dataclass(frozen=True)
class Entry:
    """One line of the week."""

    text: str
    start_at: datetime
    note: str = ""
    href: str | None = None
    own: bool = False


@dataclass
class Day:
    """One day of the week, in order."""

    on: date
    entries: list[Entry] = field(default_factory=list)

    @property
    def own_count(self) -> int:
        """How many of the entries are the person's own."""
        return sum(1 for entry in self.entries if entry.own)


@dataclass(frozen=True)
class Permission:
    """What one person allowed, for the card."""

    given_name: str
    words: list[str]
    expires_on: date
    step: list[str]
    """Where the program stands, for whom the client lets see it."""


@pages.get("/home")
def home() -> str:
    """What is next, this week, what to read, what I may see."""
    me, now = reader(), access.now()
    consents = me.consents(now)
    permits = gate.permits_under(consents, at=now)
    zone = _zone(me, consents)
    own, evenings = queries.at_a_glance(
        family_member_id=me.own_id, now=now, permits=permits, evenings=OPEN_SESSIONS
    )
    today = clock.local_date(now, zone)
    steps = shown_steps(permits)
    return render_template(
        "family/home.html",
        greeting=_greeting(me.person.given_name, now.astimezone(ZoneInfo(zone)).hour),
        next_session=shown(own[:1]),
        week=_week(own, permits, consents, today, zone),
        today=today,
        lesson=_lesson(me, permits, now),
        permissions=[_permission(consent, permits, steps.get(consent.id, [])) for consent in consents],
        must_read=bool(consents) and not previewed() and must_read(consents),
        open_sessions=evenings,
    )


def _zone(me: Reader, consents: Sequence[LiveConsent]) -> str:
    """The zone of the person, else of a location they belong to."""
    return me.person.timezone or (consents[0].timezone if consents else me.zone)


def _greeting(name: str, hour: int) -> str:
    if MORNING <= hour < AFTERNOON:
        return _("Good morning, %(name)s", name=name)
    if AFTERNOON <= hour < EVENING:
        return _("Good afternoon, %(name)s", name=name)
    return _("Good evening, %(name)s", name=name)


def _week(
    own: Iterable[Seen], permits: Sequence[Permit], consents: Sequence[LiveConsent], today: date, zone: str
) -> list[Day]:
    """The coming days that have an entry, today always."""
    days = {today + timedelta(days=number): Day(today + timedelta(days=number)) for number in range(DAYS)}
    for seen in own:
        on = clock.local_date(seen.session.starts_at, seen.session.timezone)
        if on in days and seen.own_state == "placed":
            days[on].entries.append(_session_entry(shown([seen])[0]))
    for permit, span in _program_times(permits, today):
        if span.on in days:
            days[span.on].entries.append(_program_entry(span, permit, consents))
    for day in days.values():
        day.entries.sort(key=lambda entry: entry.start_at)
    return [day for day in days.values() if day.entries or day.on == today]


def _session_entry(seen: Seen) -> Entry:
    session = seen.session
    at = clock_time(session.starts_at, session.timezone)
    return Entry(
        text=_("%(title)s, %(time)s", title=session.title(current()), time=at),
        start_at=session.starts_at,
        href=url_for(".session", session_id=session.id),
        own=True,
    )


def _program_times(permits: Iterable[Permit], today: date) -> Iterator[tuple[Permit, Span]]:
    """The stretches of program time of the coming days, each with the permit that shows it."""
    times = [permit for permit in permits if permit.scope is Scope.PROGRAM_TIMES]
    until = today + timedelta(days=DAYS - 1)
    by_client = schedule.program_times_under(times, from_on=today, to_on=until)
    for permit in times:
        spans = schedule_rules.spans(by_client[permit.client_id])
        for week in sorted({span.on.strftime("%G-W%V") for span in spans}):
            disclosed(permit, f"week:{week}")
        yield from ((permit, span) for span in spans)


def _program_entry(span: Span, permit: Permit, consents: Sequence[LiveConsent]) -> Entry:
    """ "Program time" and when: never that anybody is there. A name only to tell two apart."""
    names = {consent.client_id: consent.given_name for consent in consents}
    return Entry(
        text=_("Program time, %(hours)s", hours=hours(span.start_at, span.end_at, span.zone)),
        start_at=span.start_at,
        note=names[permit.client_id] if len(names) > 1 else "",
    )


def _lesson(me: Reader, permits: Sequence[Permit], now: datetime) -> Listed | None:
    """The lesson to go on with: one picked for the person, else the first open one not finished."""
    picks = education.assigned_to(
        family_member_id=me.person.id,
        now=now,
        language=current(),
        permits=permits,
        with_progress=me.own_id is not None,
    )
    for pick in picks:
        if pick.lesson.standing is not Standing.DONE:
            disclosed(pick.permit, f"assignment:{pick.assignment_id}")
            return pick.lesson
    library = education.library(language=current(), family_member_id=me.own_id)
    begun = [lesson for lesson in library if lesson.standing is not Standing.DONE]
    begun.sort(key=lambda lesson: lesson.standing is Standing.NOT_STARTED)
    return begun[0] if begun else None


def _permission(consent: LiveConsent, permits: Sequence[Permit], step: list[str]) -> Permission:
    mine = [permit for permit in permits if permit.consent_id == consent.id]
    for permit in mine[:1]:
        disclosed(permit, "permission")
    assert consent.expires_on is not None
    return Permission(
        given_name=consent.given_name,
        words=[SCOPE_WORDS[permit.scope]() for permit in mine],
        expires_on=consent.expires_on,
        step=step,
    )
