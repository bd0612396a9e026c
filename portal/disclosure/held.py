"""The gate's answer under lock, for whoever asks it for thousands of people: the sending of mail.

The same conditions as `gate.permits`, through its SQL twin, but prepared once and reading
four columns. Only this package reads `Consent` to decide.
"""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, case, select

from portal.consent.models import Consent
from portal.consent.rules import Scope, State
from portal.core.db import UtcDateTime, connection
from portal.disclosure.gate import Permit, permitted

_AT: Any = bindparam("at", type_=UtcDateTime())
_OWN = Consent.family_member_id == bindparam("family_member_id")
_UNTIL = case((Consent.guardian_until < Consent.ends_at, Consent.guardian_until), else_=Consent.ends_at)
"""The end, or the 18th birthday of who signed with a guardian, where that comes first."""
_LIVE = (
    select(Consent.id)
    .where(_OWN, Consent.state.in_([State.ACTIVE, State.ON_HOLD]))
    .order_by(Consent.id)
    .with_for_update()
)


def permits(*, family_member_id: int, scope: Scope, at: datetime) -> list[Permit]:
    """What this person may see of `scope`, of every client; the consents stay locked.

    Locked first and read in a second statement, so that it sees what another transaction
    has changed while this one waited. A consent that came into being in between is not
    locked, and so not counted.
    """
    own = {"family_member_id": family_member_id}
    locked = _locked(own)
    rows = connection().execute(_usable(scope), {**own, "at": at})
    return [
        Permit(client_id, family_member_id, relationship_id, consent_id, scope, until)
        for consent_id, client_id, relationship_id, until in rows
        if (locked is None or consent_id in locked) and until is not None
    ]


def _locked(own: dict[str, int]) -> set[int] | None:
    """The consents that are now locked; None: all there are, since SQLite has one writer."""
    here = connection()
    return None if here.dialect.name == "sqlite" else set(here.execute(_LIVE, own).scalars())


@cache
def _usable(scope: Scope) -> Select[int, int, int, datetime | None]:
    return select(Consent.id, Consent.client_id, Consent.relationship_id, _UNTIL).where(
        _OWN,
        Consent.state == State.ACTIVE,
        permitted(Consent.client_id, Consent.family_member_id, scope, _AT),
    )
