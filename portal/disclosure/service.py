"""The ledger: one row for the first view of an object in a browser session (42 CFR 2.25)."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from portal.core.db import db
from portal.disclosure.gate import Permit
from portal.disclosure.models import Channel, DisclosureEntry

NOTICE_VERSION = 1


def record(noted: Iterable[tuple[Permit, str, Channel]], *, occasion: str, now: datetime) -> int:
    """Write the disclosures that are new on this occasion; returns how many were."""
    wanted = {
        (permit.client_id, permit.family_member_id, subject, permit.scope, channel): permit
        for permit, subject, channel in noted
    }
    rows = db.session.execute(
        select(
            DisclosureEntry.client_id,
            DisclosureEntry.family_member_id,
            DisclosureEntry.subject,
            DisclosureEntry.scope,
            DisclosureEntry.channel,
        ).where(DisclosureEntry.occasion == occasion)
    )
    known = {tuple(row) for row in rows}
    new = [key for key in wanted if key not in known]
    for client_id, family_member_id, subject, scope, channel in new:
        db.session.add(
            DisclosureEntry(
                at=now,
                client_id=client_id,
                family_member_id=family_member_id,
                consent_id=wanted[client_id, family_member_id, subject, scope, channel].consent_id,
                scope=scope,
                subject=subject,
                channel=channel,
                notice_version=NOTICE_VERSION,
                occasion=occasion,
            )
        )
    return len(new)
