"""The signatures: the client's, a guardian's beside it, and the scan of a paper."""

from datetime import date, datetime
from typing import NotRequired, TypedDict, Unpack

from portal.audit import service as audit
from portal.consent import document, elements, refusals, rules, standing, states, texts, wording
from portal.consent.models import Consent, SigningMethod
from portal.consent.rules import Event, GuardianBasis, State
from portal.core import clock
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import Refused, TooLate
from portal.people.models import StaffMember


class Signature(TypedDict):
    """What the client gives to sign. `read_digest`: of the text that was on the screen."""

    typed_name: str
    agreed: bool
    method: SigningMethod | str
    witness_id: int | None
    read_digest: NotRequired[str | None]
    paper_signed_on: NotRequired[date | None]
    """The date on a paper that staff attest."""


class GuardianSignature(TypedDict):
    """What a parent or guardian gives to sign; `relationship` is a code of `RelationshipCode`."""

    name: str
    relationship: str
    basis: GuardianBasis | str
    agreed: bool
    method: SigningMethod | str
    witness_id: int
    read_digest: NotRequired[str | None]


def sign(*, consent: Consent, actor: Actor, now: datetime, **given: Unpack[Signature]) -> Consent:
    """The client signs: the elements and the text freeze, an older live one of the pair retires.

    Where a guardian has to sign as well, it waits for that (`sign_as_guardian`) and nothing
    counts yet. A text that changed since it was read is refused.
    Raises Refused with the name of whatever is missing, TooLate if already signed.
    """
    states.lock_pair(consent)
    refusals.unless_waiting(consent, now)
    refusals.who_cannot_sign(consent.relationship, now)
    today = clock.local_date(now, consent.client.location.timezone)
    method, paper_signed_on = SigningMethod(given["method"]), given.get("paper_signed_on")
    _refuse_signature(consent, given)
    _refuse_paper_date(method, paper_signed_on, today)
    birthday = standing.birthday_that_ends(consent.client, today)
    if consent.expires_on:
        refusals.end(consent.expires_on, today, birthday)
    refusals.needs(standing.granted(consent, now))
    consent.paper_signed_on = paper_signed_on
    if method is SigningMethod.PAPER:
        consent.scan_due_on = rules.working_days_later(today, rules.SCAN_DAYS)
    text = _freeze(consent, method, given["witness_id"], now)
    _refuse_unread(given.get("read_digest"), texts.digest(text))
    if birthday is not None:
        consent.guardian_until = clock.midnight(birthday, elements.zone_of(consent))
        return states.move(consent, Event.SIGN_FIRST, actor=actor, now=now)
    return _activate(consent, actor, now)


def sign_as_guardian(
    *, consent: Consent, actor: Actor, now: datetime, **given: Unpack[GuardianSignature]
) -> Consent:
    """A parent or guardian signs beside the minor, at the desk or on paper; from now on it counts.

    42 CFR 2.14, 2.31(a)(8). Raises Refused with the name of whatever is missing, TooLate
    where no guardian's signature is waited for.
    """
    states.lock_pair(consent)
    if consent.state is not State.PENDING_GUARDIAN:
        raise TooLate
    refusals.after_waiting(consent, now)
    refusals.who_cannot_sign(consent.relationship, now)
    _refuse_guardian(consent, given)
    _refuse_grown_up(consent, now)
    _refuse_unread(given.get("read_digest"), consent.signed_text_digest)
    consent.guardian_name = " ".join(given["name"].split())
    consent.guardian_relationship = given["relationship"]
    consent.guardian_basis = GuardianBasis(given["basis"]).value
    consent.guardian_signed_at, consent.guardian_witness_id = now, given["witness_id"]
    consent.signed_text = "\n".join(
        (consent.signed_text or "", *_guardian_lines(consent, SigningMethod(given["method"]), now))
    )
    consent.signed_text_digest = texts.digest(consent.signed_text)
    return _activate(consent, actor, now)


def _guardian_lines(consent: Consent, method: SigningMethod, now: datetime) -> tuple[str, ...]:
    return document.guardian_signature(
        language=consent.language,
        name=consent.guardian_name,
        relationship=consent.guardian_relationship,
        basis=consent.guardian_basis,
        on=clock.local_date(now, elements.zone_of(consent)),
        method=method.value,
        witness_name=db.session.get_one(StaffMember, consent.guardian_witness_id).full_name,
    )


def file_scan(*, consent: Consent, actor: Actor, now: datetime) -> None:
    """The scan of the paper is on file. Raises TooLate where none is due."""
    if consent.scan_due_on is None or consent.scan_filed_on is not None:
        raise TooLate
    consent.scan_filed_on = clock.local_date(now, elements.zone_of(consent))
    audit.record(
        "consent.scan_filed", actor=actor, now=now, client_id=consent.client_id, consent_id=consent.id
    )


def _activate(consent: Consent, actor: Actor, now: datetime) -> Consent:
    """The last signature is there: it counts, and an older one of the pair does not any more."""
    for older in states.live_of_pair(consent):
        states.move(older, Event.SUPERSEDE, actor=actor, now=now)
    return states.move(consent, Event.SIGN, actor=actor, now=now)


def _refuse_signature(consent: Consent, given: Signature) -> None:
    """42 CFR 2.31(a)(8): the client's own name, the wish to sign, and a witness off their account."""
    if not given["agreed"]:
        raise Refused("agree_first", field="agreed")
    if not rules.same_name(given["typed_name"], consent.client.full_name):
        raise Refused("name_differs", field="typed_name")
    if given["method"] != SigningMethod.OWN_ACCOUNT and given["witness_id"] is None:
        raise Refused("witness_missing")


def _refuse_paper_date(method: SigningMethod, signed_on: date | None, today: date) -> None:
    if method is SigningMethod.PAPER and (signed_on is None or signed_on > today):
        raise Refused("paper_date_missing", field="paper_signed_on")


def _refuse_unread(read_digest: str | None, digest: str | None) -> None:
    """What is signed is what was on the screen."""
    if read_digest is not None and read_digest != digest:
        raise Refused("text_changed")


def _refuse_guardian(consent: Consent, given: GuardianSignature) -> None:
    """42 CFR 2.31(a)(8): who signs beside the client, what they are to the client, and on what basis."""
    name = given["name"]
    if not given["agreed"]:
        raise Refused("agree_first", field="agreed")
    if not rules.names_one_person(name) or rules.same_name(name, consent.client_name):
        raise Refused("missing_guardian_name", field="guardian_name")
    if given["relationship"] not in wording.RELATIONSHIPS[consent.language]:
        raise Refused("missing_guardian_relationship", field="guardian_relationship")
    if given["basis"] not in list(GuardianBasis):
        raise Refused("missing_guardian_basis", field="guardian_basis")


def _refuse_grown_up(consent: Consent, now: datetime) -> None:
    """Somebody who turned 18 while it waited signs alone, a new one."""
    if consent.guardian_until is None or now >= consent.guardian_until:
        raise Refused("came_of_age")


def _freeze(consent: Consent, method: SigningMethod, witness_id: int | None, now: datetime) -> str:
    """Fill and freeze what is signed; returns the body that the client read."""
    consent.signer_name = consent.client.full_name.strip()
    elements.fill(consent)
    signed_on = consent.paper_signed_on or clock.local_date(now, elements.zone_of(consent))
    filled = elements.as_they_stand(consent, consent.language, signed_on=signed_on)
    missing = rules.missing_elements(filled)
    if missing:
        raise Refused(f"missing_{missing[0]}")
    if not rules.names_one_person(filled.recipient_name):
        raise Refused("missing_recipient_name")
    assert consent.expires_on is not None
    text = document.body(filled, language=consent.language, zone=elements.zone_of(consent))
    witness = db.session.get_one(StaffMember, witness_id).full_name if witness_id else ""
    signed = document.signature(filled, language=consent.language, method=method.value, witness_name=witness)
    consent.signed_text = f"{text}\n{signed}"
    consent.signed_text_digest = texts.digest(consent.signed_text)
    consent.template_version = wording.TEMPLATE_VERSION
    consent.timezone = elements.zone_of(consent)
    consent.ends_at = rules.ends_at(consent.expires_on, consent.timezone)
    consent.signed_at, consent.signing_method, consent.witness_id = now, method, witness_id
    consent.copy_given_at = now  # the copy opens on the very next page
    return text
