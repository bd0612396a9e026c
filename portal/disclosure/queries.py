"""Reads of the ledger: what was shared, with whom, when."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select

from portal.consent.rules import Scope
from portal.core.db import db, rows
from portal.disclosure.gate import Permit
from portal.disclosure.models import Channel, DisclosureEntry, NoticeAcknowledgement
from portal.disclosure.notice import NOTICE_VERSION
from portal.people.models import Client, FamilyMember


@dataclass(frozen=True)
class Shared:
    """One thing that one person was shown. `last_at` is None for lessons: when a relative
    opened a lesson is theirs alone."""

    name: str
    scope: Scope
    subject_kind: str
    channel: Channel
    last_at: datetime | None


_WRITTEN = select(
    DisclosureEntry.client_id,
    DisclosureEntry.family_member_id,
    DisclosureEntry.scope,
    DisclosureEntry.subject,
    DisclosureEntry.channel,
).where(
    DisclosureEntry.occasion == bindparam("occasion"),
    DisclosureEntry.subject.in_(bindparam("subjects", expanding=True)),
)

_READ = (
    select(NoticeAcknowledgement.consent_id, func.max(NoticeAcknowledgement.at))
    .where(
        NoticeAcknowledgement.family_member_id == bindparam("family_member_id"),
        NoticeAcknowledgement.notice_version == bindparam("version"),
        NoticeAcknowledgement.consent_id.in_(bindparam("consent_ids", expanding=True)),
    )
    .group_by(NoticeAcknowledgement.consent_id)
)


def first_views(
    noted: Collection[tuple[Permit, str, Channel]], *, occasion: str
) -> list[tuple[Permit, str, Channel]]:
    """What of `noted` is not in the ledger yet for this occasion."""
    subjects = {subject for _permit, subject, _channel in noted}
    found = rows(_WRITTEN, {"occasion": occasion, "subjects": list(subjects)})
    written = {tuple(row) for row in found}
    return [
        (permit, subject, channel)
        for permit, subject, channel in noted
        if (permit.client_id, permit.family_member_id, permit.scope, subject, channel) not in written
    ]


def shared_with(client: Client, *, limit: int = 300) -> list[Shared]:
    """What was shared about this client, the newest first; one statement."""
    found = db.session.execute(
        select(
            FamilyMember.given_name,
            FamilyMember.family_name,
            DisclosureEntry.scope,
            DisclosureEntry.subject,
            DisclosureEntry.channel,
            func.max(DisclosureEntry.at).label("last_at"),
        )
        .join(FamilyMember, FamilyMember.id == DisclosureEntry.family_member_id)
        .where(DisclosureEntry.client_id == client.id)
        .group_by(
            FamilyMember.id,
            FamilyMember.given_name,
            FamilyMember.family_name,
            DisclosureEntry.scope,
            DisclosureEntry.subject,
            DisclosureEntry.channel,
        )
        .order_by(func.max(DisclosureEntry.at).desc(), DisclosureEntry.subject)
        .limit(limit)
    )
    return [
        Shared(
            name=f"{given_name} {family_name}",
            scope=scope,
            subject_kind=subject.partition(":")[0],
            channel=channel,
            last_at=None if scope is Scope.LESSONS else last_at,
        )
        for given_name, family_name, scope, subject, channel, last_at in found
    ]


def acknowledged(*, family_member_id: int, consents: dict[int, datetime]) -> bool:
    """Whether the person read the notice in force for each of these consents since its last change.

    `consents` maps each id to the instant of its last change; true where there is none.
    """
    if not consents:
        return True
    found: Sequence[tuple[int, datetime]] = rows(
        _READ,
        {"family_member_id": family_member_id, "consent_ids": list(consents), "version": NOTICE_VERSION},
    )
    read = dict(found)
    return all(consent_id in read and read[consent_id] >= at for consent_id, at in consents.items())
