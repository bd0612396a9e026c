from typing import Any

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound
from portal.schedule import feeds
from portal.schedule.models import CalendarFeed
from tests.conftest import NOW
from tests.factories.people import make_family_member, make_user

WHO: dict[str, Any] = {"actor": Actor("family", 1), "now": NOW}


def test_a_person_has_one_feed_and_the_newest_address_counts(write):
    elena = make_family_member(user=make_user())
    with write():
        old = feeds.switch_on(family_member_id=elena.id, **WHO)
    with write():
        new = feeds.switch_on(family_member_id=elena.id, **WHO)
    assert feeds.reader_of(new).id == elena.id
    with pytest.raises(NotFound):
        feeds.reader_of(old)
    assert len(db.session.scalars(select(CalendarFeed)).all()) == 1


def test_switching_off_twice_is_told_once(write):
    elena = make_family_member(user=make_user())
    with write():
        feeds.switch_on(family_member_id=elena.id, **WHO)
    for _ in range(2):
        with write():
            feeds.switch_off(family_member_id=elena.id, **WHO)
    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [entry.fields["is_on"] for entry in entries] == [True, False]
    assert not feeds.is_on(elena.id)


def test_somebody_without_an_account_has_no_feed_to_read(write):
    elena = make_family_member()
    with write():
        token = feeds.switch_on(family_member_id=elena.id, **WHO)
    with pytest.raises(NotFound):
        feeds.reader_of(token)
