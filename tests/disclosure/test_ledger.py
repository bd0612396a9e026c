"""The ledger: one row for the first view in a browser session, also when two pages are first at once."""

import threading

from flask import Flask
from sqlalchemy import select

from portal.consent.rules import Scope
from portal.core.db import db, writing
from portal.disclosure import gate, queries, service
from portal.disclosure.models import Channel, DisclosureEntry
from portal.people.models import Client
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.people import make_client


def noted(subject: str = "week:2026-W10"):
    consent = make_signed_consent(scopes={Scope.PROGRAM_TIMES})
    return [
        (permit, subject, Channel.PAGE)
        for permit in gate.permits(family_member_id=consent.family_member_id, at=NOW)
    ]


def entries() -> list[DisclosureEntry]:
    return list(db.session.scalars(select(DisclosureEntry).order_by(DisclosureEntry.id)))


def test_a_refresh_is_not_a_second_disclosure(app: Flask) -> None:
    seen = noted()
    for _ in range(2):
        with writing():
            service.record(seen, occasion="browser:1", now=NOW)
    assert len(entries()) == 1


def test_another_browser_session_is(app: Flask) -> None:
    seen = noted()
    for occasion in ("browser:1", "browser:2"):
        with writing():
            service.record(seen, occasion=occasion, now=NOW)
    assert len(entries()) == 2


def test_two_first_views_at_once_give_one_row_and_no_error(app: Flask) -> None:
    seen, errors = noted(), []
    ready = threading.Barrier(4)

    def view() -> None:
        with app.app_context():
            ready.wait()
            try:
                with writing():
                    service.record(seen, occasion="browser:1", now=NOW)
            except Exception as error:
                errors.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=view) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    db.session.rollback()
    assert errors == []
    assert len(entries()) == 1


def test_the_client_sees_what_with_whom_and_when(app: Flask) -> None:
    with writing():
        service.record(noted(), occasion="browser:1", now=NOW)
    entry = entries()[0]
    assert queries.shared_with(make_client()) == []
    (line,) = queries.shared_with(db.session.get_one(Client, entry.client_id))
    assert (line.name, line.scope, line.subject_kind) == ("Elena Dole", Scope.PROGRAM_TIMES, "week")
    assert line.last_at == NOW
