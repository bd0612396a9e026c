"""The rules of consent: scopes, required elements, states. Pure; 42 CFR 2.31.

Nothing here reads the clock or the database.
"""

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from dateutil.relativedelta import relativedelta

from portal.core import clock


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
    PENDING_GUARDIAN = "pending_guardian"
    """The minor has signed; a parent or guardian has to sign as well (2.14)."""
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
    SIGN_FIRST = "sign_first"
    """The minor's signature, where a guardian's is needed too."""
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
    (State.PENDING_SIGNATURE, Event.SIGN_FIRST): State.PENDING_GUARDIAN,
    (State.PENDING_GUARDIAN, Event.SIGN): State.ACTIVE,
    (State.PENDING_GUARDIAN, Event.LAPSE): State.LAPSED,
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
    (State.PENDING_GUARDIAN, Event.MARK_ENTERED_IN_ERROR): State.ENTERED_IN_ERROR,
    (State.ACTIVE, Event.MARK_ENTERED_IN_ERROR): State.ENTERED_IN_ERROR,
    (State.ON_HOLD, Event.MARK_ENTERED_IN_ERROR): State.ENTERED_IN_ERROR,
    (State.REVOKED, Event.MARK_ENTERED_IN_ERROR): State.ENTERED_IN_ERROR,
    (State.EXPIRED, Event.MARK_ENTERED_IN_ERROR): State.ENTERED_IN_ERROR,
    (State.SUPERSEDED, Event.MARK_ENTERED_IN_ERROR): State.ENTERED_IN_ERROR,
}
"""The whole machine. Terminal states never reopen; one may still prove to be an error."""

LIVE: frozenset[State] = frozenset({State.ACTIVE, State.ON_HOLD})
"""At most one consent of a pair is in one of these; the database holds it."""

OPEN: frozenset[State] = frozenset({State.DRAFT, State.PENDING_SIGNATURE, State.PENDING_GUARDIAN})

WAITING: frozenset[State] = frozenset({State.PENDING_SIGNATURE, State.PENDING_GUARDIAN})
"""Somebody's signature is missing: the client's, or a guardian's."""

MAX_MONTHS = 12
"""No family consent lasts longer."""

DRAFT_LIFE = timedelta(days=14)
"""A consent that waited this long for a signature has lapsed; computed, like an end."""

UNDO_WINDOW = timedelta(minutes=10)
"""How long the staff member who pressed "Hold now" may take it back as "wrong row"."""

ADULT_AGE = 18

SCAN_DAYS = 3
"""Working days in which the original of a consent on paper is scanned."""


class Signers(StrEnum):
    """Whose signatures a consent needs (2.14). The last two are also a location's rule."""

    ADULT = "adult"
    MINOR_ALONE = "minor_self"
    MINOR_AND_GUARDIAN = "minor_plus_guardian"


MINOR_RULES = (Signers.MINOR_ALONE, Signers.MINOR_AND_GUARDIAN)
"""What a location can enter: under its state's law a minor signs alone, or with a guardian."""


class GuardianBasis(StrEnum):
    """Why somebody may sign beside a minor (2.31(a)(8))."""

    PARENT = "parent"
    COURT_GUARDIAN = "court_guardian"
    OTHER_AUTHORITY = "other_authority"


CLASS_WORDS = frozenset(
    {"family", "relatives", "everyone", "everybody", "anyone", "anybody"}
    | {"familia", "familiares", "parientes", "todos"}
)
"""Words that name nobody: a family consent names one person (2.31(a)(4))."""


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


def missing_needs(scopes: Collection[Scope]) -> list[Scope]:
    """The scopes that mean nothing because another one is not ticked."""
    return [scope for scope, needed in NEEDS.items() if scope in scopes and needed not in scopes]


def with_dependents(scopes: Collection[Scope]) -> frozenset[Scope]:
    """`scopes` and those that need one of them: what falls when these are taken away."""
    return frozenset(scopes) | {scope for scope, needed in NEEDS.items() if needed in scopes}


def same_name(typed: str, printed: str) -> bool:
    """Whether a typed name is the printed one, whatever its case, spacing or accents' form."""
    return _plain(typed) == _plain(printed) != ""


def names_one_person(name: str) -> bool:
    """Whether `name` can be one person's; "my family" cannot."""
    words = set(_plain(name).split())
    return bool(words) and not words & CLASS_WORDS


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def months_later(on: date, months: int) -> date:
    """The same day of the month so many months later, or that month's last day."""
    return on + relativedelta(months=months)


def end_problem(expires_on: date, *, today: date, of_age_on: date | None = None) -> str | None:
    """Why this end cannot be chosen on `today` (the location's date); None when it can.

    `of_age_on`: the 18th birthday of a client who signs with a guardian.
    """
    if expires_on < today:
        return "end_is_past"
    if expires_on > months_later(today, MAX_MONTHS):
        return "end_too_late"
    if of_age_on and expires_on >= of_age_on:
        return "end_after_birthday"
    return None


def age(birth_on: date, on: date) -> int:
    """Whole years on the date `on`; a birthday of February 29 counts from March 1."""
    return on.year - birth_on.year - ((on.month, on.day) < (birth_on.month, birth_on.day))


def signers(*, birth_on: date, on: date, minor_rule: str | None) -> Signers | None:
    """Whose signatures are needed on the date `on` (2.14 with the state's law).

    None: a minor whose location has not entered its rule; nobody can sign.
    """
    if age(birth_on, on) >= ADULT_AGE:
        return Signers.ADULT
    return Signers(minor_rule) if minor_rule else None


def minor_problem(*, birth_on: date, on: date, minor_rule: str | None) -> str | None:
    """Why no consent can be prepared for a client of this age; None when it can."""
    return None if signers(birth_on=birth_on, on=on, minor_rule=minor_rule) else "minor_rule_missing"


def of_age_on(birth_on: date) -> date:
    """The 18th birthday; of February 29: March 1, as `age` counts."""
    year = birth_on.year + ADULT_AGE
    try:
        return birth_on.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def working_days_later(on: date, days: int) -> date:
    """So many days later, Saturdays and Sundays not counted; holidays are."""
    while days:
        on += timedelta(days=1)
        days -= on.weekday() < 5
    return on


def has_lapsed(*, state: State, since: datetime, at: datetime) -> bool:
    """Whether a consent that waits for its signature since `since` has waited too long."""
    return state in OPEN and at >= since + DRAFT_LIFE


def ends_at(expires_on: date, zone: str) -> datetime:
    """The first instant (UTC) at which a consent that ends on `expires_on` no longer counts.

    It runs to the end of that day in `zone`, the location's, frozen at signing.
    """
    return clock.midnight(expires_on + timedelta(days=1), zone)


def unusable_reason(
    *,
    state: State,
    signed_at: datetime | None,
    ends_at: datetime | None,
    guardian_signed_at: datetime | None = None,
    guardian_until: datetime | None = None,
    missing: Collection[str],
    client_deceased: bool,
    at: datetime,
) -> str | None:
    """Why a consent may not be relied on at the instant `at` (2.31(c)); None when it may.

    Evaluated at each use, never remembered. `guardian_until`, the client's 18th birthday, is
    set where a guardian has to sign as well (2.14).
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
    if guardian_until and (guardian_signed_at is None or at < guardian_signed_at):
        return "guardian_missing"
    if guardian_until and at >= guardian_until:
        return "came_of_age"
    if ends_at is None or at >= ends_at:
        return "expired"
    return None
