"""The gate at its edges: the instant of signing, the instant of the end, two clocks, two people."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from portal.consent.rules import Scope
from portal.core.db import writing
from portal.disclosure import gate
from portal.disclosure.gate import Permit, Refusal
from tests.conftest import NOW
from tests.factories.consent import make_pending_consent, make_signed_consent
from tests.factories.people import make_client, make_family_member, make_location

SECOND = timedelta(seconds=1)


def answer(consent, at: datetime, scope: Scope = Scope.SESSIONS) -> Permit | Refusal:
    return gate.may_disclose(
        client_id=consent.client_id, family_member_id=consent.family_member_id, scope=scope, at=at
    )


def reason(consent, at: datetime, scope: Scope = Scope.SESSIONS) -> str | None:
    found = answer(consent, at, scope)
    return None if isinstance(found, Permit) else found.reason


def test_it_counts_from_the_instant_of_the_signature(app: Flask) -> None:
    consent = make_signed_consent()
    assert [reason(consent, NOW + by) for by in (-SECOND, 0 * SECOND, SECOND)] == ["not_signed", None, None]


@pytest.mark.parametrize(
    ("zone", "end"),
    [
        ("America/New_York", datetime(2026, 3, 9, 4, 0, tzinfo=UTC)),  # the day with 23 hours
        ("America/Los_Angeles", datetime(2026, 3, 9, 7, 0, tzinfo=UTC)),
        ("Pacific/Auckland", datetime(2026, 3, 8, 11, 0, tzinfo=UTC)),
    ],
)
def test_p2_06_t_r6_it_ends_with_the_last_day_also_when_clocks_change(
    app: Flask, zone: str, end: datetime
) -> None:
    client = make_client(location=make_location(timezone=zone))
    consent = make_signed_consent(client=client, expires_on=date(2026, 3, 8))
    assert [reason(consent, end + by) for by in (-SECOND, 0 * SECOND, SECOND)] == [None, "expired", "expired"]


def test_a_location_that_moves_its_clock_moves_no_signed_end(app: Flask) -> None:
    consent = make_signed_consent(expires_on=date(2026, 3, 8))
    end = consent.ends_at
    with writing():
        consent.client.location.timezone = "Pacific/Honolulu"
    assert consent.ends_at == end


def test_p2_04_a_consent_for_one_person_opens_nothing_for_a_namesake(app: Flask) -> None:
    consent = make_signed_consent()
    namesake = make_family_member(given_name="Elena", family_name="Dole")
    assert gate.permits(family_member_id=namesake.id, at=NOW) == []
    assert isinstance(answer(consent, NOW), Permit)


def test_p2_01_nothing_is_open_before_the_signature(app: Flask) -> None:
    assert reason(make_pending_consent(scopes=set(Scope)), NOW) == "none"


def test_death_closes_everything_at_once(app: Flask) -> None:
    consent = make_signed_consent()
    with writing():
        consent.client.deceased_on = date(2026, 3, 4)
    assert reason(consent, NOW) == "deceased"


def test_a_box_that_was_not_ticked_stays_closed(app: Flask) -> None:
    consent = make_signed_consent(scopes={Scope.PROGRAM_TIMES})
    assert reason(consent, NOW, Scope.GROUP_NAMES) == "not_in_scope"
    assert reason(consent, NOW, Scope.PROGRAM_TIMES) is None
