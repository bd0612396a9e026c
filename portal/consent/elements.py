"""The elements of 42 CFR 2.31(a) as they stand today, for a consent that is not signed yet."""

from collections.abc import Collection
from datetime import date

from portal.consent import wording
from portal.consent.models import Consent
from portal.consent.rules import Elements, Scope
from portal.people.models import Client


def discloser(client: Client) -> str:
    """The program that may share (2.31(a)(2)): its place, with the address a note can go to."""
    place = client.location
    return ", ".join(part for part in (place.name.strip(), place.address.strip()) if part)


def zone_of(consent: Consent) -> str:
    """The IANA zone of the client's location, in which days are meant."""
    return consent.client.location.timezone


def as_they_stand(consent: Consent, language: str, signed_on: date | None = None) -> Elements:
    """The elements as they stand today; only what is not signed yet may ask."""
    office = discloser(consent.client)
    return Elements(
        client_name=consent.client.full_name.strip(),
        discloser=office,
        scopes=frozenset(row.scope for row in consent.scopes),
        recipient_name=consent.family_member.full_name.strip(),
        recipient_relationship=consent.relationship.code.value,
        purpose=consent.purpose,
        revocation_statement=wording.REVOCATION[language].format(office=office),
        expires_on=consent.expires_on,
        signer_name=consent.signer_name,
        signed_on=signed_on,
        redisclosure_statement=wording.REDISCLOSURE[language],
        refusal_statement=wording.REFUSAL[language],
    )


def fill(consent: Consent) -> None:
    """Keep today's names and statements in the row of an unsigned consent."""
    today = as_they_stand(consent, consent.language)
    for name in (
        "client_name",
        "discloser",
        "recipient_name",
        "recipient_relationship",
        "revocation_statement",
        "redisclosure_statement",
        "refusal_statement",
    ):
        setattr(consent, name, getattr(today, name))


def codes(scopes: Collection[Scope]) -> list[str]:
    """The boxes in their order, as an audit entry keeps them."""
    return [scope.value for scope in Scope if scope in scopes]
