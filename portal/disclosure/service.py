"""The ledger: one row for the first view of an object in a browser session (42 CFR 2.25)."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache

from sqlalchemy import Insert, select
from sqlalchemy.dialects import postgresql, sqlite

from portal.audit import service as audit
from portal.consent.models import Consent
from portal.core.actor import Actor
from portal.core.db import connection, db
from portal.disclosure.gate import Permit
from portal.disclosure.models import Channel, DisclosureEntry, NoticeAcknowledgement
from portal.disclosure.notice import NOTICE_VERSION


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
    new = [(permit, key[2], key[4]) for key, permit in wanted.items() if key not in known]
    record_new(new, occasion=occasion, now=now)
    return len(new)


def record_new(noted: Iterable[tuple[Permit, str, Channel]], *, occasion: str, now: datetime) -> None:
    """The same for an occasion that is new itself, such as a mail: nothing to look up."""
    rows = [
        {
            "at": now,
            "client_id": permit.client_id,
            "family_member_id": permit.family_member_id,
            "consent_id": permit.consent_id,
            "scope": permit.scope,
            "subject": subject,
            "channel": channel,
            "notice_version": NOTICE_VERSION,
            "occasion": occasion,
        }
        for permit, subject, channel in noted
    ]
    if rows:
        connection().execute(_first_view(db.engine.dialect.name), rows)


def acknowledge(*, family_member_id: int, consent_ids: Iterable[int], actor: Actor, now: datetime) -> None:
    """The person has read what they may see under these consents, and the statement of 2.32."""
    for consent_id in consent_ids:
        consent = db.session.get_one(Consent, consent_id)
        db.session.add(
            NoticeAcknowledgement(
                family_member_id=family_member_id,
                consent_id=consent_id,
                notice_version=NOTICE_VERSION,
                at=now,
            )
        )
        audit.record(
            "notice.acknowledged",
            actor=actor,
            now=now,
            client_id=consent.client_id,
            consent_id=consent_id,
            notice_version=NOTICE_VERSION,
        )


@cache
def _first_view(dialect: str) -> Insert:
    """Two pages of one browser may be the first at once: the second finds the row and is content."""
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(DisclosureEntry).on_conflict_do_nothing()
