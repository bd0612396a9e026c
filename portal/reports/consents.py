"""How consents stand, as badges for staff. Nothing is disclosed by it: the gate decides that."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import select

from portal.consent.models import Consent
from portal.consent.rules import LIVE, WAITING, State, has_lapsed
from portal.consent.standing import is_over
from portal.core.db import db

SOON = timedelta(days=30)


class Badge(StrEnum):
    """What a staff list says of one relationship."""

    ACTIVE = "active"
    ENDS_SOON = "ends_soon"
    WAITING = "waiting"
    ON_HOLD = "on_hold"
    NONE = "none"


@dataclass(frozen=True)
class Standing:
    """One relationship's consent now. `is_waiting` also beside a live one: a renewal."""

    badge: Badge = Badge.NONE
    until_on: date | None = None
    consent_id: int | None = None
    is_waiting: bool = False


def standings(relationship_ids: Collection[int], now: datetime) -> dict[int, Standing]:
    """Each relationship's standing, in one statement; `NONE` where there is nothing live or open."""
    consents = db.session.scalars(
        select(Consent)
        .where(
            Consent.relationship_id.in_(relationship_ids),
            Consent.state.in_([*LIVE, *WAITING]),
        )
        .order_by(Consent.created_at, Consent.id)
    )
    found = {relationship_id: Standing() for relationship_id in relationship_ids}
    for consent in consents:
        found[consent.relationship_id] = _with(found[consent.relationship_id], consent, now)
    return found


def _with(known: Standing, consent: Consent, now: datetime) -> Standing:
    """A live consent is what counts; one that waits for the signature stands beside it."""
    badge = _badge(consent, now)
    if badge is None:
        return known
    if badge is not Badge.WAITING:
        return Standing(badge, consent.expires_on, consent.id, known.is_waiting)
    if known.badge in (Badge.NONE, Badge.WAITING):
        return Standing(badge, consent.expires_on, consent.id, True)
    return Standing(known.badge, known.until_on, known.consent_id, True)


def _badge(consent: Consent, now: datetime) -> Badge | None:
    if consent.state in WAITING:
        lapsed = has_lapsed(state=consent.state, since=consent.state_changed_at, at=now)
        return None if lapsed else Badge.WAITING
    if consent.ends_at is None or is_over(consent, now):
        return None
    if consent.state is State.ON_HOLD:
        return Badge.ON_HOLD
    return Badge.ENDS_SOON if consent.ends_at <= now + SOON else Badge.ACTIVE
