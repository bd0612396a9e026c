"""The ten lessons from others' failures, each by its name, as far as they concern sessions.

The fourth (a worker killed in mid-batch) is tests/faults/test_worker_killed.py, the ninth (an
address changes) tests/mail/test_preferences.py, the tenth (an invitation used twice, late or by
somebody else) tests/people/test_invitations.py and tests/web/public/test_invite.py.
"""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.consent.models import Consent
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.mail.dispatch import dispatch
from portal.people.models import Client, FamilyMember
from portal.reminders.service import prepare_all
from portal.schedule import feeds
from portal.sessions import companions, service
from portal.sessions.models import FamilySession, SessionKind, SignUp, SignUpState
from portal.workflows import access_ended, session_cancelled, session_moved
from tests.conftest import NOW, HeldClock
from tests.factories.consent import make_signed_consent
from tests.factories.mail import make_mail_reader, post_of
from tests.factories.people import make_client, make_user
from tests.factories.sessions import make_session
from tests.signin import post, sign_in
from tests.smtp import mail_server

pytestmark = pytest.mark.smtp
STAFF = Actor("staff", None)
SOON = NOW + timedelta(days=3)


def reader(client: Client, **values: object) -> FamilyMember:
    """A relative with an account and a permission, who wants every mail about places."""
    person = make_mail_reader("session_reminders", "places", user=make_user(), **values)
    make_signed_consent(client=client, family_member=person)
    return person


def group(client: Client, **values: object) -> FamilySession:
    return make_session(
        kind=SessionKind.MULTI_FAMILY, location=client.location, **{"starts_at": SOON, **values}
    )


def ask(session: FamilySession, person: FamilyMember) -> SignUp:
    actor = Actor("family", person.id)
    with writing():
        return service.sign_up(session_id=session.id, family_member_id=person.id, actor=actor, now=NOW)


def round_of(app: Flask) -> list[tuple[str, str, str]]:
    """Everything that is due goes out: to whom, subject, text."""
    with mail_server(app) as box:
        prepare_all()
        dispatch(post_of(app))
    db.session.rollback()
    return sorted(
        (str(mail["To"]), str(mail["Subject"]), str(mail.get_body(("plain",)).get_content()))  # type: ignore[union-attr]
        for mail in box.mails
    )


def test_lesson_1_cancel_a_sign_up_between_scheduling_and_sending_0_mails(
    app: Flask, held_clock: HeldClock
) -> None:
    client = make_client()
    mine = ask(group(client), reader(client))
    round_of(app)  # "Your place is saved"
    held_clock.at = SOON - timedelta(hours=24)
    prepare_all()
    with writing():
        service.give_up(sign_up_id=mine.id, actor=STAFF, now=held_clock.at)
    assert round_of(app) == []


def test_lesson_2_cancel_one_of_two_seats_only_that_persons_reminders_stop(
    app: Flask, held_clock: HeldClock
) -> None:
    client = make_client()
    one, other = reader(client), reader(client, given_name="Rosa", family_name="Vega")
    mine = ask(group(client, companions=1), one)
    with writing():
        companions.bring(
            sign_up_id=mine.id, name="Rosa Vega", is_minor=False, actor=Actor("family", one.id), now=NOW
        )
    round_of(app)
    with writing():
        service.give_up(sign_up_id=mine.id, actor=Actor("family", one.id), now=NOW)
    held_clock.at = SOON - timedelta(hours=24)
    assert [to for to, _subject, _text in round_of(app)] == [other.email]


def test_lesson_3_reschedule_nothing_for_the_old_time_one_mail_for_the_new(
    app: Flask, held_clock: HeldClock
) -> None:
    client = make_client()
    session = group(client)
    ask(session, reader(client))
    round_of(app)
    later = SOON + timedelta(days=4)
    with writing():
        session_moved.move(
            session_id=session.id, starts_at=later, ends_at=later + timedelta(hours=1), actor=STAFF, now=NOW
        )
    assert [subject for _to, subject, _text in round_of(app)] == ["Your appointment has changed"]
    held_clock.at = SOON - timedelta(hours=24)
    assert round_of(app) == []


def test_lesson_5_mail_calendar_and_pages_never_hold_another_participant(
    app: Flask, client: FlaskClient
) -> None:
    marcus = make_client()
    session, me = group(marcus), reader(marcus)
    ask(session, reader(marcus, given_name="Zebulon", family_name="Quartz"))
    ask(session, me)
    sign_in(client, me.user, "family")
    shown = [
        client.get(path).text
        for path in ("/home", "/sessions", f"/sessions/{session.id}", f"/sessions/{session.id}/calendar.ics")
    ]
    told = [text for to, _subject, text in round_of(app) if to == me.email]
    assert told
    for text in shown + told:
        assert "Zebulon" not in text
        assert "Quartz" not in text


def test_lesson_6_scanners_that_fetch_every_link_by_get_change_nothing(
    app: Flask, client: FlaskClient
) -> None:
    marcus = make_client()
    session = group(marcus, capacity=1)
    holder, mine = ask(session, reader(marcus)), ask(session, reader(marcus))
    with writing():
        service.give_up(sign_up_id=holder.id, actor=STAFF, now=NOW)
    links = {link for _to, _subject, text in round_of(app) for link in re.findall(r"https?://\S+", text)}
    assert any("/offer/" in link for link in links)
    for link in sorted(links):
        client.get("/" + link.split("/", 3)[3])
    states = {each.id: each.state for each in db.session.scalars(select(SignUp))}
    assert states[mine.id] is SignUpState.OFFERED
    offer = next(link for link in links if "/offer/" in link)
    post(client, "/" + offer.split("/", 3)[3] + "/take")
    assert db.session.execute(select(SignUp.state).where(SignUp.id == mine.id)).scalar_one() == "placed"


def test_lesson_7_who_loses_one_of_two_clients_keeps_the_other_and_nothing_of_the_first(
    client: FlaskClient,
) -> None:
    first, second = make_client(), make_client()
    me = reader(first)
    make_signed_consent(client=second, family_member=me)
    gone, kept = group(first, title_en="Gone"), group(second, title_en="Kept")
    ask(gone, me)
    ask(kept, me)
    with writing():
        token = feeds.switch_on(family_member_id=me.id, actor=Actor("family", me.id), now=NOW)
    query = select(Consent).where(Consent.client_id == first.id)
    with writing():
        access_ended.stop(consent=db.session.scalars(query).one(), actor=STAFF, now=NOW)
    sign_in(client, me.user, "family")
    answer = client.get("/sessions")
    assert "Kept" in answer.text
    assert "Gone" not in answer.text
    assert "no-store" in answer.headers["Cache-Control"]
    for path in (f"/sessions/{gone.id}", f"/sessions/{gone.id}/calendar.ics"):
        assert client.get(path).status_code == 404
    feed = client.get(f"/feed/{token}.ics").text
    assert str(kept.id) in feed
    assert str(gone.id) not in feed


def test_lesson_8_an_offer_that_runs_out_goes_to_the_next_in_line(app: Flask, held_clock: HeldClock) -> None:
    client = make_client()
    session = group(client, capacity=1)
    holder, second, third = (ask(session, reader(client)) for _ in range(3))
    with writing():
        service.give_up(sign_up_id=holder.id, actor=STAFF, now=NOW)
    with writing():
        service.expire_offers(held_clock.advance(hours=36))
    states = {each.id: each.state for each in db.session.scalars(select(SignUp))}
    assert [states[each.id] for each in (second, third)] == ["given_up", "offered"]


def test_lesson_8_a_cancelled_session_tells_who_waits_once_and_clears_the_line(app: Flask) -> None:
    client = make_client()
    session = group(client, capacity=1)
    for _ in range(3):
        ask(session, reader(client))
    round_of(app)
    for _ in range(2):
        with writing():
            session_cancelled.cancel(session_id=session.id, reason="weather", actor=STAFF, now=NOW)
    told = round_of(app)
    assert [subject for _to, subject, _text in told] == ["Your appointment is cancelled"] * 3
    assert len({to for to, _subject, _text in told}) == 3
    assert set(db.session.scalars(select(SignUp.state))) == {SignUpState.SESSION_CANCELLED}
    assert round_of(app) == []


def test_double_submit_stale_page_and_back_button_are_harmless(client: FlaskClient) -> None:
    marcus = make_client()
    me = reader(marcus)
    session = group(marcus, capacity=1)
    sign_in(client, me.user, "family")
    steps = [
        ("place", ["placed"]),
        ("place", ["placed"]),
        ("waitlist", ["placed"]),  # a page from before the place was saved
        ("cancel", ["given_up"]),
        ("place", ["given_up", "placed"]),  # back, and pressed again: a new wish
    ]
    for verb, expected in steps:
        assert post(client, f"/sessions/{session.id}/{verb}").status_code == 302
        query = select(SignUp.state).order_by(SignUp.queue_number)
        assert [state.value for state in db.session.scalars(query)] == expected
    post(client, f"/sessions/{session.id}/cancel")
    assert post(client, f"/sessions/{session.id}/cancel").status_code == 404  # sent once more
    assert post(client, f"/sessions/{session.id}/offer/take").status_code == 404
