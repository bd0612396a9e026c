"""A consent must never have counted: recorded for the wrong person, or signed by too few.

What was disclosed meanwhile is an incident for the privacy office (42 CFR 2.16(b)).
"""

from datetime import datetime

from portal.consent import ending, rules
from portal.consent.models import Consent
from portal.core.actor import Actor
from portal.oversight import tasks
from portal.oversight.rules import TaskKind
from portal.workflows import access_ended

WRONG_PERSON = "wrong_person"


def mark(*, consent: Consent, reason: str, actor: Actor, now: datetime) -> None:
    """It counts no more, and what hung on it ends. `reason` is a code for the history.

    Raises TooLate where it never was signed for, or is marked already.
    """
    was_live = consent.state in rules.LIVE
    already = access_ended.already_shared(consent)
    ending.mark_entered_in_error(consent=consent, actor=actor, now=now, reason=reason)
    if was_live:
        access_ended.end_all(consent, actor, now)
    if already:
        tasks.open_task(
            TaskKind.INCIDENT,
            subject=f"consent:{consent.id}",
            actor=actor,
            now=now,
            client_id=consent.client_id,
        )
