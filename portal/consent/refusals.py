"""Why a consent cannot be prepared or signed: each raises Refused by name."""

from collections.abc import Collection
from datetime import date, datetime

from portal.consent import rules
from portal.consent.models import Consent
from portal.consent.rules import Scope, State
from portal.core import clock
from portal.core.errors import Refused, TooLate
from portal.people.models import Relationship


def who_cannot_sign(relationship: Relationship, now: datetime) -> None:
    """42 CFR 2.14 and 2.15: a minor without their location's rule, a client who died."""
    client = relationship.client
    if relationship.ended_at is not None:
        raise Refused("relationship_ended")
    if client.deceased_on is not None:
        raise Refused("client_cannot_sign")
    problem = rules.minor_problem(
        birth_on=client.birth_on,
        on=clock.local_date(now, client.location.timezone),
        minor_rule=client.location.minor_rule,
    )
    if problem:
        raise Refused(problem)


def end(expires_on: date, today: date, birthday: date | None) -> None:
    """An end in the past, after twelve months, or past the `birthday` of who signs with a guardian."""
    problem = rules.end_problem(expires_on, today=today, of_age_on=birthday)
    if problem:
        raise Refused(problem, field="expires_on")


def needs(scopes: Collection[Scope]) -> None:
    """A box that means nothing without another one."""
    if rules.missing_needs(scopes):
        raise Refused("group_names_need_program_times", field="scopes")


def unless_waiting(consent: Consent, now: datetime) -> None:
    """Raises TooLate unless the client's signature is what is missing."""
    if consent.state is not State.PENDING_SIGNATURE:
        raise TooLate
    after_waiting(consent, now)


def after_waiting(consent: Consent, now: datetime) -> None:
    """What waited 14 days for a signature has lapsed."""
    if rules.has_lapsed(state=consent.state, since=consent.state_changed_at, at=now):
        raise Refused("waited_too_long")
