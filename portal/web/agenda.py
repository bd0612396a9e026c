"""What stands in one person's calendar: their own sessions, and program times as permitted.

The calendar page, its print and the private feed show the same; only the words differ.
Nothing here says or implies whether anybody attended.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from portal.consent.rules import Scope
from portal.core import clock
from portal.disclosure import gate
from portal.disclosure.gate import Permit
from portal.people.models import FamilyMember
from portal.schedule import queries as schedule
from portal.schedule import rules
from portal.schedule.rules import Occurrence
from portal.sessions import queries as sessions
from portal.sessions.queries import Seen


@dataclass(frozen=True)
class ProgramTime:
    """A stretch of program time. `name` and `relative` are empty unless they may be said."""

    client_id: int
    start_at: datetime
    end_at: datetime
    zone: str
    subject: str
    time_revision: int
    name: str = ""
    relative: str = ""
    """The relative's given name, where the person has several."""

    @property
    def on(self) -> date:
        """The local day."""
        return clock.local_date(self.start_at, self.zone)


@dataclass
class Agenda:
    """One window of one person's calendar, and the permits that show it."""

    program_times: list[ProgramTime] = field(default_factory=list)
    sessions: list[Seen] = field(default_factory=list)
    permits: list[Permit] = field(default_factory=list)
    """The permits behind the program times, one or two for each client."""


def zone_of(person: FamilyMember) -> str:
    """The zone that decides which day it is for this person: theirs, else their location's."""
    return person.timezone or schedule.zone_of(person.id) or "UTC"


def of_family_member(
    person: FamilyMember, *, from_on: date, to_on: date, now: datetime, with_program_times: bool = True
) -> Agenda:
    """The days `from_on` to `to_on` as the gate allows them at `now`."""
    permits = gate.permits(family_member_id=person.id, at=now)
    return under(
        permits,
        own_id=person.id,
        from_on=from_on,
        to_on=to_on,
        now=now,
        with_program_times=with_program_times,
    )


def under(
    permits: Sequence[Permit],
    *,
    own_id: int | None,
    from_on: date,
    to_on: date,
    now: datetime,
    with_program_times: bool = True,
) -> Agenda:
    """The same from permits of `now` that are at hand; without `own_id` no own sessions."""
    agenda = Agenda(sessions=_own_sessions(own_id, permits, from_on, to_on, now) if own_id else [])
    if with_program_times:
        _add_program_times(agenda, permits, from_on, to_on)
    return agenda


def _own_sessions(
    family_member_id: int, permits: Sequence[Permit], from_on: date, to_on: date, now: datetime
) -> list[Seen]:
    """The person's own places on these days. A day is the session's own local day."""
    margin = timedelta(days=1)  # more than any two zones lie apart
    found = sessions.own_between(
        family_member_id=family_member_id,
        from_at=datetime.combine(from_on, time.min, ZoneInfo("UTC")) - margin,
        to_at=datetime.combine(to_on, time.max, ZoneInfo("UTC")) + margin,
        now=now,
        permits=permits,
    )
    return [seen for seen in found if from_on <= session_day(seen) <= to_on]


def session_day(seen: Seen) -> date:
    """The session's own local day."""
    return clock.local_date(seen.session.starts_at, seen.session.timezone)


def _add_program_times(agenda: Agenda, permits: Sequence[Permit], from_on: date, to_on: date) -> None:
    times = [permit for permit in permits if permit.scope is Scope.PROGRAM_TIMES]
    names = {permit.client_id: permit for permit in permits if permit.scope is Scope.GROUP_NAMES}
    relatives = schedule.given_names(times) if len(times) > 1 else {}
    by_client = schedule.program_times_under([*times, *names.values()], from_on=from_on, to_on=to_on)
    for permit in times:
        naming = names.get(permit.client_id)
        found = by_client[permit.client_id]
        relative = relatives.get(permit.client_id, "")
        agenda.permits += [permit, naming] if naming else [permit]
        agenda.program_times += (
            [_group(each, permit.client_id, relative) for each in found]
            if naming
            else [_stretch(span, permit.client_id, relative) for span in rules.spans(found)]
        )
    agenda.program_times.sort(key=lambda each: each.start_at)


def _group(group: Occurrence, client_id: int, relative: str) -> ProgramTime:
    return ProgramTime(
        client_id=client_id,
        start_at=group.start_at,
        end_at=group.end_at,
        zone=group.zone,
        subject=group.subject,
        time_revision=group.time_revision,
        name=group.name,
        relative=relative,
    )


def _stretch(span: rules.Span, client_id: int, relative: str) -> ProgramTime:
    """A stretch goes by its first group's name in the timetable, which says nothing."""
    return ProgramTime(
        client_id=client_id,
        start_at=span.start_at,
        end_at=span.end_at,
        zone=span.zone,
        subject=span.parts[0].subject,
        time_revision=max(part.time_revision for part in span.parts),
        relative=relative,
    )
