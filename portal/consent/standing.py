"""What a consent gives at an instant, and whose signatures it needs. Nothing here decides a disclosure."""

from datetime import date, datetime

from portal.consent import rules
from portal.consent.models import Consent
from portal.consent.rules import Scope, Signers
from portal.core import clock
from portal.people.models import Client


def granted(consent: Consent, at: datetime) -> frozenset[Scope]:
    """The boxes that are ticked and not withdrawn at the instant `at`. Grants nothing by itself."""
    return frozenset(row.scope for row in consent.scopes if row.withdrawn_at is None or row.withdrawn_at > at)


def is_over(consent: Consent, at: datetime) -> bool:
    """Whether the clock has ended it: its last day, or the 18th birthday of who signed with a guardian."""
    ends = [end for end in (consent.ends_at, consent.guardian_until) if end is not None]
    return not ends or at >= min(ends)


def needs_guardian(client: Client, now: datetime) -> bool:
    """Whether a consent of this client's needs a guardian's signature beside the client's own."""
    today = clock.local_date(now, client.location.timezone)
    return birthday_that_ends(client, today) is not None


def birthday_that_ends(client: Client, today: date) -> date | None:
    """The 18th birthday of a client who signs with a guardian on `today`; None for who signs alone."""
    who = rules.signers(birth_on=client.birth_on, on=today, minor_rule=client.location.minor_rule)
    return rules.of_age_on(client.birth_on) if who is Signers.MINOR_AND_GUARDIAN else None
