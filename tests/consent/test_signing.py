"""Signing: every element is there, frozen, and one live consent per pair."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.consent import holding, preparing, signing, standing, texts, wording
from portal.consent.models import Consent, ConsentEvent, SigningMethod
from portal.consent.rules import Scope, State
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.core.errors import Refused, TooLate
from tests.conftest import NOW
from tests.factories.consent import make_pending_consent, make_signed_consent
from tests.factories.people import make_client, make_family_member, make_location, make_staff


def sign(consent: Consent, **values):
    with writing():
        return signing.sign(
            **{
                "consent": consent,
                "typed_name": "Marcus Dole",
                "agreed": True,
                "method": SigningMethod.OWN_ACCOUNT,
                "witness_id": None,
                "actor": Actor("client", consent.client_id),
                "now": NOW,
                **values,
            }
        )


def refusal(consent: Consent, **values) -> str:
    with pytest.raises(Refused) as refused:
        sign(consent, **values)
    db.session.rollback()
    return refused.value.code


def test_a_prepared_consent_waits_for_its_signature(app: Flask) -> None:
    consent = make_pending_consent()
    assert consent.state is State.PENDING_SIGNATURE
    assert consent.expires_on == date(2026, 9, 4)
    assert consent.signed_text is None


def test_a_signature_makes_it_active_with_history_and_audit(app: Flask) -> None:
    consent = sign(make_pending_consent())
    steps = db.session.scalars(select(ConsentEvent).where(ConsentEvent.consent_id == consent.id)).all()
    assert consent.state is State.ACTIVE
    assert [step.to_state for step in steps] == [State.PENDING_SIGNATURE, State.ACTIVE]
    kinds = db.session.scalars(select(AuditEntry.kind).order_by(AuditEntry.id)).all()
    assert kinds == ["consent.prepared", "consent.changed_state", "consent.changed_state"]


def test_it_ends_at_the_end_of_the_last_day_in_the_locations_zone(app: Flask) -> None:
    consent = sign(make_pending_consent(expires_on=date(2026, 6, 30)))
    assert consent.ends_at == datetime(2026, 7, 1, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize("language", wording.LANGUAGES)
def test_the_frozen_text_says_every_element(app: Flask, language: str) -> None:
    consent = make_signed_consent(language=language)
    assert consent.signed_text is not None
    said = [consent.client_name, consent.discloser, consent.recipient_name, consent.signer_name]
    said += [wording.INFORMATION[language][scope] for scope in Scope]
    said += [texts.day(consent.expires_on, language), wording.PURPOSES[language]["family_program"]]
    said += [consent.revocation_statement, consent.redisclosure_statement, consent.refusal_statement]
    assert [words for words in said if words not in consent.signed_text] == []
    assert consent.signed_text_digest == texts.digest(consent.signed_text)


def test_a_client_renamed_later_keeps_the_name_in_the_signed_text(app: Flask) -> None:
    consent = make_signed_consent()
    with writing():
        consent.client.family_name = "Ruiz"
    assert consent.client_name == "Marcus Dole"
    assert "Marcus Dole" in (consent.signed_text or "")


@pytest.mark.parametrize("typed", ["marcus dole", "  Marcus   DOLE "])
def test_case_and_spaces_of_the_typed_name_do_not_matter(app: Flask, typed: str) -> None:
    assert sign(make_pending_consent(), typed_name=typed).state is State.ACTIVE


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"typed_name": "Marc Dole"}, "name_differs"),
        ({"typed_name": ""}, "name_differs"),
        ({"agreed": False}, "agree_first"),
        ({"method": SigningMethod.DESK}, "witness_missing"),
        ({"method": SigningMethod.PAPER}, "witness_missing"),
        ({"read_digest": texts.digest("another text")}, "text_changed"),
        ({"now": NOW + timedelta(days=14)}, "waited_too_long"),
    ],
)
def test_a_signature_is_refused_with_its_reason(app: Flask, values, code: str) -> None:
    consent = make_pending_consent()
    assert refusal(consent, **values) == code
    assert consent.state is State.PENDING_SIGNATURE
    assert consent.signed_at is None


def test_a_draft_can_be_signed_until_the_fourteenth_day(app: Flask) -> None:
    consent = make_pending_consent()
    assert sign(consent, now=NOW + timedelta(days=14, seconds=-1)).state is State.ACTIVE


def test_what_was_on_the_screen_is_what_is_signed(app: Flask) -> None:
    consent = make_pending_consent()
    text = preparing.text_to_sign(consent)
    signed = sign(consent, read_digest=texts.digest(text))
    assert (signed.signed_text or "").startswith(text)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (
            lambda c: setattr(c.client, "given_name", "Mark"),
            "name_differs",
        ),
        (lambda c: setattr(c.client.location, "name", ""), "missing_discloser"),
        (lambda c: c.scopes.clear(), "missing_scopes"),
        (lambda c: setattr(c.family_member, "given_name", "My"), "signed"),
        (lambda c: setattr(c.family_member, "family_name", "Family"), "missing_recipient_name"),
        (lambda c: setattr(c, "purpose", " "), "missing_purpose"),
        (lambda c: setattr(c, "expires_on", None), "missing_expires_on"),
    ],
)
def test_each_missing_element_is_refused_by_its_name(app: Flask, change, code: str) -> None:
    consent = make_pending_consent()
    with writing():
        for row in list(consent.scopes) if code == "missing_scopes" else ():
            db.session.delete(row)
        change(consent)
    if code == "signed":
        assert sign(consent).state is State.ACTIVE
    else:
        assert refusal(consent) == code


@pytest.mark.parametrize("statement", ["REVOCATION", "REDISCLOSURE", "REFUSAL"])
def test_a_template_without_a_statement_cannot_be_signed(app: Flask, monkeypatch, statement: str) -> None:
    consent = make_pending_consent()
    monkeypatch.setattr(wording, statement, {"en": "", "es": ""})
    assert refusal(consent) == f"missing_{statement.lower()}_statement"


def test_group_names_need_program_times(app: Flask) -> None:
    consent = make_pending_consent(scopes={Scope.GROUP_NAMES})
    assert refusal(consent) == "group_names_need_program_times"


@pytest.mark.parametrize(
    ("expires_on", "code"),
    [
        (date(2026, 3, 3), "end_is_past"),
        (date(2026, 3, 4), None),
        (date(2027, 3, 4), None),
        (date(2027, 3, 5), "end_too_late"),
    ],
)
def test_the_end_lies_between_today_and_twelve_months(app: Flask, expires_on: date, code: str | None) -> None:
    if code is None:
        assert make_pending_consent(expires_on=expires_on).expires_on == expires_on
        return
    with pytest.raises(Refused, match=code):
        make_pending_consent(expires_on=expires_on)


@pytest.mark.parametrize(
    ("birth_on", "minor_rule", "code"),
    [
        (date(2008, 3, 5), None, "minor_rule_missing"),
        (date(2008, 3, 4), None, None),
        (date(2008, 3, 5), "minor_self", None),
        (date(2008, 3, 5), "minor_plus_guardian", None),
        (date(2009, 3, 5), "minor_plus_guardian", None),
    ],
)
def test_a_client_under_18_needs_the_locations_rule(
    app: Flask, birth_on: date, minor_rule: str | None, code: str | None
) -> None:
    client = make_client(birth_on=birth_on, location=make_location(minor_rule=minor_rule))
    if code is None:
        assert make_pending_consent(client=client).state is State.PENDING_SIGNATURE
        return
    with pytest.raises(Refused, match=code):
        make_pending_consent(client=client)


def test_nobody_signs_for_a_client_who_died(app: Flask) -> None:
    client = make_client()
    consent = make_pending_consent(client=client)
    with writing():
        client.deceased_on = date(2026, 3, 1)
    assert refusal(consent) == "client_cannot_sign"


def test_a_new_signature_retires_the_old_consent_of_the_pair(app: Flask) -> None:
    client, mother = make_client(), make_family_member()
    old = make_signed_consent(client=client, family_member=mother)
    new = make_signed_consent(client=client, family_member=mother, scopes={Scope.LESSONS})
    assert (old.state, new.state) == (State.SUPERSEDED, State.ACTIVE)


def test_a_hold_does_not_outlive_a_new_signature(app: Flask) -> None:
    old = make_signed_consent()
    with writing():
        holding.hold(consent=old, kind="spoken", actor=Actor("staff", 1), now=NOW)
    make_signed_consent(client=old.client, family_member=old.family_member)
    assert old.state is State.SUPERSEDED


def test_a_consent_is_signed_once(app: Flask) -> None:
    consent = make_signed_consent()
    with pytest.raises(TooLate):
        sign(consent)


def test_a_witnessed_signature_names_the_witness(app: Flask) -> None:
    witness = make_staff()
    consent = sign(make_pending_consent(), method="desk", witness_id=witness.id)
    assert "in the presence of Dana Ortiz" in (consent.signed_text or "")


def test_the_client_chooses_before_signing_and_never_after(app: Flask) -> None:
    consent = make_pending_consent(scopes={Scope.SESSIONS, Scope.LESSONS})
    actor = Actor("client", consent.client_id)
    with writing():
        preparing.choose(consent=consent, scopes={Scope.LESSONS, Scope.PROGRAM_STEP}, actor=actor, now=NOW)
    assert standing.granted(sign(consent), NOW) == {Scope.LESSONS, Scope.PROGRAM_STEP}
    with pytest.raises(TooLate), writing():
        preparing.choose(consent=consent, scopes=set(Scope), actor=actor, now=NOW)
