"""A consent before its signature: prepare it, choose its boxes and its end, read it."""

from collections.abc import Collection
from datetime import date, datetime, timedelta

from portal.audit import service as audit
from portal.center import settings
from portal.consent import document, elements, refusals, rules, standing, states
from portal.consent.models import Consent, ConsentScope
from portal.consent.rules import Event, Scope, State
from portal.core import clock
from portal.core.actor import Actor
from portal.core.db import db
from portal.people.models import Relationship


def prepare(
    *,
    relationship: Relationship,
    scopes: Collection[Scope],
    expires_on: date | None,
    purpose: str,
    language: str,
    actor: Actor,
    now: datetime,
) -> Consent:
    """A consent that waits for the client's signature; `scopes` are asked for, not granted.

    `expires_on` None: the center's usual time, six months. Raises Refused for a client who cannot sign
    and for an end in the past or later than twelve months.
    """
    client = relationship.client
    refusals.who_cannot_sign(relationship, now)
    today = clock.local_date(now, client.location.timezone)
    birthday = standing.birthday_that_ends(client, today)
    ends_on = expires_on or _usual_end(today, birthday)
    refusals.end(ends_on, today, birthday)
    consent = Consent(
        relationship=relationship,
        client=client,
        family_member=relationship.family_member,
        state=State.DRAFT,
        state_changed_at=now,
        expires_on=ends_on,
        timezone=client.location.timezone,
        purpose=purpose.strip(),
        language=language,
        prepared_by_id=actor.id if actor.kind == "staff" else None,
        created_at=now,
    )
    consent.scopes = [ConsentScope(scope=scope) for scope in Scope if scope in scopes]
    db.session.add(consent)
    elements.fill(consent)
    db.session.flush()
    audit.record(
        "consent.prepared",
        actor=actor,
        now=now,
        client_id=client.id,
        consent_id=consent.id,
        relationship_id=relationship.id,
        scopes=elements.codes(scopes),
    )
    return states.move(consent, Event.SEND_TO_SIGN, actor=actor, now=now)


def choose(
    *,
    consent: Consent,
    actor: Actor,
    now: datetime,
    scopes: Collection[Scope] | None = None,
    expires_on: date | None = None,
    language: str | None = None,
) -> Consent:
    """What the client ticks while the consent waits for the signature. None leaves as it was."""
    refusals.unless_waiting(consent, now)
    if scopes is not None:
        refusals.needs(scopes)
        _replace_scopes(consent, scopes)
        consent.chosen_at = now
    if expires_on is not None:
        today = clock.local_date(now, consent.client.location.timezone)
        refusals.end(expires_on, today, standing.birthday_that_ends(consent.client, today))
        consent.expires_on = expires_on
    consent.language = language or consent.language
    elements.fill(consent)
    db.session.flush()
    return consent


def renew(*, consent: Consent, actor: Actor, now: datetime) -> Consent:
    """A new consent that waits for the signature and asks for what this one gave, with a new end."""
    return prepare(
        relationship=consent.relationship,
        scopes=standing.granted(consent, now),
        expires_on=None,
        purpose=consent.purpose,
        language=consent.language,
        actor=actor,
        now=now,
    )


def text_to_sign(consent: Consent, language: str | None = None) -> str:
    """The whole text as it would be signed, in either language, without the signature's own lines."""
    language = language or consent.language
    today = elements.as_they_stand(consent, language)
    return document.body(today, language=language, zone=elements.zone_of(consent))


def _usual_end(today: date, birthday: date | None) -> date:
    usual = rules.months_later(today, settings.current().consent_months)
    return min(usual, birthday - timedelta(days=1)) if birthday else usual


def _replace_scopes(consent: Consent, scopes: Collection[Scope]) -> None:
    """Only before signing: afterwards a box is withdrawn, never removed."""
    for row in list(consent.scopes):
        if row.scope not in scopes:
            consent.scopes.remove(row)
            db.session.delete(row)
    present = {row.scope for row in consent.scopes}
    consent.scopes += [
        ConsentScope(scope=scope) for scope in Scope if scope in scopes and scope not in present
    ]
