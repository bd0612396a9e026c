"""Roles are given and taken with the browser sessions that rest on them."""

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.people import account_invitations
from portal.people.models import Role, StaffMember
from tests.conftest import NOW
from tests.factories.people import make_location, make_staff
from tests.signin import sign_in


def test_a_change_of_roles_ends_every_browser_session(app: Flask, client: FlaskClient) -> None:
    member = make_staff(Role.THERAPIST, Role.COORDINATOR, location=make_location())
    location_id = member.roles[0].location_id
    assert member.user
    sign_in(client, member.user, "staff")
    assert client.get("/staff/account").status_code == 200
    with writing():
        account_invitations.change_roles(
            staff=db.session.get_one(StaffMember, member.id),
            roles={Role.THERAPIST: location_id, Role.ADMIN: None},
            now=NOW,
            actor=Actor("staff", 1),
        )
    assert client.get("/staff/account").status_code == 302
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.kind == "staff.roles_changed")).one()
    assert entry.fields == {"staff_id": member.id, "roles": ["admin", "therapist"]}
