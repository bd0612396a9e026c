"""A client signs: the consent counts from this second, and the person may be invited.

Nothing is sent by it. Staff send the invitation; the client passes the code on.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from portal.consent import rules
from portal.consent import service as consents
from portal.consent.models import Consent, SigningMethod
from portal.consent.rules import GuardianBasis, State
from portal.core.actor import Actor
from portal.core.db import db
from portal.people import invitations
from portal.workflows import access_ended


def sign(
    *,
    consent: Consent,
    typed_name: str,
    agreed: bool,
    method: SigningMethod | str,
    witness_id: int | None,
    actor: Actor,
    now: datetime,
    code_key: str,
    read_digest: str | None = None,
    paper_signed_on: date | None = None,
) -> str:
    """Sign, and open an invitation for a person without an account.

    Returns the code that the client passes on; empty where the person has an account or a
    guardian's signature is still missing. What an older consent allowed and this one does
    not, ends in the same transaction.
    """
    consents.lock_pair(consent)
    before = _granted_to_pair(consent, now)
    signed = consents.sign(
        consent=consent,
        typed_name=typed_name,
        agreed=agreed,
        method=method,
        witness_id=witness_id,
        actor=actor,
        now=now,
        read_digest=read_digest,
        paper_signed_on=paper_signed_on,
    )
    return _follow(signed, before, actor=actor, now=now, code_key=code_key)


def sign_as_guardian(
    *,
    consent: Consent,
    name: str,
    relationship: str,
    basis: GuardianBasis | str,
    agreed: bool,
    method: SigningMethod | str,
    witness_id: int,
    actor: Actor,
    now: datetime,
    code_key: str,
    read_digest: str | None = None,
) -> str:
    """The second signature beside a minor's (2.14): the consent counts; returns as `sign` does."""
    consents.lock_pair(consent)
    before = _granted_to_pair(consent, now)
    signed = consents.sign_as_guardian(
        consent=consent,
        name=name,
        relationship=relationship,
        basis=basis,
        agreed=agreed,
        method=method,
        witness_id=witness_id,
        actor=actor,
        now=now,
        read_digest=read_digest,
    )
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


def _follow(
    signed: Consent, before: frozenset[rules.Scope], *, actor: Actor, now: datetime, code_key: str
) -> str:
    if signed.state is not State.ACTIVE:
        return ""
    lost = before - consents.granted(signed, now)
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


def _granted_to_pair(consent: Consent, now: datetime) -> frozenset[rules.Scope]:
    live = db.session.scalars(
        select(Consent).where(
            Consent.client_id == consent.client_id,
            Consent.family_member_id == consent.family_member_id,
            Consent.state.in_(rules.LIVE),
        )
    ).all()
    return frozenset(scope for older in live for scope in consents.granted(older, now))
