"""The client's preview: the very pages of the relative, read-only and without a trace."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.accounts.models import Audience
from portal.consent import holding
from portal.consent.rules import Scope
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.disclosure.models import DisclosureEntry
from portal.people.models import Client, FamilyMember, Relationship
from portal.sessions.models import SessionKind
from portal.web.family.preview import SHOWN
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.education import make_assignment, make_module, make_progress
from tests.factories.people import make_client, make_episode, make_family_member, make_relationship, make_user
from tests.factories.schedule import make_block, make_enrolment, make_track
from tests.factories.sessions import make_session, make_sign_up
from tests.page import check_page, parse
from tests.signin import post, sign_in
from tests.structure.test_routes import checksum

PATHS = ("/home", "/sessions", "/calendar", "/learn", "/permissions")


def furnish(person: Client, elena: FamilyMember, name: str) -> tuple[Relationship, int]:
    """One client who shares everything: a schedule, an evening and a lesson, all named `name`."""
    episode = make_episode(client=person)
    track = make_track(program=episode.program)
    make_block(track=track, name=f"{name} group")
    make_enrolment(episode=episode, track=track)
    link = make_signed_consent(client=person, family_member=elena).relationship
    session = make_session(
        location=person.location,
        kind=SessionKind.SINGLE_FAMILY,
        client=person,
        title_en=f"{name} evening",
        starts_at=NOW + timedelta(days=1),
    )
    make_assignment(
        relationship=link, module=make_module(lesson_values={"title": f"{name} lesson"}, is_library=False)
    )
    return link, session.id


@pytest.fixture
def marcus(client: FlaskClient) -> Client:
    """A client, signed in."""
    person: Client = make_client(user=make_user())
    sign_in(client, person.user, Audience.CLIENT)
    return person


def words(html: str) -> list[str]:
    """The text of a page's content, without the banner."""
    main = re.sub(r'<div class="preview".*?</div>', "", html, flags=re.S)
    return parse(main).one("main").text.split()


def test_it_shows_what_the_relatives_own_page_shows(app: Flask, client: FlaskClient, marcus: Client) -> None:
    elena = make_family_member(user=make_user())
    link, session_id = furnish(marcus, elena, "Marked")
    browser = app.test_client()
    sign_in(browser, elena.user, Audience.FAMILY)
    post(browser, "/permissions/read")
    browser.get("/more")
    for path in (*PATHS, f"/sessions/{session_id}"):
        own, seen = browser.get(path), client.get(f"/my/people/{link.id}/preview{path}")
        assert seen.status_code == 200, path
        assert words(seen.text) == words(own.text), path
        assert "Marked" in own.text or path == "/permissions" or path == "/home"


def test_it_says_so_on_every_page_and_nothing_is_live(client: FlaskClient, marcus: Client) -> None:
    link, session_id = furnish(marcus, make_family_member(), "Marked")
    for path in (*PATHS, f"/sessions/{session_id}"):
        page = client.get(f"/my/people/{link.id}/preview{path}")
        check_page(page, status=200)
        assert "You are looking at what Elena sees. Nothing here is live." in page.text
        assert f'href="/my/people/{link.id}"' in page.text
        forms = [
            each.attributes["action"] for each in parse(page.text).all("form") if "action" in each.attributes
        ]
        assert set(forms) <= {"/language"}, path


def test_every_link_of_the_family_stays_inside(client: FlaskClient, marcus: Client) -> None:
    link, session_id = furnish(marcus, make_family_member(), "Marked")
    prefix = f"/my/people/{link.id}/preview"
    for path in (*PATHS, f"/sessions/{session_id}"):
        main = parse(client.get(prefix + path).text)
        for anchor in main.all("a"):
            address = anchor.attributes.get("href", "")
            if anchor.inside("main") and address.startswith("/"):
                assert address.startswith((prefix, f"/my/people/{link.id}")), address
                assert client.get(address).status_code == 200, address


def test_a_look_leaves_no_trace(app: Flask, client: FlaskClient, marcus: Client) -> None:
    link, session_id = furnish(marcus, make_family_member(), "Marked")
    before = checksum()
    for path in (*PATHS, f"/sessions/{session_id}"):
        client.get(f"/my/people/{link.id}/preview{path}")
    assert checksum() == before
    assert db.session.scalars(select(DisclosureEntry).order_by(DisclosureEntry.id)).all() == []


def test_nothing_of_another_client_and_nothing_of_their_own_is_in_it(
    client: FlaskClient, marcus: Client
) -> None:
    elena = make_family_member(user=make_user())
    link, session_id = furnish(marcus, elena, "Marked")
    other_link, other_session = furnish(make_client(given_name="Zebulon"), elena, "Quartz")
    open_evening = make_session(title_en="Open evening", starts_at=NOW + timedelta(days=2))
    make_sign_up(session=open_evening, family_member=elena)
    make_sign_up(session_id=session_id, session=None, relationship=link)
    make_progress(family_member=elena, module=make_module(is_library=True))
    prefix = f"/my/people/{link.id}/preview"
    pages = "".join(client.get(prefix + path).text for path in (*PATHS, f"/sessions/{session_id}"))
    for mark in ("Zebulon", "Quartz", "You have a place", "Started", "Continue"):
        assert mark not in pages, mark
    assert client.get(f"{prefix}/sessions/{other_session}").status_code == 404
    assert client.get(f"/my/people/{other_link.id}/preview/home").status_code == 404


def test_every_post_is_refused(app: Flask, client: FlaskClient, marcus: Client) -> None:
    link, session_id = furnish(marcus, make_family_member(), "Marked")
    posted = 0
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("preview.") and "POST" in (rule.methods or ()):
            values = {"relationship_id": link.id, "session_id": session_id}
            built = rule.build({name: values.get(name, 1) for name in rule.arguments})
            assert built is not None
            assert post(client, built[1]).status_code == 404, rule.rule
            posted += 1
    assert posted > 5


def test_pages_of_the_relative_alone_say_that_it_ends_here(client: FlaskClient, marcus: Client) -> None:
    link, session_id = furnish(marcus, make_family_member(), "Marked")
    for path in (f"/sessions/{session_id}/cancel", f"/sessions/{session_id}/calendar.ics", "/calendar/feed"):
        page = client.get(f"/my/people/{link.id}/preview{path}")
        check_page(page, status=200)
        assert "The preview ends here" in page.text


def test_what_is_taken_away_is_gone_from_it(client: FlaskClient, marcus: Client) -> None:
    consent = make_signed_consent(client=marcus, scopes={Scope.SESSIONS})
    address = f"/my/people/{consent.relationship_id}/preview/home"
    assert "gave you permission" in client.get(address).text
    with writing():
        holding.hold(consent=consent, kind="spoken", actor=Actor("staff", 1), now=NOW)
    assert "gave you permission" not in client.get(address).text


def test_only_ones_own_relationships_can_be_previewed(
    app: Flask, client: FlaskClient, marcus: Client
) -> None:
    foreign = make_signed_consent().relationship
    ended = make_relationship(client=marcus, ended_at=NOW)
    for address in (foreign.id, ended.id, 100000000000001):
        for path in PATHS:
            assert client.get(f"/my/people/{address}/preview{path}").status_code == 404
    assert app.test_client().get(f"/my/people/{foreign.id}/preview/home").status_code == 302


def test_a_family_member_cannot_look_through_the_preview(app: Flask, client: FlaskClient) -> None:
    consent = make_signed_consent(family_member=make_family_member(user=make_user()))
    sign_in(client, consent.family_member.user, Audience.FAMILY)
    assert client.get(f"/my/people/{consent.relationship_id}/preview/home").status_code == 404


def test_the_pages_shown_are_these_six(app: Flask) -> None:
    assert {"home", "sessions", "session", "calendar", "learn", "permissions"} == SHOWN
