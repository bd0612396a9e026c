"""A client signs: the consent counts from this second, and the person may be invited.

Nothing is sent by it. Staff send the invitation; the client passes the code on.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Unpack

from sqlalchemy import select

from portal.consent import rules, signing, standing, states
from portal.consent.models import Consent, SigningMethod
from portal.consent.rules import State
from portal.consent.signing import GuardianSignature, Signature
from portal.core.actor import Actor
from portal.core.db import db
from portal.oversight import tasks
from portal.oversight.rules import TaskKind
from portal.people import invitations
from portal.workflows import access_ended


def sign(*, consent: Consent, actor: Actor, now: datetime, code_key: str, **given: Unpack[Signature]) -> str:
    """Sign, and open an invitation for a person without an account.

    Returns the code that the client passes on; empty where the person has an account or a
    guardian's signature is still missing. What an older consent allowed and this one does
    not, ends in the same transaction.
    """
    before = _granted_before(consent, now)
    signed = signing.sign(consent=consent, actor=actor, now=now, **given)
    return _follow(signed, before, actor=actor, now=now, code_key=code_key)


def sign_as_guardian(
    *, consent: Consent, actor: Actor, now: datetime, code_key: str, **given: Unpack[GuardianSignature]
) -> str:
    """The second signature beside a minor's (2.14): the consent counts; returns as `sign` does."""
    before = _granted_before(consent, now)
    signed = signing.sign_as_guardian(consent=consent, actor=actor, now=now, **given)
    return _follow(signed, before, actor=actor, now=now, code_key=code_key)


@dataclass(frozen=True)
class Guardian:
    """Who signed beside a minor on the same paper; codes as in `sign_as_guardian`."""

    name: str
    relationship: str
    basis: str


def attest_paper(
    *,
    consent: Consent,
    signed_on: date | None,
    guardian: Guardian | None,
    witness_id: int,
    actor: Actor,
    now: datetime,
    code_key: str,
    read_digest: str | None = None,
) -> str:
    """Staff attest that the signed original is on file: it counts at once, the scan is due.

    `guardian` is asked for where a minor does not sign alone. Returns as `sign` does; raises
    as both signatures do, and then nothing is changed.
    """
    code = sign(
        consent=consent,
        typed_name=consent.client.full_name,
        agreed=True,
        method=SigningMethod.PAPER,
        witness_id=witness_id,
        actor=actor,
        now=now,
        code_key=code_key,
        read_digest=read_digest,
        paper_signed_on=signed_on,
    )
    _ask_for_scan(consent, witness_id, actor, now)
    if consent.state is State.ACTIVE:
        return code
    beside = guardian or Guardian("", "", "")
    return sign_as_guardian(
        consent=consent,
        name=beside.name,
        relationship=beside.relationship,
        basis=beside.basis,
        agreed=True,
        method=SigningMethod.PAPER,
        witness_id=witness_id,
        actor=actor,
        now=now,
        code_key=code_key,
    )


def file_scan(*, consent: Consent, actor: Actor, now: datetime) -> None:
    """The scan of the paper is on file. Raises TooLate where none is due."""
    signing.file_scan(consent=consent, actor=actor, now=now)
    tasks.finish_about(TaskKind.SCAN, subject=_subject(consent), actor=actor, now=now)


def _ask_for_scan(consent: Consent, witness_id: int, actor: Actor, now: datetime) -> None:
    """Whoever attested the paper sees to its scan."""
    tasks.open_task(
        TaskKind.SCAN,
        subject=_subject(consent),
        actor=actor,
        now=now,
        location_id=consent.client.location_id,
        owner_id=witness_id,
        client_id=consent.client_id,
        due_on=consent.scan_due_on,
    )


def _subject(consent: Consent) -> str:
    return f"consent:{consent.id}"


def _follow(
    signed: Consent, before: frozenset[rules.Scope], *, actor: Actor, now: datetime, code_key: str
) -> str:
    if signed.state is not State.ACTIVE:
        return ""
    lost = before - standing.granted(signed, now)
    if lost:
        access_ended.end(
            client_id=signed.client_id,
            family_member_id=signed.family_member_id,
            relationship_id=signed.relationship_id,
            scopes=lost,
            actor=actor,
            now=now,
        )
    if signed.family_member.user_id is not None:
        return ""
    return new_code(consent=signed, actor=actor, now=now, code_key=code_key)


def new_code(*, consent: Consent, actor: Actor, now: datetime, code_key: str) -> str:
    """A new code to pass on, for a person who has no account yet; the one before is dead."""
    return invitations.new_code(relationship_id=consent.relationship_id, now=now, actor=actor, key=code_key)


def _granted_before(consent: Consent, now: datetime) -> frozenset[rules.Scope]:
    """What the pair shares until this signature; its consents are locked from here on."""
    states.lock_pair(consent)
    live = db.session.scalars(
        select(Consent).where(
            Consent.client_id == consent.client_id,
            Consent.family_member_id == consent.family_member_id,
            Consent.state.in_(rules.LIVE),
        )
    ).all()
    return frozenset(scope for older in live for scope in standing.granted(older, now))
