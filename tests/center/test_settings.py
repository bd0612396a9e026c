"""Settings: defaults without a row, versions with, two who save at once."""

from collections.abc import Callable
from datetime import date, time
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.center import settings
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import TooLate
from tests.conftest import NOW
from tests.factories.center import make_settings

ADMIN = Actor("staff", 7)


def test_without_a_row_every_setting_has_its_default(app: Flask) -> None:
    now = settings.current()
    assert (now.version, now.consent_months, now.lead_hours) == (0, 6, (72, 24))


def test_a_change_is_in_force_and_audited_by_name_only(app: Flask, write: Callable[[], Any]) -> None:
    values = {"phone": "555 0100", "quiet_from": time(20, 30), "crisis_reviewed_on": date(2026, 3, 1)}
    with write():
        settings.change(seen_version=0, values=values, actor=ADMIN, now=NOW)
    after = settings.current()
    assert (after.version, after.phone, after.quiet_from) == (1, "555 0100", time(20, 30))
    assert after.crisis_reviewed_on == date(2026, 3, 1)
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).one()
    assert entry.fields == {"version": 1, "names": ["crisis_reviewed_on", "phone", "quiet_from"]}


def test_saving_without_a_difference_writes_nothing(app: Flask, write: Callable[[], Any]) -> None:
    with write():
        settings.change(seen_version=0, values={"consent_months": 6}, actor=ADMIN, now=NOW)
    assert settings.current().version == 0
    assert db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all() == []


def test_who_saves_over_an_unseen_change_is_too_late(app: Flask, write: Callable[[], Any]) -> None:
    make_settings(version=1, phone="555 0101")
    with pytest.raises(TooLate), write():
        settings.change(seen_version=0, values={"phone": "555 0102"}, actor=ADMIN, now=NOW)
    assert settings.current().phone == "555 0101"


def test_a_setting_of_an_older_release_is_passed_over(app: Flask) -> None:
    make_settings(version=1, gone="x", consent_months=3)
    assert settings.current().consent_months == 3


def test_each_version_says_what_it_changed(app: Flask) -> None:
    make_settings(version=1, phone="555 0101")
    make_settings(version=2, phone="555 0101", consent_months=3)
    assert [names for _row, names in settings.versions()] == [["consent_months"], ["phone"]]


def test_a_name_that_is_no_setting_is_a_defect(app: Flask) -> None:
    with pytest.raises(ValueError, match="no such setting"):
        settings.change(seen_version=0, values={"colour": "red"}, actor=ADMIN, now=NOW)
