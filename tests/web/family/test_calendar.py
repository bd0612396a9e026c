import re
from collections.abc import Collection
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.consent import ending
from portal.consent.models import Consent
from portal.consent.rules import Scope
from portal.core.actor import Actor
from portal.core.db import db
from portal.disclosure.models import Channel, DisclosureEntry
from portal.people.models import Client, FamilyMember
from portal.schedule.models import CalendarFeed
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.people import (
    make_client,
    make_episode,
    make_family_member,
    make_relationship,
    make_user,
)
from tests.factories.schedule import make_block, make_enrolment, make_track
from tests.factories.sessions import make_session, make_sign_up
from tests.page import check_page
from tests.signin import post, sign_in

TIMES = {Scope.PROGRAM_TIMES}
URLS = ["/calendar", "/calendar/print", "/calendar/feed"]


def make_elena(**values: Any) -> FamilyMember:
    return make_family_member(user=make_user(), **values)


def make_followed_client(**values: Any) -> Client:
    """A client on the evening track: a group, then the family hour on Tuesdays."""
    client = make_client(**values)
    episode = make_episode(client=client)
    track = make_track(program=episode.program)
    make_block(track=track, rrule="FREQ=WEEKLY;BYDAY=MO,WE,TH")
    make_block(track=track, rrule="FREQ=WEEKLY;BYDAY=TU", minutes=120)
    family = {"name": "Families together", "is_family_hour": True, "minutes": 60}
    make_block(
        track=track, rrule="FREQ=WEEKLY;BYDAY=TU", start_time=datetime(2026, 1, 1, 19, 30).time(), **family
    )
    make_enrolment(episode=episode, track=track)
    return client


def share(elena: FamilyMember, client: Client, scopes: Collection[Scope] = frozenset(TIMES)) -> Consent:
    return make_signed_consent(client=client, family_member=elena, scopes=scopes)


def enter(client: FlaskClient, elena: FamilyMember) -> None:
    assert elena.user
    sign_in(client, elena.user, "family")


def page(client: FlaskClient, elena: FamilyMember, url: str = "/calendar") -> str:
    enter(client, elena)
    response = client.get(url)
    assert response.status_code == 200
    check_page(response)
    return " ".join(response.text.replace("\u202f", " ").split())


def ledger() -> list[tuple[str, str, str]]:
    rows = db.session.scalars(select(DisclosureEntry).order_by(DisclosureEntry.id))
    return [(row.scope.value, row.subject, row.channel.value) for row in rows]


def test_the_week_shows_program_times_as_one_stretch_without_groups(client):
    elena, marcus = make_elena(), make_followed_client()
    share(elena, marcus)
    text = page(client, elena)
    assert text.count("Program time, 5:30 to 8:30 pm") == 4
    assert "Coping skills" not in text
    assert "Families together" not in text
    assert "Marcus" not in text


def test_group_names_are_shown_only_under_their_own_scope(client):
    elena, marcus = make_elena(), make_followed_client()
    share(elena, marcus, {Scope.PROGRAM_TIMES, Scope.GROUP_NAMES})
    text = page(client, elena)
    assert text.count("Coping skills, 5:30 to 8:30 pm") == 3
    assert "Families together, 7:30 to 8:30 pm" in text
    assert "Program time," not in text


@pytest.mark.parametrize("scope", [Scope.SESSIONS, Scope.LESSONS, Scope.PROGRAM_STEP, Scope.FINISHED_OR_LEFT])
def test_no_other_scope_shows_program_times(client, scope: Scope):
    elena, marcus = make_elena(), make_followed_client()
    share(elena, marcus, {scope})
    assert " pm" not in page(client, elena)
    assert ledger() == []


def test_the_week_is_empty_once_the_client_stops_sharing(client, write):
    elena, marcus = make_elena(), make_followed_client()
    consent = share(elena, marcus)
    with write():
        ending.revoke(consent=consent, actor=Actor("client", marcus.id), now=NOW)
    text = page(client, elena)
    assert "Nothing this week." in text
    assert "8:30 pm" not in text


def test_several_relatives_are_told_apart_by_given_name(client):
    elena = make_elena()
    share(elena, make_followed_client())
    share(elena, make_followed_client(given_name="Rosa"))
    text = page(client, elena)
    assert "Program time (Marcus), 5:30 to 8:30 pm" in text
    assert "Program time (Rosa), 5:30 to 8:30 pm" in text


def test_own_sessions_stand_in_the_week_and_others_do_not(client):
    elena = make_elena()
    mine = make_session(starts_at=datetime(2026, 3, 5, 23, 0, tzinfo=UTC))
    make_session(starts_at=datetime(2026, 3, 6, 23, 0, tzinfo=UTC), title_en="Another evening")
    make_sign_up(session=mine, family_member=elena)
    text = page(client, elena)
    assert "Talking when it is hard, 6:00 pm" in text
    assert "Your session, Eastern Time" in text
    assert "Another evening" not in text


def test_an_old_week_shows_only_own_sessions(client):
    elena, marcus = make_elena(), make_followed_client()
    share(elena, marcus)
    make_sign_up(session=make_session(starts_at=datetime(2026, 2, 26, 0, 0, tzinfo=UTC)), family_member=elena)
    text = page(client, elena, "/calendar?week=2026-W09")
    assert "Talking when it is hard, 7:00 pm" in text
    assert "Program time," not in text


def test_each_week_shown_is_in_the_ledger_once(client):
    elena, marcus = make_elena(), make_followed_client()
    share(elena, marcus, {Scope.PROGRAM_TIMES, Scope.GROUP_NAMES})
    for url in ("/calendar", "/calendar", "/calendar?week=2026-W11"):
        page(client, elena, url)
    rows = [(subject, channel) for scope, subject, channel in ledger() if scope == "program_times"]
    assert rows[0] == ("week:2026-W10", "page")
    assert rows[-1] == ("week:2026-W11", "page")
    assert ("group_names", "week:2026-W10", "page") in ledger()


def test_the_same_page_twice_in_one_browser_session_is_one_disclosure(client):
    elena, marcus = make_elena(), make_followed_client()
    share(elena, marcus)
    enter(client, elena)
    for _ in range(2):
        client.get("/calendar")
    client.get("/calendar/print")
    assert ledger() == [
        ("program_times", "week:2026-W10", "page"),
        ("program_times", "week:2026-W10", "print"),
    ]


@pytest.mark.parametrize(
    "week", ["", "nonsense", "2026-W54", "2026-W1", "1999-W01", "2026-W37", "２０２６-W11"]
)
def test_a_week_that_makes_no_sense_is_this_week(client, week: str):
    text = page(client, make_elena(), f"/calendar?week={week}")
    assert "Week of March 2, 2026" in text


def test_the_week_links_lead_back_and_forth(client):
    text = page(client, make_elena(), "/calendar?week=2026-W11")
    assert 'href="/calendar?week=2026-W10"' in text
    assert 'href="/calendar?week=2026-W12"' in text
    assert 'href="/calendar"' in text


def test_the_last_week_has_no_next_one(client):
    text = page(client, make_elena(), "/calendar?week=2026-W36")
    assert "Next week" not in text
    assert "2026-W35" in text


def test_at_the_clock_change_the_wall_time_stays(client):
    elena, marcus = make_elena(), make_followed_client()
    share(elena, marcus)
    text = page(client, elena, "/calendar?week=2026-W11")
    assert text.count("Program time, 5:30 to 8:30 pm") == 4


def test_in_spanish(client):
    elena = make_family_member(user=make_user(language="es"))
    make_sign_up(session=make_session(starts_at=datetime(2026, 3, 5, 23, 0, tzinfo=UTC)), family_member=elena)
    assert "Hablar cuando es difícil, 6:00" in page(client, elena)


def test_the_page_holds_no_client_name_in_title_or_address(client):
    elena, marcus = make_elena(), make_followed_client()
    share(elena, marcus)
    text = page(client, elena)
    assert "<title>Calendar - Harbor Room</title>" in text
    assert text.count("<h1>") == 1


@pytest.mark.parametrize("url", URLS)
def test_signed_out_people_are_sent_to_sign_in(client, url: str):
    response = client.get(url)
    assert response.status_code == 302
    assert response.location.startswith("/sign-in")


@pytest.mark.parametrize("url", URLS)
def test_a_client_has_no_family_calendar(client, url: str):
    sign_in(client, make_client(user=make_user()).user or make_user(), "client")
    assert client.get(url).status_code == 404


@pytest.mark.parametrize("url", ["/calendar/feed/on", "/calendar/feed/off"])
def test_the_feed_is_switched_only_by_a_form_of_ours(client, url: str):
    enter(client, make_elena())
    assert client.get(url).status_code == 405
    assert client.post(url).status_code == 400
    assert db.session.scalars(select(CalendarFeed)).all() == []


def switched_on(client: FlaskClient, elena: FamilyMember) -> str:
    """The path of a new feed."""
    enter(client, elena)
    text = post(client, "/calendar/feed/on").text
    return "/feed/" + text.split("</code>")[0].split("/feed/")[-1]


def test_the_address_is_shown_once_and_stored_as_a_digest(client):
    elena = make_elena()
    path = switched_on(client, elena)
    token = path.removeprefix("/feed/").removesuffix(".ics")
    row = db.session.scalars(select(CalendarFeed)).one()
    assert token not in row.token_digest
    assert token not in client.get("/calendar/feed").text
    assert client.get(path).status_code == 200


def test_a_new_address_ends_the_old_one_and_off_ends_both(client):
    elena = make_elena()
    old, new = switched_on(client, elena), switched_on(client, elena)
    assert (client.get(old).status_code, client.get(new).status_code) == (404, 200)
    assert post(client, "/calendar/feed/off").status_code == 302
    assert client.get(new).status_code == 404


def test_the_feed_is_discreet(app, client):
    elena, marcus = make_elena(), make_followed_client()
    share(elena, marcus, {Scope.PROGRAM_TIMES, Scope.GROUP_NAMES, Scope.SESSIONS})
    make_sign_up(session=make_session(starts_at=datetime(2026, 3, 5, 23, 0, tzinfo=UTC)), family_member=elena)
    response = app.test_client().get(switched_on(client, elena))
    assert response.mimetype == "text/calendar"
    assert response.headers["Cache-Control"] == "no-store"
    assert "SUMMARY:Appointment" in response.text
    assert "SUMMARY:Calendar entry" in response.text
    for word in ("IOP", "Coping", "Families", "Marcus", "Evenings", "Talking", "program", "Water"):
        assert word not in response.text


def test_a_fetch_is_in_the_ledger_once_a_day(app, client, held_clock):
    elena, marcus = make_elena(), make_followed_client()
    share(elena, marcus)
    path = switched_on(client, elena)
    for _ in range(2):
        assert app.test_client().get(path).status_code == 200
    assert ledger() == [("program_times", "weeks:2026-W10:2026-W17", "feed")]
    held_clock.advance(days=1)
    app.test_client().get(path)
    rows = db.session.scalars(select(DisclosureEntry).order_by(DisclosureEntry.id)).all()
    assert sorted(row.occasion for row in rows) == [
        f"feed:2026-03-04:{elena.id}",
        f"feed:2026-03-05:{elena.id}",
    ]
    assert {row.channel for row in rows} == {Channel.FEED}


def test_the_feed_stays_200_and_is_empty_when_sharing_stops(app, client, write):
    elena, marcus = make_elena(), make_followed_client()
    consent = share(elena, marcus)
    path = switched_on(client, elena)
    assert "VEVENT" in app.test_client().get(path).text
    with write():
        ending.revoke(consent=consent, actor=Actor("client", marcus.id), now=NOW)
    response = app.test_client().get(path)
    assert response.status_code == 200
    assert "VEVENT" not in response.text


def test_the_feed_ends_with_the_account(app, client, write):
    elena = make_elena()
    path = switched_on(client, elena)
    assert elena.user
    with write():
        elena.user.disabled_at = NOW
    assert app.test_client().get(path).status_code == 404


@pytest.mark.parametrize("path", ["/feed/unknown.ics", "/feed/.ics", "/feed/x"])
def test_an_unknown_address_is_not_there(client, path: str):
    assert client.get(path).status_code == 404


def test_a_person_without_relatives_has_an_empty_calendar(client):
    assert "Nothing this week." in page(client, make_elena())


def test_the_week_begins_where_the_person_lives(client, held_clock):
    held_clock.at = datetime(2026, 3, 9, 3, 0, tzinfo=UTC)  # still Sunday evening in New York
    elena = make_elena()
    make_relationship(family_member=elena)
    assert "Week of March 2, 2026" in page(client, elena)
    assert date(2026, 3, 8).isocalendar().week == 10


def test_the_wall_copy_has_ones_own_times_and_nothing_of_a_client(client):
    elena, marcus = make_elena(), make_followed_client()
    consent = share(elena, marcus, set(Scope))
    at = datetime(2026, 3, 5, 19, 0, tzinfo=UTC)
    session = make_session(location=marcus.location, title_en="Marked evening", starts_at=at)
    make_sign_up(session=session, family_member=elena, relationship=consent.relationship)
    assert "/calendar/print/wall" in page(client, elena, "/calendar/print/choose")
    text = page(client, elena, "/calendar/print/wall")
    assert "Appointment, 2:00 pm" in text
    assert [word for word in ("Marked", "Marcus", "Program time", "42 CFR") if word in text] == []
    assert ledger() == []


def test_a_program_time_is_one_discreet_event_while_it_may_be_seen(client, write):
    elena, marcus = make_elena(), make_followed_client()
    consent = share(elena, marcus)
    text = page(client, elena)
    (address, *_others) = re.findall(r'href="([^"]+/entry\.ics)"', text)
    answer = client.get(address)
    assert answer.mimetype == "text/calendar"
    assert "SUMMARY:Calendar entry" in answer.text
    assert "CLASS:PRIVATE" in answer.text
    assert not re.search("Dole|Marcus|Coping|Evenings|DESCRIPTION|LOCATION", answer.text)
    assert ("program_times", "time", "page") in [(a, b.split(":")[0], c) for a, b, c in ledger()]
    with write():
        ending.revoke(
            consent=db.session.get_one(Consent, consent.id), actor=Actor("client", marcus.id), now=NOW
        )
    assert client.get(address).status_code == 404


def test_a_program_time_of_the_past_or_of_nobody_is_no_event(client):
    elena, marcus = make_elena(), make_followed_client()
    share(elena, marcus)
    enter(client, elena)
    for address in ("1/20260309/1730", "1/20260302/1730", "1/99999999/1730"):
        assert client.get(f"/calendar/times/{address}/entry.ics").status_code == 404


def test_the_wall_copy_and_the_print_carry_no_links_to_events(client):
    elena, marcus = make_elena(), make_followed_client()
    share(elena, marcus)
    for address in ("/calendar/print", "/calendar/print/wall"):
        assert "entry.ics" not in page(client, elena, address)
