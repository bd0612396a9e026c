"""Keep-apart flags: set and ended by staff, felt by every way to a place, named to nobody else."""

from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.accounts.models import Audience
from portal.audit.models import AuditEntry
from portal.consent.models import Consent
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.core.errors import Refused
from portal.people.models import Role, StaffMember
from portal.sessions import service
from portal.sessions.models import SessionKind
from portal.sessions.models_company import KeepApart
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.people import (
    make_care_team_member,
    make_client,
    make_family_member,
    make_location,
    make_staff,
    make_user,
)
from tests.factories.sessions import make_session
from tests.signin import post, sign_in


@dataclass
class Two:
    """Two relatives of one client, and the therapist."""

    elena: Consent
    ray: Consent
    dana: StaffMember

    @property
    def address(self) -> str:
        return f"/staff/clients/{self.elena.client_id}/family/{self.elena.relationship_id}/apart"


@pytest.fixture
def two(app: Flask, client: FlaskClient) -> Two:
    marcus = make_client(location=make_location())
    dana = make_staff(Role.THERAPIST, user=make_user())
    make_care_team_member(marcus, dana)
    elena, ray = (
        make_signed_consent(client=marcus, family_member=make_family_member(given_name=name))
        for name in ("Elena", "Ray")
    )
    sign_in(client, dana.user, Audience.STAFF)
    return Two(elena, ray, dana)


def signs_up(consent: Consent, session_id: int) -> None:
    with writing():
        service.sign_up(
            session_id=session_id,
            family_member_id=consent.family_member_id,
            actor=Actor("family", consent.family_member_id),
            now=NOW,
        )


def test_a_flag_keeps_two_people_out_of_one_session_until_it_ends(client: FlaskClient, two: Two) -> None:
    session = make_session(kind=SessionKind.MULTI_FAMILY, location=two.elena.client.location)
    flag = {"other": str(two.ray.family_member_id), "reason": "safety_plan"}
    assert post(client, two.address, flag).status_code == 303
    assert "A safety plan" in client.get(two.address).text
    signs_up(two.elena, session.id)
    with pytest.raises(Refused, match="not_open_for_you"):
        signs_up(two.ray, session.id)
    row = db.session.scalars(select(KeepApart)).one()
    assert post(client, f"{two.address}/{row.id}/end").status_code == 303
    signs_up(two.ray, session.id)
    kinds = db.session.scalars(select(AuditEntry.kind).where(AuditEntry.kind.like("keep_apart%"))).all()
    assert sorted(kinds) == ["keep_apart.ended", "keep_apart.set"]


def test_a_relative_may_be_kept_apart_from_the_client(client: FlaskClient, two: Two) -> None:
    assert post(client, two.address, {"other": "client", "reason": "court_order"}).status_code == 303
    assert db.session.scalars(select(KeepApart.other_client_id)).one() == two.elena.client_id


@pytest.mark.parametrize("sent", [{}, {"other": "client"}, {"other": "12345", "reason": "court_order"}])
def test_what_is_missing_is_said_and_nothing_is_kept(
    client: FlaskClient, two: Two, sent: dict[str, str]
) -> None:
    assert "There is a problem" in post(client, two.address, sent).text
    assert db.session.scalars(select(KeepApart)).all() == []


def test_another_caseloads_people_are_not_named(client: FlaskClient, two: Two) -> None:
    stranger = make_family_member(given_name="Quentin")
    make_signed_consent(client=make_client(), family_member=stranger)
    assert "Quentin" not in client.get(two.address).text
    with writing():
        db.session.add(
            KeepApart(
                family_member_id=two.elena.family_member_id,
                other_family_member_id=stranger.id,
                reason="safety_plan",
                made_at=NOW,
            )
        )
    page = client.get(two.address).text
    assert "Quentin" not in page
    assert "Somebody of another caseload" in page


def test_who_has_another_caseload_finds_nothing(client: FlaskClient, two: Two) -> None:
    sign_in(client, make_staff(Role.THERAPIST, user=make_user()).user, Audience.STAFF)
    assert client.get(two.address).status_code == 404
    assert post(client, two.address, {"other": "client", "reason": "court_order"}).status_code == 404
