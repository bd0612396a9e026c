"""The ends of a consent: narrowed, withdrawn, never signed, over, entered in error."""

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from portal.audit import service as audit
from portal.consent import elements, rules, standing, states, texts, withdrawal
from portal.consent.models import (
    Consent,
    Withdrawal,
    WithdrawalKind,
)
from portal.consent.rules import Event, Scope
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import Refused, TooLate
from portal.people.models import StaffMember


def narrow(
    *, consent: Consent, scopes: Collection[Scope], typed_name: str, actor: Actor, now: datetime
) -> frozenset[Scope]:
    """A signed partial withdrawal of `scopes`, and of those that need them; returns what fell.

    The signed text stays as it is. Raises Refused when nothing would be left: that is stopping.
    """
    states.lock_pair(consent)
    if consent.state not in rules.LIVE:
        raise TooLate
    if not rules.same_name(typed_name, consent.client_name):
        raise Refused("name_differs", field="typed_name")
    left = standing.granted(consent, now)
    fallen = rules.with_dependents(scopes) & left
    if fallen == left:
        raise Refused("nothing_left", field="scopes")
    for row in consent.scopes:
        if row.scope in fallen and row.withdrawn_at is None:
            row.withdrawn_at, row.withdrawn_by_name = now, " ".join(typed_name.split())
    _document(consent, WithdrawalKind.NARROWED, fallen, actor=actor, now=now, kept=left - fallen)
    audit.record(
        "consent.narrowed",
        actor=actor,
        now=now,
        client_id=consent.client_id,
        consent_id=consent.id,
        scopes=elements.codes(fallen),
    )
    db.session.flush()
    return fallen


def revoke(
    *,
    consent: Consent,
    actor: Actor,
    now: datetime,
    reason: str | None = None,
    already: withdrawal.Already | None = None,
) -> Consent:
    """The client withdraws the whole consent, by their own hand or in a writing that staff record.

    `already` is what was disclosed before, for the document: that stays done (2.31(a)(6)).
    """
    states.lock_pair(consent)
    left = standing.granted(consent, now)
    revoked = states.move(consent, Event.REVOKE, actor=actor, now=now, reason=reason)
    _document(revoked, WithdrawalKind.STOPPED, left, actor=actor, now=now, already=already)
    return revoked


def lapse(*, consent: Consent, actor: Actor, now: datetime, reason: str | None = None) -> Consent:
    """A consent that nobody signed is put away: not wanted, or older than 14 days."""
    return states.move(consent, Event.LAPSE, actor=actor, now=now, reason=reason)


def expire(*, consent: Consent, actor: Actor, now: datetime) -> Consent:
    """Make visible that the end has come. Access ended by the clock, not by this."""
    states.lock_pair(consent)
    if not standing.is_over(consent, now):
        raise TooLate
    return states.move(consent, Event.EXPIRE, actor=actor, now=now)


def mark_entered_in_error(*, consent: Consent, actor: Actor, now: datetime, reason: str) -> Consent:
    """It was recorded for the wrong person and must not count."""
    states.lock_pair(consent)
    return states.move(consent, Event.MARK_ENTERED_IN_ERROR, actor=actor, now=now, reason=reason)


def _document(
    consent: Consent,
    kind: WithdrawalKind,
    fallen: Collection[Scope],
    *,
    actor: Actor,
    now: datetime,
    kept: Collection[Scope] = (),
    already: withdrawal.Already | None = None,
) -> None:
    """Freeze the document of a withdrawal beside the consent."""
    text = withdrawal.text(
        withdrawal.Withdrawn(
            client_name=consent.client_name,
            recipient_name=consent.recipient_name,
            signed_on=consent.signed_at.astimezone(ZoneInfo(consent.timezone)).date()
            if consent.signed_at
            else None,
            fallen=frozenset(fallen),
            kept=frozenset(kept),
            at=now.astimezone(ZoneInfo(consent.timezone)),
            zone=consent.timezone,
            way=_way(actor),
            recorded_by=_staff_name(actor),
            already=already,
        ),
        language=consent.language,
    )
    consent.withdrawals.append(
        Withdrawal(
            kind=kind,
            at=now,
            signer_name=consent.client_name,
            language=consent.language,
            template_version=withdrawal.WITHDRAWAL_VERSION,
            text=text,
            text_digest=texts.digest(text),
        )
    )
    db.session.flush()


def _way(actor: Actor) -> str:
    """How the withdrawal came: by the client's own hand, at the desk, or in a note that staff record."""
    return {"client": "own_account", "desk": "at_desk", "staff": "written_note"}.get(
        actor.kind, "own_account"
    )


def _staff_name(actor: Actor) -> str:
    found = db.session.get(StaffMember, actor.id) if actor.kind == "staff" and actor.id else None
    return found.full_name if found else ""
