""" "What you can see": the cards, the statement of 2.32, and one neutral page in every other case."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.consent import holding, standing
from portal.consent.models import Consent
from portal.consent.rules import Scope
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.disclosure import notice
from portal.disclosure.models import DisclosureEntry, NoticeAcknowledgement
from portal.people.models import FamilyMember
from portal.workflows import access_ended
from tests.conftest import NOW, HeldClock
from tests.factories.consent import make_signed_consent
from tests.factories.people import make_client, make_family_member, make_relationship, make_user
from tests.page import check_page
from tests.signin import post, sign_in

NEUTRAL = "What you see here can change for many reasons. It does not mean something is wrong."
BUTTON = "I have read this"


@pytest.fixture
def elena(client: FlaskClient) -> FamilyMember:
    """A family member, signed in."""
    user = make_user()
    person: FamilyMember = make_family_member(user=user)
    sign_in(client, user, "family")
    return person


def text(client: FlaskClient) -> str:
    return client.get("/permissions").get_data(as_text=True)


def test_what_is_allowed_until_when_and_whose_choice_it_is(client: FlaskClient, elena: FamilyMember) -> None:
    make_signed_consent(family_member=elena, scopes={Scope.SESSIONS, Scope.PROGRAM_TIMES})
    page = client.get("/permissions")
    check_page(page, names=("Marcus",), status=200)
    html = page.get_data(as_text=True)
    assert "Family sessions you can join" in html
    assert "Lessons picked for you" not in html
    assert "September 4, 2026" in html
    assert "Marcus can change or stop this at any time." in html
    assert notice.FULL["en"][-1] in html


def test_the_page_is_in_the_ledger_once_a_browser_session(client: FlaskClient, elena: FamilyMember) -> None:
    consent = make_signed_consent(family_member=elena)
    for _ in range(2):
        client.get("/permissions")
    rows = db.session.scalars(select(DisclosureEntry).order_by(DisclosureEntry.id)).all()
    assert [(row.subject, row.consent_id, row.notice_version) for row in rows] == [
        ("permission", consent.id, notice.NOTICE_VERSION)
    ]


def test_the_statement_is_acknowledged_before_first_use_and_after_each_change(
    client: FlaskClient, elena: FamilyMember, held_clock: HeldClock
) -> None:
    consent = make_signed_consent(family_member=elena)
    assert BUTTON in text(client)
    post(client, "/permissions/read")
    assert BUTTON not in text(client)
    held_clock.advance(minutes=1)
    with writing():
        access_ended.narrow(
            consent=consent,
            scopes={Scope.LESSONS},
            typed_name="Marcus Dole",
            actor=Actor("client"),
            now=held_clock.at,
        )
    assert BUTTON in text(client)
    post(client, "/permissions/read")
    assert BUTTON not in text(client)
    assert len(db.session.scalars(select(NoticeAcknowledgement)).all()) == 2


def never(_elena: FamilyMember) -> None:
    return None


def linked(elena: FamilyMember) -> None:
    make_relationship(family_member=elena)


def revoked(elena: FamilyMember) -> None:
    consent = make_signed_consent(family_member=elena)
    with writing():
        access_ended.stop(consent=consent, actor=Actor("client"), now=NOW)


def held(elena: FamilyMember) -> None:
    consent = make_signed_consent(family_member=elena)
    with writing():
        access_ended.hold(consent=consent, kind="safety", actor=Actor("staff", 1), now=NOW)


def expired(elena: FamilyMember) -> None:
    make_signed_consent(family_member=elena, now=NOW - timedelta(days=400))


def bereaved(elena: FamilyMember) -> None:
    consent = make_signed_consent(family_member=elena)
    with writing():
        consent.client.deceased_on = NOW.date()


def test_p2_t_r8_every_ending_gives_the_same_page_byte_for_byte(client: FlaskClient, app: Flask) -> None:
    pages = set()
    for end in (never, linked, revoked, held, expired, bereaved):
        user = make_user()
        person = make_family_member(user=user)
        end(person)
        browser = app.test_client()
        sign_in(browser, user, "family")
        html = text(browser)
        assert NEUTRAL in html, end.__name__
        pages.add(re.sub(r'(csrf_token" value|data-token)="[^"]+"', "", html))
    assert len(pages) == 1
    assert db.session.scalars(select(DisclosureEntry).order_by(DisclosureEntry.id)).all() == []


def test_one_of_two_relatives_stops_and_the_other_stays(client: FlaskClient, elena: FamilyMember) -> None:
    make_signed_consent(family_member=elena)
    ana = make_signed_consent(client=make_client(given_name="Ana"), family_member=elena)
    assert "Ana" in text(client)
    with writing():
        access_ended.stop(consent=db.session.get_one(Consent, ana.id), actor=Actor("client"), now=NOW)
    html = text(client)
    assert "Ana" not in html
    assert "Marcus" in html


def test_a_click_on_read_with_nothing_shared_writes_nothing(client: FlaskClient, elena: FamilyMember) -> None:
    assert post(client, "/permissions/read").status_code == 302
    assert db.session.scalars(select(NoticeAcknowledgement)).all() == []
    assert client.post("/permissions/read").status_code == 400


def test_granted_boxes_alone_open_nothing(client: FlaskClient, elena: FamilyMember) -> None:
    consent = make_signed_consent(family_member=elena)
    with writing():
        holding.hold(consent=consent, kind="spoken", actor=Actor("staff", 1), now=NOW)
    assert standing.granted(consent, NOW)
    assert "Marcus" not in text(client)
