"""The prepared form of the gate, which mail asks, gives the same end as the gate's own."""

from datetime import UTC, date, datetime

import pytest
from flask import Flask

from portal.consent.models import Consent
from portal.consent.rules import Scope
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.disclosure import gate, held
from portal.workflows import consent_signed
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.people import make_client, make_location, make_staff


def signed_by_both(birth_on: date) -> Consent:
    place = make_location(minor_rule="minor_plus_guardian")
    consent = make_signed_consent(client=make_client(birth_on=birth_on, location=place))
    with writing():
        consent_signed.sign_as_guardian(
            consent=consent,
            name="Rosa Dole",
            relationship="mother",
            basis="parent",
            agreed=True,
            method="desk",
            witness_id=make_staff().id,
            actor=Actor("desk", 1),
            now=NOW,
            code_key="key",
        )
    return consent


@pytest.mark.parametrize("days_later", [0, 60])
def test_both_forms_end_at_the_same_instant(app: Flask, days_later: int) -> None:
    """Also where the birthday comes before the printed end, as after a corrected birth date."""
    consent = signed_by_both(date(2008, 4, 10))
    if days_later:
        with writing():
            consent.ends_at = datetime(2026, 6, 9, 4, 0, tzinfo=UTC)
    person = consent.family_member_id
    with writing():
        prepared = held.permits(family_member_id=person, scope=Scope.SESSIONS, at=NOW)
    assert prepared == gate.permits(family_member_id=person, scope=Scope.SESSIONS, at=NOW)
    assert [permit.until for permit in prepared] == [datetime(2026, 4, 10, 4, 0, tzinfo=UTC)]


def test_an_adults_permit_lasts_to_the_printed_end(app: Flask) -> None:
    consent = make_signed_consent()
    with writing():
        [permit] = held.permits(family_member_id=consent.family_member_id, scope=Scope.LESSONS, at=NOW)
    assert permit.until == db.session.get_one(Consent, consent.id).ends_at
