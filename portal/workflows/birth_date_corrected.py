"""A client's birth date was wrong: whose signatures a consent needs follows at once (42 CFR 2.14).

What waits for a signature is asked anew by its own rules when it is signed. What lives is
looked at as of the day of its signature, under the location's present rule for minors.
"""

from collections import Counter
from datetime import date, datetime
from zoneinfo import ZoneInfo

from portal.audit import service as audit
from portal.consent import elements, ending, rules, states
from portal.consent.models import Consent
from portal.consent.rules import Signers, State
from portal.core import clock
from portal.core.actor import Actor
from portal.core.errors import Refused
from portal.people.models import Client
from portal.workflows import entered_in_error

REASON = "birth_date_corrected"


def correct(*, client: Client, birth_on: date, actor: Actor, now: datetime) -> Counter[str]:
    """Set the right date; returns how many consents `lapsed`, are `in_error`, or `end_moved`.

    A consent that needs a guardian's signature and has none never counted. One that a
    guardian signed ends on the right 18th birthday; who is 18 by now is asked anew by the
    sweep. Raises Refused day_ahead or birth_date_same (field birth_on).
    """
    if birth_on > clock.local_date(now, client.location.timezone):
        raise Refused("day_ahead", field="birth_on")
    if birth_on == client.birth_on:
        raise Refused("birth_date_same", field="birth_on")
    consents = states.lock_of(client)
    client.birth_on = birth_on
    effects = Counter(_follow(consent, actor, now) for consent in consents)
    audit.record(
        "client.birth_date_corrected",
        actor=actor,
        now=now,
        client_id=client.id,
        **{name: effects[name] for name in ("lapsed", "in_error", "end_moved")},
    )
    return effects


def _follow(consent: Consent, actor: Actor, now: datetime) -> str:
    needed = _signers(consent, now)
    if consent.state is State.PENDING_GUARDIAN:
        if needed is Signers.MINOR_AND_GUARDIAN:
            return _move_end(consent)
        ending.lapse(consent=consent, actor=actor, now=now, reason=REASON)
        return "lapsed"
    if consent.state not in rules.LIVE:
        return "unchanged"
    if consent.guardian_until is not None:
        return _move_end(consent)
    if needed in (Signers.ADULT, Signers.MINOR_ALONE):
        return "unchanged"
    entered_in_error.mark(consent=consent, reason=REASON, actor=actor, now=now)
    return "in_error"


def _signers(consent: Consent, now: datetime) -> Signers | None:
    """Whose signatures were needed on the day of the client's; None: nobody could sign."""
    signed_at = consent.signed_at or now
    return rules.signers(
        birth_on=consent.client.birth_on,
        on=consent.paper_signed_on or signed_at.astimezone(ZoneInfo(consent.timezone)).date(),
        minor_rule=consent.client.location.minor_rule,
    )


def _move_end(consent: Consent) -> str:
    birthday = rules.of_age_on(consent.client.birth_on)
    consent.guardian_until = clock.midnight(birthday, elements.zone_of(consent))
    return "end_moved"
