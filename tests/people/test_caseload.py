"""Who works with whom: another's client is not there, and the attempt is remembered."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.core.db import db
from portal.core.errors import NotFound
from portal.people import queries
from portal.people.models import Role
from tests.conftest import NOW
from tests.factories.people import (
    make_care_team_member,
    make_client,
    make_location,
    make_relationship,
    make_staff,
)


def test_a_therapist_sees_a_client_of_the_care_team(app: Flask) -> None:
    client, therapist = make_client(), make_staff()
    make_care_team_member(client, therapist)
    assert queries.client_for(staff=therapist, client_id=client.id, now=NOW) is client


@pytest.mark.parametrize(("seconds", "sees"), [(-1, False), (0, False), (1, True)])
def test_a_therapist_sees_a_client_until_the_instant_of_leaving(app: Flask, seconds: int, sees: bool) -> None:
    client, therapist = make_client(), make_staff()
    make_care_team_member(client, therapist, until_at=NOW + timedelta(seconds=seconds))
    found = db.session.scalars(select(type(client)).where(queries.caseload(therapist, NOW))).all()
    assert (found == [client]) is sees


def test_a_coordinator_sees_the_clients_of_their_location(app: Flask) -> None:
    here, there = make_client(), make_client()
    coordinator = make_staff(Role.COORDINATOR, location=here.location)
    assert queries.client_for(staff=coordinator, client_id=here.id, now=NOW) is here
    with pytest.raises(NotFound):
        queries.client_for(staff=coordinator, client_id=there.id, now=NOW)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.PRIVACY_OFFICER])
def test_machinery_and_privacy_office_have_no_clients(app: Flask, role: Role) -> None:
    client = make_client()
    member = make_staff(role, location=client.location)
    make_care_team_member(client, member)
    with pytest.raises(NotFound):
        queries.client_for(staff=member, client_id=client.id, now=NOW)


def test_a_look_at_anothers_client_is_remembered(app: Flask, write: Callable[[], Any]) -> None:
    client, stranger = make_client(), make_staff()
    with pytest.raises(NotFound) as caught:
        queries.client_for(staff=stranger, client_id=client.id, now=NOW)
    assert caught.value.aftermath is not None
    with write():
        caught.value.aftermath()
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).one()
    assert (entry.kind, entry.actor_id, entry.client_id) == ("client.access_refused", stranger.id, client.id)


def test_a_number_of_nobody_leaves_no_trace(app: Flask) -> None:
    with pytest.raises(NotFound) as caught:
        queries.client_for(staff=make_staff(), client_id=123, now=NOW)
    assert caught.value.aftermath is None


def test_a_relationship_is_found_through_its_client(app: Flask) -> None:
    relationship = make_relationship(client=make_client(location=make_location()))
    coordinator = make_staff(Role.COORDINATOR, location=relationship.client.location)
    find = partial(queries.relationship_for, relationship_id=relationship.id, now=NOW)
    assert find(staff=coordinator) is relationship
    with pytest.raises(NotFound):
        find(staff=make_staff())
