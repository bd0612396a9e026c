"""No page of the family shows a client without the gate.

Everything that belongs to the client in this test carries a mark. With a permission, the
pages that show a mark are exactly those declared in `CLIENT_LINKED`, and each leaves its
entry in the ledger. However the permission ends, no page shows one: a new page that
reads around the gate fails here without anybody thinking of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.accounts.models import Audience
from portal.consent import ending, holding
from portal.consent.models import Consent, HoldKind
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.disclosure.models import DisclosureEntry
from portal.disclosure.notice import NOTICE_VERSION, SHORT
from portal.people.models import Client
from portal.sessions.models import SessionKind
from portal.workflows import access_ended
from tests.conftest import NOW, HeldClock
from tests.factories.consent import make_signed_consent
from tests.factories.education import make_assignment, make_module, make_progress
from tests.factories.people import make_client, make_episode, make_family_member, make_user
from tests.factories.schedule import make_block, make_enrolment, make_track
from tests.factories.sessions import make_session, make_sign_up
from tests.signin import sign_in

MARKS = (
    "Zebulon",
    "Quartz",
    "Marked group",
    "Marked evening",
    "5:30 to 8:30",
    "suggested this",
    "Level of care:",
)

CLIENT_LINKED = {
    "family.home",
    "family.sessions",
    "family.session",
    "family.give_up",
    "family.needs",
    "family.calendar_file",
    "family.calendar",
    "family.calendar_print",
    "family.learn",
    "family.lesson",
    "family.lesson_part",
    "family.lesson_question",
    "family.lesson_finished",
    "family.lesson_print",
    "family.lesson_notes",
    "family.print_notes",
    "family.permissions",
}
"""The pages of the family that show something of a client, each through a permit."""

FAREWELLS = {"family.session", "family.give_up", "family.needs", "family.calendar_file"}
"""Pages of one session: one page, one ledger entry for the visit to it."""


@dataclass(frozen=True)
class Marked:
    """The pair, its consent, and values for the addresses of pages."""

    consent_id: int
    client_id: int
    values: dict[str, object]


@pytest.fixture
def marked(app: Flask, client: FlaskClient) -> Marked:
    person = make_client(given_name="Zebulon", family_name="Quartz")
    elena = make_family_member(user=make_user())
    episode = make_episode(client=person)
    track = make_track(program=episode.program)
    make_block(track=track, name="Marked group")
    make_enrolment(episode=episode, track=track)
    consent = make_signed_consent(client=person, family_member=elena, expires_on=date(2026, 8, 1))
    session = make_session(
        location=person.location,
        kind=SessionKind.SINGLE_FAMILY,
        client=person,
        title_en="Marked evening",
        starts_at=NOW + timedelta(days=1),
    )
    make_sign_up(session=session, family_member=elena, relationship=consent.relationship)
    module = make_module()
    make_assignment(relationship=consent.relationship, module=module, suggested_by_on=date(2026, 3, 20))
    make_progress(family_member=elena, module=module, furthest_part=3, finished_at=NOW)
    values: dict[str, object] = {
        "session_id": session.id,
        "module_id": module.id,
        "relationship_id": consent.relationship_id,
        "client_id": person.id,
        "consent_id": consent.id,
        "part": 1,
        "question": 1,
    }
    marked = Marked(consent.id, person.id, values)
    sign_in(client, elena.user, Audience.FAMILY)
    return marked


def shown(app: Flask, client: FlaskClient, values: dict[str, object]) -> dict[str, set[str]]:
    """Endpoint → the marks its page shows."""
    found = {}
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("family.") or "GET" not in (rule.methods or ()):
            continue
        built = rule.build({name: values.get(name, 100000000000001) for name in rule.arguments})
        assert built is not None
        response = client.get(built[1])
        assert response.status_code < 500, rule.endpoint
        marks = {mark for mark in MARKS if mark in response.text}
        if marks:
            found[rule.endpoint] = marks
    return found


def test_only_declared_pages_show_a_client_and_each_is_in_the_ledger(
    app: Flask, client: FlaskClient, marked: Marked
) -> None:
    assert set(shown(app, client, marked.values)) <= CLIENT_LINKED
    subjects = {
        entry.subject for entry in db.session.query(DisclosureEntry).filter_by(client_id=marked.client_id)
    }
    assert subjects, "nothing in the ledger"


def test_what_is_declared_is_shown(app: Flask, client: FlaskClient, marked: Marked) -> None:
    """So that the test below proves something."""
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    silent = (CLIENT_LINKED & endpoints) - set(shown(app, client, marked.values))
    assert silent <= {"family.calendar_file"}, "declared, but shows nothing of the client"


@pytest.mark.parametrize("endpoint", sorted(CLIENT_LINKED - {"family.calendar_file"}))
def test_each_page_that_shows_a_client_writes_the_ledger(
    app: Flask, client: FlaskClient, marked: Marked, endpoint: str
) -> None:
    rule = next(rule for rule in app.url_map.iter_rules() if rule.endpoint == endpoint)
    built = rule.build({name: marked.values[name] for name in rule.arguments})
    assert built is not None
    client.get(built[1])
    assert db.session.query(DisclosureEntry).filter_by(client_id=marked.client_id).count()


@pytest.mark.parametrize("endpoint", sorted(CLIENT_LINKED - {"family.calendar_file"}))
def test_p2_08_each_page_that_shows_a_client_carries_the_statement_once(
    app: Flask, client: FlaskClient, marked: Marked, endpoint: str
) -> None:
    rule = next(rule for rule in app.url_map.iter_rules() if rule.endpoint == endpoint)
    built = rule.build({name: marked.values[name] for name in rule.arguments})
    assert built is not None
    page = client.get(built[1]).text
    assert page.count(SHORT["en"]) == 1
    in_force = db.session.scalars(select(DisclosureEntry.notice_version).distinct()).all()
    assert in_force == [NOTICE_VERSION]


def test_p2_08_a_page_without_a_client_does_not_carry_it(
    app: Flask, client: FlaskClient, marked: Marked
) -> None:
    for rule in app.url_map.iter_rules():
        if rule.endpoint in ("family.more", "family.support", "family.settings"):
            assert SHORT["en"] not in client.get(rule.rule).text


def revoke(consent: Consent) -> None:
    access_ended.stop(consent=consent, actor=Actor("client", consent.client_id), now=NOW)


def hold(consent: Consent) -> None:
    access_ended.hold(consent=consent, kind=HoldKind.SPOKEN, actor=Actor("staff", None), now=NOW)


def hold_without_workflow(consent: Consent) -> None:
    holding.hold(consent=consent, kind=HoldKind.SAFETY, actor=Actor("staff", None), now=NOW)


def revoke_without_workflow(consent: Consent) -> None:
    ending.revoke(consent=consent, actor=Actor("client", consent.client_id), now=NOW)


def death(consent: Consent) -> None:
    db.session.get_one(Client, consent.client_id).deceased_on = date(2026, 3, 3)


@pytest.mark.parametrize(
    "end", [revoke, revoke_without_workflow, hold, hold_without_workflow, death], ids=lambda end: end.__name__
)
def test_when_a_permission_ends_no_page_shows_the_client(
    app: Flask, client: FlaskClient, marked: Marked, end: Callable[[Consent], None]
) -> None:
    with writing():
        end(db.session.get_one(Consent, marked.consent_id))
    assert shown(app, client, marked.values) == {}


def test_when_the_clock_ends_a_permission_no_page_shows_the_client(
    app: Flask, client: FlaskClient, marked: Marked, held_clock: HeldClock
) -> None:
    held_clock.at = consent_end(marked)
    elena = db.session.get_one(Consent, marked.consent_id).family_member
    sign_in(client, elena.user, Audience.FAMILY)
    assert shown(app, client, marked.values) == {}


def consent_end(marked: Marked) -> datetime:
    ends_at = db.session.get_one(Consent, marked.consent_id).ends_at
    db.session.rollback()
    assert ends_at is not None
    return ends_at
