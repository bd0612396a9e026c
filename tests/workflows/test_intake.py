"""Intake as a whole: one transaction, the minor's rule, the center's own places."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.center.models import Location
from portal.consent.models import Consent
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound, Refused
from portal.people.models import Client, RelationshipCode, Role, StaffMember
from portal.workflows import intake
from portal.workflows.intake import Intake, Relative
from tests.conftest import NOW
from tests.factories.people import make_location, make_program, make_staff
from tests.factories.schedule import make_track

ELENA = Relative("Elena", "Dole", RelationshipCode.MOTHER, email="elena@mail.example")


@pytest.fixture
def coordinator(app: Flask) -> StaffMember:
    member: StaffMember = make_staff(Role.COORDINATOR, location=make_location())
    return member


def arriving(coordinator: StaffMember, **values: Any) -> Intake:
    location = db.session.get_one(Location, coordinator.roles[0].location_id)
    track = make_track(program=make_program(location=location))
    made = Intake("Marcus", "Dole", date(1990, 5, 17), track.id, date(2026, 3, 9), make_staff().id)
    return replace(made, **values)


def register(form: Intake, coordinator: StaffMember) -> Client:
    return intake.register(form=form, staff=coordinator, actor=Actor("staff", coordinator.id), now=NOW)


def test_a_relative_named_twice_enters_nobody(
    app: Flask, coordinator: StaffMember, write: Callable[[], Any]
) -> None:
    form = arriving(coordinator, relatives=(ELENA, replace(ELENA, given_name="ELENA")))
    with pytest.raises(Refused, match="already_related"), write():
        register(form, coordinator)
    assert db.session.scalar(select(func.count(Client.id))) == 0


@pytest.mark.parametrize(("rule", "consents"), [(None, 0), ("minor_self", 1), ("minor_plus_guardian", 1)])
def test_the_locations_rule_decides_for_a_minor(
    app: Flask, coordinator: StaffMember, write: Callable[[], Any], rule: str | None, consents: int
) -> None:
    form = arriving(coordinator, birth_on=date(2010, 1, 1), relatives=(ELENA,))
    with write():
        client = register(form, coordinator)
        assert client.location.minor_rule is None
    assert db.session.scalar(select(func.count(Consent.id))) == 0
    with write():
        client.location.minor_rule = rule
        more = replace(ELENA, given_name="Ines")
        intake.add_relative(client=client, relative=more, actor=Actor("staff", coordinator.id), now=NOW)
    assert db.session.scalar(select(func.count(Consent.id))) == consents


def test_a_therapist_must_be_one(app: Flask, coordinator: StaffMember, write: Callable[[], Any]) -> None:
    form = arriving(coordinator, therapist_id=make_staff(Role.ADMIN).id)
    with pytest.raises(NotFound), write():
        register(form, coordinator)


def test_the_key_of_anothers_client_finds_nobody(
    app: Flask, coordinator: StaffMember, write: Callable[[], Any]
) -> None:
    with write():
        client = register(arriving(coordinator, client_id=10**14), coordinator)
    stranger = make_staff(Role.COORDINATOR, location=make_location())
    with pytest.raises(NotFound), write():
        register(arriving(stranger, client_id=client.id), stranger)
