"""Whether the person still has to read what they may see, with the statement of 42 CFR 2.32.

Before the first use and after each change. Nothing is blocked by it: a page links to it.
"""

from datetime import datetime

from portal.disclosure import queries
from portal.disclosure.gate import LiveConsent, usable_consents
from portal.web import access


def unread() -> bool:
    """Whether something changed since the signed-in person last said "I have read this"."""
    return must_read(usable_consents(family_member_id=access.family_member().id, at=access.now()))


def must_read(consents: list[LiveConsent]) -> bool:
    """The same for consents that are at hand."""
    return not queries.acknowledged(
        family_member_id=access.family_member().id,
        consents={consent.id: last_change(consent) for consent in consents},
    )


def last_change(consent: LiveConsent) -> datetime:
    """When what the person may see last changed: signed, narrowed, or shared again after a pause."""
    return max(
        [
            consent.state_changed_at,
            *(withdrawn_at for withdrawn_at in consent.scopes.values() if withdrawn_at is not None),
        ]
    )
