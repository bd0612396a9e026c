"""What a reminder says: a day, a time, how people meet. Never what, with whom or for whom.

Whatever has changed since it was prepared is found out in `standing`, just before it goes:
nothing has to be cancelled.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from portal.center import settings
from portal.consent.rules import Scope
from portal.core.db import once
from portal.core.errors import NotFound
from portal.disclosure import gate
from portal.disclosure import service as ledger
from portal.disclosure.models import Channel
from portal.mail import letters
from portal.mail.kinds import Kind, Letter, Message
from portal.reminders import events as source
from portal.reminders import standing, waiting_mails
from portal.reminders.rules import Event
from portal.reminders.standing import Place
from portal.sessions import links
from portal.sessions.rules import Meeting

MOST_LINES = 3
"""More than these do not fit into 80 words; the portal has them all."""


MOST_LINKS = 2
"""Of more appointments the portal has the links to give them up, for the same reason."""


def session_still_wanted(message: Message, now: datetime) -> str | None:
    """Drop what no longer stands; the message goes while something is left to tell."""
    places = _places(message, now)
    return _left(message, {place.item_id: place.timezone for place in places}, now)


def session_letter(message: Message, now: datetime) -> Letter:
    """The next appointments with day, time, zone and how people meet."""
    places = _places(message, now)
    if not places:
        raise NotFound
    _enter(message, places, now)
    lines = places[:MOST_LINES]
    if len(lines) <= MOST_LINKS:
        lines = [_with_link(place, now) for place in lines]
    return standing.letter(message, {"sessions": lines, "first": lines[0]})


def _with_link(place: Place, now: datetime) -> Place:
    """The line with a link that gives up this very place, while people may."""
    if now >= place.closes_at:
        return place
    token = links.new_for(
        sign_up_id=place.sign_up_id, time_revision=place.time_revision, until=place.closes_at, now=now
    )
    return replace(place, answer_path=f"{links.PATH}{token}")


def program_still_wanted(message: Message, now: datetime) -> str | None:
    """The same for program times: what the timetable and the permission say now."""
    events = _program_events(message, now)
    return _left(message, {item_id: event.zone for item_id, event in events.items()}, now)


def program_letter(message: Message, now: datetime) -> Letter:
    """That something stands in the calendar, and when; signing in shows what."""
    events = sorted(_program_events(message, now).values(), key=lambda each: (each.starts_at, each.subject))
    if not events:
        raise NotFound
    noted = [
        (permit, event.subject, Channel.MAIL)
        for permit in gate.permits(family_member_id=message.reader_id, at=now, scope=Scope.PROGRAM_TIMES)
        for event in events[:1]
    ]
    ledger.record(noted, occasion=f"mail:{message.id}", now=now)
    return standing.letter(message, {"starts_at": events[0].starts_at, "zone": events[0].zone})


def _places(message: Message, now: datetime) -> list[Place]:
    return once(("places", message.id), lambda: standing.places(message, now))


def _program_events(message: Message, now: datetime) -> dict[int, Event]:
    return once(("program_events", message.id), lambda: standing.program_events(message, now))


def _left(message: Message, zones: dict[int, str], now: datetime) -> str | None:
    """Why a message is not wanted whose items still stand in these zones."""
    if not zones:
        return "no_longer_due"
    if source.quiet_hours(standing.reader(message).timezone or next(iter(zones.values()))).holds(now):
        return "quiet_hours"  # derived anew when they are over
    return None


def _enter(message: Message, places: Iterable[Place], now: datetime) -> None:
    """The ledger: telling of an appointment that rests on a permission is a disclosure."""
    noted = [(place.permit, f"session:{place.session_id}", Channel.MAIL) for place in places if place.permit]
    ledger.record_new(noted, occasion=f"mail:{message.id}", now=now)


@dataclass(frozen=True)
class Sample:
    """An appointment that nobody has, to show what a reminder says."""

    starts_at: datetime
    timezone: str = "America/New_York"
    meeting: Meeting = Meeting.IN_PERSON
    answer_path: str = f"{links.PATH}…"


def example(*, language: str, name: str, base_url: str, now: datetime) -> letters.Words:
    """Exactly what a reminder says, for somebody who decides whether to get one."""
    center = settings.current()
    sample = Sample((now + timedelta(days=1)).replace(hour=23, minute=0))
    values = {"sessions": [sample], "first": sample}
    office = letters.Office(center.discreet_name, center.phone, base_url)
    return letters.write(KINDS[0], Letter("", language, name, values), office, "…")


KINDS = [
    Kind(
        name=source.SESSIONS,
        is_client_linked=True,
        is_optional=True,
        render=session_letter,
        still_wanted=session_still_wanted,
        preference=source.OPT_IN[source.SESSIONS],
    ),
    Kind(
        name=source.PROGRAM_TIMES,
        is_client_linked=True,
        is_optional=True,
        render=program_letter,
        still_wanted=program_still_wanted,
        preference=source.OPT_IN[source.PROGRAM_TIMES],
    ),
    *waiting_mails.KINDS,
]
