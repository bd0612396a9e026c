"""A corrected birth date: whose signatures a consent needs, at once and for what is signed already."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.consent.models import Consent
from portal.consent.rules import State
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.core.errors import Refused
from portal.disclosure import gate, service
from portal.disclosure.models import Channel
from portal.mail.models import OutboundMessage
from portal.oversight.models import Task
from portal.people.models import Client, StaffMember
from portal.workflows import access_ended, birth_date_corrected
from tests.conftest import NOW
from tests.disclosure.test_held import signed_by_both
from tests.factories.consent import make_pending_consent, make_signed_consent
from tests.factories.people import make_care_team_member, make_client, make_location, make_staff
from tests.page import STAFF_BYTES, check_page
from tests.signin import post, sign_in

ADULT, MINOR = date(1990, 1, 1), date(2010, 1, 1)


def client_born(birth_on: date, rule: str | None = "minor_plus_guardian") -> Client:
    person: Client = make_client(birth_on=birth_on, location=make_location(minor_rule=rule))
    return person


def corrected(consent: Consent, birth_on: date) -> dict[str, int]:
    with writing():
        client = db.session.get_one(Consent, consent.id).client
        effects = birth_date_corrected.correct(
            client=client, birth_on=birth_on, actor=Actor("staff", 1), now=NOW
        )
    return dict(effects)


def sees(consent: Consent) -> bool:
    return bool(gate.permits(family_member_id=consent.family_member_id, at=NOW))


@pytest.mark.parametrize("rule", ["minor_plus_guardian", None])
def test_what_a_minor_signed_alone_against_the_rule_never_counted(app: Flask, rule: str | None) -> None:
    consent = make_signed_consent(client=client_born(ADULT, rule))
    assert corrected(consent, MINOR) == {"in_error": 1}
    assert (consent.state, sees(consent)) == (State.ENTERED_IN_ERROR, False)
    entry = db.session.scalars(
        select(AuditEntry).where(AuditEntry.kind == "client.birth_date_corrected")
    ).one()
    assert entry.fields == {"lapsed": 0, "in_error": 1, "end_moved": 0}
    assert db.session.scalars(select(Task)).all() == []  # nothing had been shared
    assert db.session.scalars(select(OutboundMessage)).all() == []


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [("minor_self", ADULT, MINOR), ("minor_self", MINOR, ADULT), (None, ADULT, date(1991, 1, 1))],
)
def test_a_signature_that_was_enough_stays(app: Flask, rule: str | None, before: date, after: date) -> None:
    consent = make_signed_consent(client=client_born(before, rule))
    assert corrected(consent, after) == {"unchanged": 1}
    assert sees(consent)


def test_with_a_guardian_it_ends_on_the_right_birthday(app: Flask) -> None:
    consent = signed_by_both(date(2008, 4, 10))
    assert corrected(consent, date(2008, 3, 20)) == {"end_moved": 1}
    [permit, *_rest] = gate.permits(family_member_id=consent.family_member_id, at=NOW)
    assert permit.until == datetime(2026, 3, 20, 4, 0, tzinfo=UTC)


def test_who_is_grown_up_by_now_is_asked_to_sign_alone(app: Flask) -> None:
    consent = signed_by_both(date(2008, 4, 10))
    corrected(consent, ADULT)
    assert not sees(consent)
    with writing():
        access_ended.sweep(NOW)
    states = {row.state for row in db.session.scalars(select(Consent))}
    assert states == {State.EXPIRED, State.PENDING_SIGNATURE}


def test_what_waits_for_a_guardian_without_need_is_put_away(app: Flask) -> None:
    consent = make_signed_consent(client=client_born(MINOR))
    assert consent.state is State.PENDING_GUARDIAN
    assert corrected(consent, ADULT) == {"lapsed": 1}


def test_a_draft_asks_for_what_it_needs_when_it_is_signed(app: Flask) -> None:
    consent = make_pending_consent(client=client_born(ADULT))
    assert corrected(consent, MINOR) == {"unchanged": 1}
    assert consent.state is State.PENDING_SIGNATURE


@pytest.mark.parametrize(("day", "code"), [(ADULT, "birth_date_same"), (date(2026, 3, 5), "day_ahead")])
def test_no_change_and_a_day_ahead_are_refused(app: Flask, day: date, code: str) -> None:
    with pytest.raises(Refused, match=code):
        corrected(make_signed_consent(client=client_born(ADULT)), day)


def typed(day: date) -> dict[str, str]:
    return {
        "birth_on-month": str(day.month),
        "birth_on-day": str(day.day),
        "birth_on-year": str(day.year),
        "sure": "y",
    }


@pytest.fixture
def dana(client: FlaskClient) -> StaffMember:
    member: StaffMember = make_staff()
    sign_in(client, member.user, "staff")
    return member


def test_staff_correct_it_and_the_incident_is_opened(client: FlaskClient, dana: StaffMember) -> None:
    consent = make_signed_consent(client=client_born(ADULT))
    make_care_team_member(consent.client, dana)
    shared_once(consent)
    address = f"/staff/clients/{consent.client_id}/birth-date"
    check_page(client.get(address), budget=STAFF_BYTES, status=200)
    for wrong in ({**typed(MINOR), "sure": ""}, {**typed(MINOR), "birth_on-year": "20"}, typed(ADULT)):
        assert client.post(address, data=wrong).status_code == 400
        assert "There is a problem" in post(client, address, wrong).text
    assert sees(consent)
    answer = post(client, address, typed(MINOR))
    assert answer.location == f"/staff/clients/{consent.client_id}"
    assert not sees(consent)
    [task] = db.session.scalars(select(Task)).all()
    assert (task.kind.value, task.location_id) == ("incident", None)
    check_page(client.get(f"/staff/consents/{consent.id}"), budget=STAFF_BYTES, status=200)


def shared_once(consent: Consent) -> None:
    """One row of the ledger, as a page leaves it."""
    [permit, *_rest] = gate.permits(family_member_id=consent.family_member_id, at=NOW)
    with writing():
        service.record([(permit, "permission", Channel.PAGE)], occasion="browser:1", now=NOW)


def test_a_consent_for_the_wrong_person_is_marked_and_looked_into(
    client: FlaskClient, dana: StaffMember
) -> None:
    consent = make_signed_consent()
    make_care_team_member(consent.client, dana)
    shared_once(consent)
    address = f"/staff/consents/{consent.id}/error"
    check_page(client.get(address), budget=STAFF_BYTES, status=200)
    assert "There is a problem" in post(client, address).text
    assert sees(consent)
    post(client, address, {"sure": "y"})
    post(client, address, {"sure": "y"})
    assert not sees(consent)
    assert [task.kind.value for task in db.session.scalars(select(Task))] == ["incident"]
    check_page(client.get(f"/staff/consents/{consent.id}"), budget=STAFF_BYTES, status=200)


@pytest.mark.parametrize("verb", ["birth_date", "error"])
def test_other_peoples_clients_are_not_there(client: FlaskClient, dana: StaffMember, verb: str) -> None:
    other: Callable[[Consent], str] = {
        "birth_date": lambda each: f"/staff/clients/{each.client_id}/birth-date",
        "error": lambda each: f"/staff/consents/{each.id}/error",
    }[verb]
    foreign = make_signed_consent()
    assert client.get(other(foreign)).status_code == 404
    assert post(client, other(foreign), {**typed(MINOR)}).status_code == 404
    assert client.application.test_client().get(other(foreign)).status_code == 302
    assert sees(foreign)
