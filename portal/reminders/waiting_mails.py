"""What the weekly digest and the word about a lesson say: numbers, never what or for whom."""

from collections.abc import Iterable
from datetime import datetime

from portal.consent.rules import Scope
from portal.core.db import once
from portal.disclosure import held
from portal.disclosure import service as ledger
from portal.disclosure.gate import Permit
from portal.disclosure.models import Channel
from portal.mail.kinds import Kind, Letter, Message
from portal.reminders import events as source
from portal.reminders import standing, waiting
from portal.reminders.waiting import Week


def digest_still_wanted(message: Message, now: datetime) -> str | None:
    """Not when the week holds nothing any more, and not as a second mail of the day."""
    found = _week(message, now)
    if not (found.sessions or found.entries):
        return "no_longer_due"
    return _not_now(message, now)


def digest_letter(message: Message, now: datetime) -> Letter:
    """How many appointments and entries the week has."""
    found = _week(message, now)
    for scope, count in ((Scope.SESSIONS, found.sessions), (Scope.PROGRAM_TIMES, found.entries)):
        if count:
            _enter(message, _permits(message, scope, now), f"week:{found.monday}", now)
    return standing.letter(
        message, {"monday": found.monday, "sessions": found.sessions, "entries": found.entries}
    )


def nudge_still_wanted(message: Message, now: datetime) -> str | None:
    """Not once everything is read, or the permission for lessons is gone."""
    _permits(message, Scope.LESSONS, now)
    ripe_at = waiting.lessons_ripe_at([message.reader_id], now).get(message.reader_id)
    if ripe_at is None or ripe_at > now:
        return "no_longer_due"
    return _not_now(message, now)


def nudge_letter(message: Message, now: datetime) -> Letter:
    """That something to read is waiting."""
    _enter(message, _permits(message, Scope.LESSONS, now), "lessons", now)
    return standing.letter(message, {})


def _week(message: Message, now: datetime) -> Week:
    """The week under the locks of the house; of no use once it is another than the one to be told."""

    def read() -> Week:
        for scope in (Scope.SESSIONS, Scope.PROGRAM_TIMES):
            _permits(message, scope, now)
        return waiting.week(message.reader_id, _zone(message), now)

    return once(("week", message.id), read)


def _permits(message: Message, scope: Scope, now: datetime) -> list[Permit]:
    """What the gate lets this reader know of `scope`; the consents stay locked."""
    return once(
        ("held", message.id, scope),
        lambda: held.permits(family_member_id=message.reader_id, scope=scope, at=now),
    )


def _not_now(message: Message, now: datetime) -> str | None:
    """It is derived anew at the next free moment."""
    if source.quiet_hours(_zone(message)).holds(now):
        return "quiet_hours"
    return "one_a_day" if waiting.had_mail_today(message.reader_id, _zone(message), now) else None


def _zone(message: Message) -> str:
    return once(
        ("zone", message.id),
        lambda: waiting.zone_of(message.reader_id, standing.reader(message).timezone),
    )


def _enter(message: Message, permits: Iterable[Permit], subject: str, now: datetime) -> None:
    """The ledger: a number that rests on a permission is a disclosure."""
    noted = [(permit, subject, Channel.MAIL) for permit in permits]
    ledger.record(noted, occasion=f"mail:{message.id}", now=now)


KINDS = [
    Kind(
        name=source.DIGEST,
        is_client_linked=True,
        is_optional=True,
        render=digest_letter,
        still_wanted=digest_still_wanted,
        preference=source.OPT_IN[source.DIGEST],
    ),
    Kind(
        name=source.NUDGE,
        is_client_linked=True,
        is_optional=True,
        render=nudge_letter,
        still_wanted=nudge_still_wanted,
        preference=source.OPT_IN[source.NUDGE],
    ),
]
