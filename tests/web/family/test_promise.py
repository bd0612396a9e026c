"""The promise of a multi-family group: once a series, before the place is used."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.accounts.models import Audience
from portal.audit.models import AuditEntry
from portal.consent.models import Consent
from portal.core.db import db
from portal.people.models import Role
from portal.sessions.models import FamilySession, GroupPromise, Meeting, SessionKind
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.people import make_care_team_member, make_family_member, make_staff, make_user
from tests.factories.sessions import make_session, make_sign_up
from tests.page import STAFF_BYTES, check_page
from tests.signin import post, sign_in

ASKED = "Before you come: a promise to the others"


@pytest.fixture
def elena(client: FlaskClient) -> Consent:
    """A consent whose relative is signed in."""
    consent = make_signed_consent(family_member=make_family_member(user=make_user()))
    sign_in(client, consent.family_member.user, Audience.FAMILY)
    return consent


def evening(consent: Consent, **values: Any) -> FamilySession:
    return make_session(
        **{"kind": SessionKind.MULTI_FAMILY, "location": consent.client.location, **values},
    )


def test_with_a_place_it_is_asked_and_given_once_for_the_series(client: FlaskClient, elena: Consent) -> None:
    first = evening(elena)
    second = evening(elena, starts_at=NOW + timedelta(days=14))
    other = evening(elena, title_en="Another group")
    for session in (first, second, other):
        make_sign_up(session=session, relationship=elena.relationship)
    page = client.get(f"/sessions/{first.id}")
    check_page(page, names=("Marcus",), status=200)
    assert ASKED in page.text
    for _ in range(2):
        post(client, f"/sessions/{first.id}/promise")
    assert ASKED not in client.get(f"/sessions/{first.id}").text
    assert ASKED not in client.get(f"/sessions/{second.id}").text
    assert ASKED in client.get(f"/sessions/{other.id}").text
    assert len(db.session.scalars(select(GroupPromise)).all()) == 1
    kinds = db.session.scalars(select(AuditEntry).where(AuditEntry.kind == "session.promise_given")).all()
    assert [entry.fields["text_version"] for entry in kinds] == [1]


def test_the_link_to_join_comes_after_the_promise(client: FlaskClient, elena: Consent) -> None:
    session = evening(
        elena,
        meeting=Meeting.VIDEO,
        video_url="https://video.example/room",
        starts_at=NOW + timedelta(minutes=5),
    )
    make_sign_up(session=session, relationship=elena.relationship)
    assert "https://video.example/room" not in client.get(f"/sessions/{session.id}").text
    post(client, f"/sessions/{session.id}/promise")
    assert "https://video.example/room" in client.get(f"/sessions/{session.id}").text


def test_other_kinds_and_people_without_a_place_are_not_asked(client: FlaskClient, elena: Consent) -> None:
    group, talk = evening(elena), make_session()
    make_sign_up(session=talk, family_member=elena.family_member)
    assert ASKED not in client.get(f"/sessions/{group.id}").text
    assert ASKED not in client.get(f"/sessions/{talk.id}").text
    for session in (group, talk):
        assert post(client, f"/sessions/{session.id}/promise").status_code == 404
    assert db.session.scalars(select(GroupPromise)).all() == []


def test_staff_see_who_has_not_promised_and_record_a_paper(client: FlaskClient) -> None:
    consent, user = make_signed_consent(), make_user()
    make_care_team_member(consent.client, make_staff(Role.THERAPIST, user=user))
    session = evening(consent)
    mine = make_sign_up(session=session, relationship=consent.relationship)
    sign_in(client, user, Audience.STAFF)
    page = client.get(f"/staff/sessions/{session.id}/roster")
    check_page(page, budget=STAFF_BYTES, status=200)
    assert "Promise to the group is missing" in page.text
    post(client, f"/staff/sessions/{session.id}/people/{mine.id}/promise")
    assert "Promise to the group is missing" not in client.get(f"/staff/sessions/{session.id}/roster").text
    assert db.session.scalars(select(GroupPromise.family_member_id)).all() == [consent.family_member_id]
