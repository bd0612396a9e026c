"""A client changes what one person may see: less at once, more by a new signature."""

from collections.abc import Collection
from datetime import datetime

from portal.consent import preparing, rules, standing
from portal.consent.models import Consent
from portal.consent.rules import Scope
from portal.core.actor import Actor
from portal.core.errors import Refused
from portal.workflows import access_ended


def change(
    *, consent: Consent, chosen: Collection[Scope], typed_name: str, actor: Actor, now: datetime
) -> Consent | None:
    """Withdraw the unticked boxes at once; for added ones return a consent to read and sign.

    Raises Refused for no box at all (that is stopping) and for a box without the one it needs.
    """
    before = standing.granted(consent, now)
    added = set(chosen) - before
    if added and rules.missing_needs(chosen):
        raise Refused("group_names_need_program_times", field="scopes")
    kept = (before & set(chosen)) - set(rules.missing_needs(chosen))
    if not kept and not added:
        raise Refused("nothing_left", field="scopes")
    if not kept:
        access_ended.stop(consent=consent, actor=actor, now=now, reason="replaced")
    elif kept < before:
        access_ended.narrow(
            consent=consent, scopes=before - kept, typed_name=typed_name, actor=actor, now=now
        )
    if not added:
        return None
    to_sign = preparing.prepare(
        relationship=consent.relationship,
        scopes=chosen,
        expires_on=consent.expires_on,
        purpose=consent.purpose,
        language=consent.language,
        actor=actor,
        now=now,
    )
    return preparing.choose(consent=to_sign, scopes=chosen, actor=actor, now=now)
