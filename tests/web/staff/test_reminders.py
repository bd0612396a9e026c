"""Staff see what a relative still gets, and each rule that stands in the way."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.consent.models import Consent
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.mail import service as mail
from portal.mail.models import MailAddress, ReaderKind
from portal.people.models import FamilyMember, Relationship, StaffMember
from portal.reminders import queries, why
from portal.reminders.service import prepare_all
from portal.sessions.models import SessionKind, SignUp
from portal.workflows import access_ended
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.mail import make_mail_reader
from tests.factories.people import make_care_team_member, make_client, make_staff
from tests.factories.sessions import make_session, make_sign_up
from tests.signin import sign_in

KEY = "key"


@dataclass
class Family:
    """A relative with a permission, a yes and a place in four days, and the client's therapist."""

    staff: StaffMember
    consent: Consent
    reader: FamilyMember
    place: SignUp

    @property
    def relationship(self) -> Relationship:
        return self.consent.relationship

    @property
    def page(self) -> str:
        return f"/staff/clients/{self.consent.client_id}/family/{self.consent.relationship_id}/reminders"


@pytest.fixture
def family(app: Flask) -> Family:
    client, staff, reader = make_client(), make_staff(), make_mail_reader()
    make_care_team_member(client=client, staff=staff)
    consent = make_signed_consent(client=client, family_member=reader)
    session = make_session(
        kind=SessionKind.MULTI_FAMILY, location=client.location, starts_at=NOW + timedelta(days=4)
    )
    place = make_sign_up(session=session, relationship=consent.relationship)
    with writing():
        mail.beat(now=NOW)
    return Family(staff, consent, reader, place)


def of_sessions(family: Family) -> why.Reasons:
    found = why.reasons(relationship=family.relationship, address_key=KEY, now=NOW)
    return next(each for each in found if each.kind == "session_reminder")


def no(family: Family) -> list[str]:
    return [answer.rule for answer in of_sessions(family).answers if not answer.is_met]


def test_where_nothing_stands_in_the_way_it_shows_what_the_worker_will_send(family: Family) -> None:
    found = of_sessions(family)
    assert found.is_let_through
    worker = queries.reminders("session_reminder", [family.reader.id], now=NOW)[family.reader.id]
    assert list(found.coming) == worker
    assert [lead.verdict.value for lead in found.leads] == ["coming", "coming"]


def opt_out(family: Family) -> None:
    mail.set_preferences(
        reader_kind=ReaderKind.FAMILY, reader_id=family.reader.id, kinds=(), actor=Actor("staff", 1), now=NOW
    )


def unconfirm(family: Family) -> None:
    db.session.query(MailAddress).update({"confirmed_at": None})


def withdraw(family: Family) -> None:
    access_ended.stop(consent=family.consent, actor=Actor("client", family.consent.client_id), now=NOW)


def stand_still(family: Family) -> None:
    mail.beat(now=NOW - timedelta(minutes=6))


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        (opt_out, ["opted_in"]),
        (unconfirm, ["confirmed"]),
        (withdraw, ["permission", "place"]),
        (stand_still, ["worker"]),
    ],
)
def test_each_rule_is_named_when_it_stands_in_the_way(
    family: Family, change: object, rules: list[str]
) -> None:
    with writing():
        change(family)  # type: ignore[operator]
    assert no(family) == rules


def test_what_was_told_says_what_became_of_it(client: FlaskClient, family: Family) -> None:
    with writing():
        family.place.session.starts_at = NOW + timedelta(hours=23)
    prepare_all()
    lead = of_sessions(family).leads[-1]
    assert (lead.verdict.value, lead.state) == ("told", "queued")


def test_the_page_says_it_in_words_and_notes_the_look(client: FlaskClient, family: Family) -> None:
    sign_in(client, family.staff.user, "staff")
    page = client.get(family.page).text
    assert "Nothing stands in the way" in page
    assert "No: The person has not switched this kind on." in page
    assert "Sunday, March 8" in page


def test_another_clients_evenings_are_not_shown(client: FlaskClient, family: Family) -> None:
    other = make_client()
    consent = make_signed_consent(client=other, family_member=family.reader)
    session = make_session(
        kind=SessionKind.MULTI_FAMILY, location=other.location, starts_at=NOW + timedelta(days=5)
    )
    make_sign_up(session=session, relationship=consent.relationship)
    subjects = {lead.item.event.subject for lead in of_sessions(family).leads}
    assert subjects == {f"session:{family.place.session_id}"}
    shown = {item.event.subject for mail in of_sessions(family).coming for item in mail.items}
    assert shown == subjects


def test_it_is_there_for_the_clients_own_team_alone(client: FlaskClient, family: Family) -> None:
    assert client.get(family.page).status_code == 302
    sign_in(client, make_staff().user, "staff")
    assert client.get(family.page).status_code == 404
    sign_in(client, family.staff.user, "staff")
    other = family.page.replace(str(family.consent.client_id), str(make_client().id))
    assert client.get(other).status_code == 404
    assert client.post(family.page).status_code in (400, 404, 405)
