"""The accounting of disclosures (42 CFR 2.25; 45 CFR 164.528(b)): three years, from the ledger alone."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from dateutil.relativedelta import relativedelta
from sqlalchemy import select

from portal.consent.models import Consent
from portal.consent.rules import Scope
from portal.core import clock
from portal.core.db import db
from portal.core.errors import NotFound
from portal.disclosure.models import Channel, DisclosureEntry
from portal.people.models import Client

YEARS = 3


@dataclass(frozen=True)
class Line:
    """What one person was shown of one kind on one local day, `times` over.

    A day, not an hour: 164.528 asks for the date, and more would tell how somebody reads.
    """

    on: date
    recipient: str
    relationship: str
    scope: Scope
    subject_kind: str
    purpose: str
    consent_id: int
    signed_at: datetime
    template_version: str
    channel: Channel
    notice_version: int
    times: int = 1


@dataclass(frozen=True)
class Accounting:
    """The report of one client, the newest day first."""

    since: datetime
    until: datetime
    zone: str
    lines: list[Line]

    @property
    def total(self) -> int:
        """How many rows of the ledger it holds."""
        return sum(line.times for line in self.lines)


def of_client(client: Client, *, now: datetime) -> Accounting:
    """The disclosures of the three years before `now`; one statement."""
    since, zone = now - relativedelta(years=YEARS), client.location.timezone
    rows = db.session.execute(
        select(DisclosureEntry, Consent)
        .join(Consent, Consent.id == DisclosureEntry.consent_id)
        .where(
            DisclosureEntry.client_id == client.id,
            DisclosureEntry.at > since,
            DisclosureEntry.at <= now,
        )
        .order_by(DisclosureEntry.at.desc(), DisclosureEntry.id.desc())
    )
    counted = Counter(_key(entry, consent, zone) for entry, consent in rows)
    lines = [Line(*key, times=times) for key, times in counted.items()]
    return Accounting(since=since, until=now, zone=zone, lines=lines)


def clients_with_entries(limit: int = 1000) -> list[Client]:
    """The clients about whom the ledger holds anything, by name."""
    return list(
        db.session.scalars(
            select(Client)
            .where(Client.id.in_(select(DisclosureEntry.client_id)))
            .order_by(Client.family_name, Client.given_name, Client.id)
            .limit(limit)
        )
    )


def client(client_id: int) -> Client:
    """A client, for the privacy office. Raises NotFound."""
    found = db.session.get(Client, client_id)
    if found is None:
        raise NotFound
    return found


def _key(
    entry: DisclosureEntry, consent: Consent, zone: str
) -> tuple[date, str, str, Scope, str, str, int, datetime, str, Channel, int]:
    assert consent.signed_at is not None, "a ledger row without a signature behind it"
    return (
        clock.local_date(entry.at, zone),
        consent.recipient_name,
        consent.recipient_relationship,
        entry.scope,
        entry.subject.partition(":")[0],
        consent.purpose,
        consent.id,
        consent.signed_at,
        consent.template_version,
        entry.channel,
        entry.notice_version,
    )
