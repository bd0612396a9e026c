"""Answering from a mail: without signing in, once, for one's own place and for nothing else."""

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.core.db import db, writing
from portal.mail.dispatch import dispatch
from portal.reminders.service import prepare_all
from portal.sessions import links, notices
from portal.sessions.models import SessionKind, SignUp, SignUpEvent, SignUpState
from tests.conftest import NOW, HeldClock
from tests.factories.consent import make_signed_consent
from tests.factories.mail import make_mail_reader, post_of
from tests.factories.people import make_client
from tests.factories.sessions import make_session, make_sign_up
from tests.signin import post
from tests.smtp import mail_server

pytestmark = pytest.mark.smtp
OVER = "This link no longer works"


@dataclass
class Mailed:
    """Somebody with a place in a multi-family evening tomorrow, and the link of their reminder."""

    place: SignUp
    link: str

    def state(self) -> SignUpState:
        db.session.rollback()
        return db.session.get_one(SignUp, self.place.id, populate_existing=True).state


@pytest.fixture
def mailed(app: Flask) -> Mailed:
    client, reader = make_client(), make_mail_reader()
    consent = make_signed_consent(client=client, family_member=reader)
    session = make_session(
        kind=SessionKind.MULTI_FAMILY, location=client.location, starts_at=NOW + timedelta(hours=23)
    )
    place = make_sign_up(session=session, relationship=consent.relationship)
    return Mailed(place, link_in_mail(app))


def link_in_mail(app: Flask) -> str:
    with mail_server(app) as box:
        prepare_all()
        dispatch(post_of(app))
    body = box.mails[0].get_body(("plain",))
    assert body is not None
    found = re.search(r"/mail/place/[\w-]+", body.get_content())
    assert found
    return found[0]


def test_opening_it_changes_nothing_and_names_nothing(client: FlaskClient, mailed: Mailed) -> None:
    for _ in range(3):
        page = client.get(mailed.link)
    assert (page.status_code, mailed.state()) == (200, SignUpState.PLACED)
    for word in ("Talking when it is hard", "Room 2", "March", mailed.place.family_member.given_name):
        assert word not in page.text


def test_no_gives_up_the_place_once(client: FlaskClient, mailed: Mailed) -> None:
    assert "Your place is given up" in post(client, mailed.link, {"answer": "no"}).text
    assert mailed.state() is SignUpState.GIVEN_UP
    again = post(client, mailed.link, {"answer": "no"})
    assert (again.status_code, OVER in again.text) == (404, True)
    [step] = db.session.scalars(select(SignUpEvent).order_by(SignUpEvent.id)).all()
    assert (step.actor_kind, step.actor_id) == ("family", mailed.place.family_member_id)
    audited = db.session.scalars(select(AuditEntry).where(AuditEntry.kind == "sign_up.changed_state")).all()
    assert [entry.actor_name for entry in audited] == ["mail link"]


def test_yes_keeps_it_and_the_link_is_used(client: FlaskClient, mailed: Mailed) -> None:
    assert "We keep your place." in post(client, mailed.link, {"answer": "yes"}).text
    assert mailed.state() is SignUpState.PLACED
    assert post(client, mailed.link, {"answer": "no"}).status_code == 404
    assert mailed.state() is SignUpState.PLACED


def test_without_a_token_of_the_form_nothing_happens(client: FlaskClient, mailed: Mailed) -> None:
    assert client.post(mailed.link, data={"answer": "no"}).status_code in (400, 409)
    assert mailed.state() is SignUpState.PLACED


def test_it_ends_at_the_cut_off(client: FlaskClient, mailed: Mailed, held_clock: HeldClock) -> None:
    held_clock.advance(hours=21)
    assert post(client, mailed.link, {"answer": "no"}).status_code == 404
    assert mailed.state() is SignUpState.PLACED


def test_a_moved_session_needs_a_new_link(client: FlaskClient, app: Flask, mailed: Mailed) -> None:
    with writing():
        session = db.session.get_one(SignUp, mailed.place.id).session
        session.starts_at += timedelta(days=1)
        session.ends_at += timedelta(days=1)
        session.time_revision += 1
    assert post(client, mailed.link, {"answer": "no"}).status_code == 404
    with writing():
        token = links.new(db.session.get_one(SignUp, mailed.place.id), now=NOW)
    assert post(client, f"/mail/place/{token}", {"answer": "yes"}).status_code == 200
    db.session.rollback()
    assert db.session.get_one(SignUp, mailed.place.id).confirmed_for_revision == 2


def test_anothers_place_is_never_touched(client: FlaskClient, mailed: Mailed) -> None:
    other = make_sign_up(session=mailed.place.session, family_member=make_mail_reader(), queue_number=2)
    post(client, mailed.link, {"answer": "no"})
    db.session.rollback()
    assert db.session.get_one(SignUp, other.id).state is SignUpState.PLACED


@pytest.mark.parametrize("token", ["nothing-here", "x" * 43, "a" * 2000])
def test_a_tampered_link_is_the_same_page_and_changes_nothing(
    client: FlaskClient, mailed: Mailed, token: str
) -> None:
    answer = post(client, f"/mail/place/{token}", {"answer": "no"})
    assert (answer.status_code, OVER in answer.text) == (404, True)
    assert mailed.state() is SignUpState.PLACED


def test_the_news_of_a_move_asks_and_the_saved_place_offers_a_way_back(app: Flask) -> None:
    reader = make_mail_reader("places")
    place = make_sign_up(session=make_session(), family_member=reader)
    with writing():
        notices.changed(place, now=NOW)
    assert link_in_mail(app).startswith("/mail/place/")
    with writing():
        notices.placed(place, now=NOW)
    assert link_in_mail(app).startswith("/mail/place/")
