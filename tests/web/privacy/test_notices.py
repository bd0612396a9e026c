"""The notice to clients (2.22): drafts, publishing, the one in force, and who got which."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.accounts.models import Audience
from portal.audit.models import AuditEntry
from portal.center.models import NoticeVersion
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.disclosure import patient_notice
from portal.disclosure.models import GivenBy, GivenOutcome, NoticeGiven
from portal.people.models import Role
from tests.conftest import NOW, HeldClock
from tests.factories.people import make_care_team_member, make_client, make_staff, make_user
from tests.page import STAFF_BYTES, check_page
from tests.signin import post, sign_in

TODAY = NOW.date()


@pytest.fixture
def officer(client: FlaskClient) -> FlaskClient:
    """The privacy officer, signed in."""
    user = make_user()
    make_staff(Role.PRIVACY_OFFICER, user=user)
    sign_in(client, user, Audience.STAFF)
    return client


def form(**values: Any) -> dict[str, Any]:
    return {
        "body_en": "# Notice\n## Rights\nYou may ask.",
        "body_es": "# Aviso\n## Derechos\nPuede pedir.",
        "contact_en": "Privacy officer, 555-010-0142, privacy@center.example",
        "contact_es": "Oficial de privacidad, 555-010-0142",
        "effective_on": TODAY.isoformat(),
        "groups": list(patient_notice.GROUPS),
        **values,
    }


def published(**values: Any) -> NoticeVersion:
    actor = Actor("staff", 1)
    with writing():
        made = patient_notice.write(
            draft=None, actor=actor, now=NOW, **{**form(), "effective_on": TODAY, **values}
        )
        patient_notice.publish(notice=made, actor=actor, now=NOW)
    return made


def test_before_the_first_version_the_public_page_says_where_to_ask(client: FlaskClient) -> None:
    page = client.get("/privacy-notice")
    check_page(page, status=200)
    assert "gives you one on paper" in page.text


def test_a_new_version_starts_from_the_seed_and_is_for_counsel(officer: FlaskClient) -> None:
    page = officer.get("/privacy-office/notices/new")
    check_page(page, budget=STAFF_BYTES, status=200)
    assert "let your counsel read it first" in page.text
    assert "Oficina" not in page.text
    for language in ("en", "es"):
        assert patient_notice.seed(language).count("## ") == 8


def test_written_then_published_it_is_what_everybody_reads(officer: FlaskClient) -> None:
    where = post(officer, "/privacy-office/notices/new", form()).location
    check_page(officer.get(where), budget=STAFF_BYTES, status=200)
    assert "You may ask." not in officer.get("/privacy-notice").text
    post(officer, f"{where}/publish")
    page = officer.get("/privacy-notice")
    check_page(page, status=200)
    assert "You may ask." in page.text
    assert "Privacy officer, 555-010-0142" in page.text
    kinds = db.session.scalars(select(AuditEntry.kind).where(AuditEntry.kind.like("notice.%"))).all()
    assert sorted(kinds) == ["notice.published", "notice.written"]


@pytest.mark.parametrize("group", patient_notice.GROUPS)
def test_p2_14_publishing_is_refused_by_the_name_of_the_missing_group(
    officer: FlaskClient, group: str
) -> None:
    others = [each for each in patient_notice.GROUPS if each != group]
    where = post(officer, "/privacy-office/notices/new", form(groups=others)).location
    officer.get(where)
    post(officer, f"{where}/publish")
    page = officer.get(where)
    assert "is not ticked. Check the text, tick it, then publish." in page.text
    assert "Not ticked yet:" in page.text
    assert db.session.scalars(select(NoticeVersion.published_at)).one() is None


@pytest.mark.parametrize("name", ["body_en", "body_es", "contact_en", "contact_es", "effective_on"])
def test_each_missing_part_is_named_and_the_rest_is_kept(officer: FlaskClient, name: str) -> None:
    page = post(officer, "/privacy-office/notices/new", form(**{name: ""}))
    assert "is missing" in page.text
    assert "Puede pedir." in page.text or name == "body_es"
    assert db.session.scalars(select(NoticeVersion)).all() == []


def test_a_date_that_has_passed_is_not_published(officer: FlaskClient) -> None:
    yesterday = (TODAY - timedelta(days=1)).isoformat()
    where = post(officer, "/privacy-office/notices/new", form(effective_on=yesterday)).location
    post(officer, f"{where}/publish")
    assert "Choose today or a later day, then publish." in officer.get(where).text


def test_what_is_published_cannot_be_changed(officer: FlaskClient) -> None:
    made = published()
    address = f"/privacy-office/notices/{made.id}"
    assert officer.get(f"{address}/change").status_code == 404
    assert post(officer, f"{address}/change", form()).status_code == 404
    post(officer, f"{address}/publish")
    assert "This changed while you were looking at it." in officer.get(address).text


def test_a_later_version_takes_over_on_its_day(client: FlaskClient, held_clock: HeldClock) -> None:
    published()
    published(body_en="# Notice\nThe second.", effective_on=TODAY + timedelta(days=3))
    assert "You may ask." in client.get("/privacy-notice").text
    held_clock.at = NOW + timedelta(days=3)
    assert "The second." in client.get("/privacy-notice").text


def test_the_client_reads_it_says_so_once_and_sees_the_history(client: FlaskClient) -> None:
    made = published()
    person = make_client(user=make_user())
    sign_in(client, person.user, Audience.CLIENT)
    check_page(client.get("/my/notice"), status=200)
    for _ in range(2):
        post(client, f"/my/notice/{made.id}/read")
    row = db.session.scalars(select(NoticeGiven)).one()
    assert (row.version_id, row.method, row.outcome) == (
        made.id,
        GivenBy.OWN_ACCOUNT,
        GivenOutcome.ACKNOWLEDGED,
    )
    client.get("/my/notice")
    page = client.get("/my/notice").text
    assert "I have read it" not in page
    assert "March 4, 2026" in page


def test_a_draft_cannot_be_read_into_being(client: FlaskClient) -> None:
    with writing():
        draft = patient_notice.write(
            draft=None, actor=Actor("staff", 1), now=NOW, **{**form(), "effective_on": TODAY}
        )
    person = make_client(user=make_user())
    sign_in(client, person.user, Audience.CLIENT)
    assert post(client, f"/my/notice/{draft.id}/read").status_code == 404
    assert post(client, "/my/notice/100000000000001/read").status_code == 404
    assert db.session.scalars(select(NoticeGiven)).all() == []


@pytest.mark.parametrize("outcome", ["acknowledged", "declined"])
def test_staff_record_the_paper_on_the_clients_page(client: FlaskClient, outcome: str) -> None:
    published()
    person, user = make_client(), make_user()
    make_care_team_member(person, make_staff(Role.THERAPIST, user=user))
    sign_in(client, user, Audience.STAFF)
    assert "No notice is recorded yet." in client.get(f"/staff/clients/{person.id}").text
    post(client, f"/staff/clients/{person.id}/notice", {"outcome": outcome})
    row = db.session.scalars(select(NoticeGiven)).one()
    assert (row.method, row.outcome, row.client_id) == (GivenBy.PAPER, outcome, person.id)
    assert row.staff_id is not None
    client.get("/staff/home")
    page = client.get(f"/staff/clients/{person.id}")
    check_page(page, budget=STAFF_BYTES, status=200)
    assert "Version 1, on paper, on March 4, 2026." in page.text


def test_without_a_notice_or_for_a_foreign_client_nothing_is_recorded(client: FlaskClient) -> None:
    person, user = make_client(), make_user()
    make_care_team_member(person, make_staff(Role.THERAPIST, user=user))
    sign_in(client, user, Audience.STAFF)
    post(client, f"/staff/clients/{person.id}/notice", {"outcome": "acknowledged"})
    assert "No notice is in force yet." in client.get(f"/staff/clients/{person.id}").text
    foreign = make_client()
    answer = post(client, f"/staff/clients/{foreign.id}/notice", {"outcome": "acknowledged"})
    assert answer.status_code == 404
    assert post(client, f"/staff/clients/{person.id}/notice", {"outcome": "odd"}).status_code == 404
    assert db.session.scalars(select(NoticeGiven)).all() == []
