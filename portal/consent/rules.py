"""The rules of consent: scopes, required elements, states. Pure; 42 CFR 2.31.

Nothing here reads the clock or the database.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Scope(StrEnum):
    """What a client may let one person see: six plain boxes, all off by default.

    There is no code for diagnosis, drug tests, medicines, notes, the client's
    attendance or relapse: those stay outside the product.
    """

    SESSIONS = "sessions"
    LESSONS = "lessons"
    PROGRAM_TIMES = "program_times"
    GROUP_NAMES = "group_names"
    PROGRAM_STEP = "program_step"
    FINISHED_OR_LEFT = "finished_or_left"


NEEDS: dict[Scope, Scope] = {Scope.GROUP_NAMES: Scope.PROGRAM_TIMES}
"""A scope that means nothing without another."""


class State(StrEnum):
    """Where a consent stands (names.md maps these to FHIR Consent.status)."""

    DRAFT = "draft"
    PENDING_SIGNATURE = "pending_signature"
    ACTIVE = "active"
    ON_HOLD = "on_hold"
    LAPSED = "lapsed"
    REVOKED = "revoked"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    ENTERED_IN_ERROR = "entered_in_error"


class Event(StrEnum):
    """What can happen to a consent."""

    SEND_TO_SIGN = "send_to_sign"
    SIGN = "sign"
    LAPSE = "lapse"
    REVOKE = "revoke"
    HOLD = "hold"
    LIFT_HOLD = "lift_hold"
    EXPIRE = "expire"
    SUPERSEDE = "supersede"
    MARK_ENTERED_IN_ERROR = "mark_entered_in_error"


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.DRAFT, Event.SEND_TO_SIGN): State.PENDING_SIGNATURE,
    (State.DRAFT, Event.LAPSE): State.LAPSED,
    (State.PENDING_SIGNATURE, Event.SIGN): State.ACTIVE,
    (State.PENDING_SIGNATURE, Event.LAPSE): State.LAPSED,
    (State.ACTIVE, Event.REVOKE): State.REVOKED,
    (State.ACTIVE, Event.HOLD): State.ON_HOLD,
    (State.ACTIVE, Event.EXPIRE): State.EXPIRED,
    (State.ACTIVE, Event.SUPERSEDE): State.SUPERSEDED,
    (State.ON_HOLD, Event.LIFT_HOLD): State.ACTIVE,
    (State.ON_HOLD, Event.REVOKE): State.REVOKED,
    (State.ON_HOLD, Event.EXPIRE): State.EXPIRED,
    (State.ON_HOLD, Event.SUPERSEDE): State.SUPERSEDED,
    (State.DRAFT, Event.MARK_ENTERED_IN_ERROR): State.ENTERED_IN_ERROR,
    (State.PENDING_SIGNATURE, Event.MARK_ENTERED_IN_ERROR): State.ENTERED_IN_ERROR,
    (State.ACTIVE, Event.MARK_ENTERED_IN_ERROR): State.ENTERED_IN_ERROR,
    (State.ON_HOLD, Event.MARK_ENTERED_IN_ERROR): State.ENTERED_IN_ERROR,
    (State.REVOKED, Event.MARK_ENTERED_IN_ERROR): State.ENTERED_IN_ERROR,
    (State.EXPIRED, Event.MARK_ENTERED_IN_ERROR): State.ENTERED_IN_ERROR,
    (State.SUPERSEDED, Event.MARK_ENTERED_IN_ERROR): State.ENTERED_IN_ERROR,
}
"""The whole machine. Terminal states never reopen; one may still prove to be an error."""

LIVE: frozenset[State] = frozenset({State.ACTIVE, State.ON_HOLD})
"""At most one consent of a pair is in one of these; the database holds it."""

OPEN: frozenset[State] = frozenset({State.DRAFT, State.PENDING_SIGNATURE})

MAX_LIFE = timedelta(days=366)
"""No family consent lasts longer than 12 months."""


def next_state(state: State, event: Event) -> State | None:
    """The state after `event`, or None where it cannot happen."""
    return TRANSITIONS.get((state, event))


@dataclass(frozen=True)
class Elements:
    """The required elements of one consent, 42 CFR 2.31(a), as they are about to be signed."""

    client_name: str
    discloser: str
    scopes: frozenset[Scope]
    recipient_name: str
    recipient_relationship: str
    purpose: str
    revocation_statement: str
    expires_on: date | None
    signer_name: str
    signed_on: date | None
    redisclosure_statement: str
    refusal_statement: str


def missing_elements(elements: Elements) -> list[str]:
    """The names of what is missing, in the order of 2.31(a); empty when complete."""
    missing: list[str] = []
    for name in (
        "client_name",  # (a)(1)
        "discloser",  # (a)(2)
        "scopes",  # (a)(3)
        "recipient_name",  # (a)(4)
        "recipient_relationship",
        "purpose",  # (a)(5)
        "revocation_statement",  # (a)(6)
        "expires_on",  # (a)(7)
        "signer_name",  # (a)(8)
        "signed_on",  # (a)(9)
        "redisclosure_statement",  # (a)(10), kept for every consent
        "refusal_statement",
    ):
        value = getattr(elements, name)
        if not (value.strip() if isinstance(value, str) else value):
            missing.append(name)
    return missing


def ends_at(expires_on: date, zone: str) -> datetime:
    """The first instant (UTC) at which a consent that ends on `expires_on` no longer counts.

    It runs to the end of that day in `zone`, the location's, frozen at signing.
    """
    midnight = datetime.combine(expires_on + timedelta(days=1), time.min, ZoneInfo(zone))
    return midnight.astimezone(UTC)


def unusable_reason(
    *,
    state: State,
    signed_at: datetime | None,
    ends_at: datetime | None,
    missing: Collection[str],
    client_deceased: bool,
    at: datetime,
) -> str | None:
    """Why a consent may not be relied on at the instant `at` (2.31(c)); None when it may.

    Evaluated at each use, never remembered.
    """
    if client_deceased:
        return "deceased"
    if state is State.ON_HOLD:
        return "on_hold"
    if state is State.REVOKED:
        return "revoked"
    if state is not State.ACTIVE:
        return "not_active"
    if missing:
        return "incomplete"
    if signed_at is None or at < signed_at:
        return "not_signed"
    if ends_at is None or at >= ends_at:
        return "expired"
    return None
