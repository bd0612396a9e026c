"""Consents, made by the real services: nothing here can grant what a signature would not."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from portal.consent import preparing, signing
from portal.consent.models import Consent, SigningMethod
from portal.consent.rules import Scope
from portal.core.actor import Actor
from portal.core.db import _mode, db, writing
from portal.people.models import Client, FamilyMember, Relationship
from tests.conftest import NOW
from tests.factories.people import make_client, make_family_member, make_relationship

FACTORY = Actor("job", None, "factory")


def relationship_of(client: Client | None, family_member: FamilyMember | None) -> Relationship:
    """The pair's relationship, made where there is none."""
    client = client or make_client()
    family_member = family_member or make_family_member()
    found = db.session.scalars(
        select(Relationship).where(
            Relationship.client_id == client.id, Relationship.family_member_id == family_member.id
        )
    ).one_or_none()
    return found or make_relationship(client=client, family_member=family_member)


def _in_transaction(make: Any) -> Any:
    if _mode.get() == "write":
        return make()
    with writing():
        return make()


def make_pending_consent(
    *,
    client: Client | None = None,
    family_member: FamilyMember | None = None,
    scopes: Collection[Scope] = frozenset({Scope.SESSIONS}),
    expires_on: date | None = None,
    language: str = "en",
    purpose: str = "family_program",
    actor: Actor = FACTORY,
    now: datetime = NOW,
) -> Consent:
    """A consent that waits for its signature."""

    def make() -> Consent:
        return preparing.prepare(
            relationship=relationship_of(client, family_member),
            scopes=scopes,
            expires_on=expires_on,
            purpose=purpose,
            language=language,
            actor=actor,
            now=now,
        )

    made: Consent = _in_transaction(make)
    return made


def make_signed_consent(
    *,
    client: Client | None = None,
    family_member: FamilyMember | None = None,
    scopes: Collection[Scope] = frozenset(Scope),
    expires_on: date | None = None,
    language: str = "en",
    now: datetime = NOW,
) -> Consent:
    """A consent that the client has signed in their own account, with every box by default."""

    def make() -> Consent:
        consent = make_pending_consent(
            client=client,
            family_member=family_member,
            scopes=scopes,
            expires_on=expires_on,
            language=language,
            now=now,
        )
        return signing.sign(
            consent=consent,
            typed_name=consent.client.full_name,
            agreed=True,
            method=SigningMethod.OWN_ACCOUNT,
            witness_id=None,
            actor=Actor("client", consent.client_id),
            now=now,
        )

    made: Consent = _in_transaction(make)
    return made
