"""Withdrawn, on hold, expired, never: the same pages, the same feed, the same silence (2.13(c)).

Public forms answer known and unknown alike. The others stand beside their pages: sign-in and
forgot in `web/signin/test_enumeration.py`, reset and welcome in `web/signin/`, invitation
and desk in `web/public/`.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.accounts.models import Audience
from portal.consent.models import Consent
from portal.core import tokens
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.mail.models import MailAddress, OutboundMessage, ReaderKind, StopLink
from portal.people.models import FamilyMember
from portal.reminders.service import prepare_all
from portal.schedule import feeds
from portal.sessions.models import SessionKind
from portal.workflows import access_ended
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.education import make_assignment, make_module
from tests.factories.mail import make_mail_address, make_opt_in
from tests.factories.people import (
    make_client,
    make_episode,
    make_family_member,
    make_relationship,
    make_user,
)
from tests.factories.schedule import make_block, make_enrolment, make_track
from tests.factories.sessions import make_session, make_sign_up
from tests.signin import post, sign_in

PAGES = (
    "/home",
    "/sessions",
    "/calendar",
    "/calendar/print",
    "/learn",
    "/permissions",
    "/settings/reminders",
)


def never(_consent: Consent) -> None:
    return None


def withdrawn(consent: Consent) -> None:
    access_ended.stop(consent=consent, actor=Actor("client"), now=NOW)


def on_hold(consent: Consent) -> None:
    access_ended.hold(consent=consent, kind="safety", actor=Actor("staff", 1), now=NOW)


def expired(_consent: Consent) -> None:
    return None


ENDS: list[Callable[[Consent], None]] = [never, withdrawn, on_hold, expired]


def life_of(elena: FamilyMember, end: Callable[[Consent], None]) -> int:
    """A client with a schedule, an evening and a lesson; `end` says what became of the permission."""
    person = make_client()
    episode = make_episode(client=person)
    track = make_track(program=episode.program)
    make_block(track=track)
    make_enrolment(episode=episode, track=track)
    session = make_session(
        location=person.location,
        kind=SessionKind.SINGLE_FAMILY,
        client=person,
        starts_at=NOW + timedelta(hours=30),
    )
    if end is never:
        make_relationship(client=person, family_member=elena)
        return int(session.id)
    signed_at = NOW - timedelta(days=400) if end is expired else NOW
    consent = make_signed_consent(client=person, family_member=elena, now=signed_at)
    make_sign_up(session=session, relationship=consent.relationship)
    make_assignment(relationship=consent.relationship, module=make_module(is_library=False))
    with writing():
        end(db.session.get_one(Consent, consent.id))
    return int(session.id)


def plain(text: str) -> str:
    """An answer without its tokens, ids and stamps."""
    text = re.sub(r'(csrf_token" value|data-token)="[^"]+"', "", text)
    return re.sub(r"\b\d{15}\b", "ID", text)


def a_relative() -> FamilyMember:
    elena = make_family_member(user=make_user(), email="elena@mail.example", timezone="America/New_York")
    make_mail_address(elena)
    for kind in ("session_reminders", "program_times"):
        make_opt_in(elena, kind)
    return elena


@pytest.fixture
def relatives(app: Flask) -> list[tuple[str, FamilyMember, int]]:
    """One relative an ending, alike in everything else; and the session of each one's client."""
    found = []
    for end in ENDS:
        elena = a_relative()
        found.append((end.__name__, elena, life_of(elena, end)))
    return found


def test_p2_t_r8_every_page_is_the_same(app: Flask, relatives: list[tuple[str, FamilyMember, int]]) -> None:
    answers: dict[str, set[tuple[int, str]]] = {}
    for _name, elena, session_id in relatives:
        browser = app.test_client()
        sign_in(browser, elena.user, Audience.FAMILY)
        for path in (*PAGES, f"/sessions/{session_id}", f"/sessions/{session_id}/cancel"):
            answer = browser.get(path)
            answers.setdefault(plain(path), set()).add((answer.status_code, plain(answer.text)))
    assert {path: len(found) for path, found in answers.items()} == dict.fromkeys(answers, 1)
    assert {status for found in answers.values() for status, _ in found} == {200, 404}


def test_p2_t_r8_the_feed_is_the_same_and_still_200(
    app: Flask, relatives: list[tuple[str, FamilyMember, int]]
) -> None:
    seen = set()
    for _name, elena, _session_id in relatives:
        with writing():
            token = feeds.switch_on(family_member_id=elena.id, actor=Actor("family", elena.id), now=NOW)
        answer = app.test_client().get(f"/feed/{token}.ics")
        assert answer.status_code == 200
        seen.add(answer.text)
    assert len(seen) == 1
    assert "VEVENT" not in seen.pop()


def test_p2_t_r8_no_mail_is_made_for_any_of_them(
    app: Flask, relatives: list[tuple[str, FamilyMember, int]]
) -> None:
    db.session.rollback()
    prepare_all()
    waiting = db.session.scalars(
        select(OutboundMessage).where(OutboundMessage.state.not_in(["dropped", "sent"]))
    ).all()
    assert [
        message for message in waiting if message.reader_id in {each.id for _, each, _ in relatives}
    ] == []


def answer_of(client: FlaskClient, address: str, data: dict[str, Any] | None = None) -> tuple[int, str]:
    """Status and page of a form that is posted, or of a page that is opened."""
    answer = client.get(address) if data is None else post(client, address, data)
    secret = address.rsplit("/", 1)[-1]
    return answer.status_code, plain(answer.text).replace(secret, "SECRET")


def test_p2_11_a_stop_link_answers_alike_known_and_unknown(client: FlaskClient) -> None:
    elena, token = a_relative(), tokens.new_token()
    with writing():
        db.session.add(
            StopLink(
                reader_kind=ReaderKind.FAMILY,
                reader_id=elena.id,
                kind="session_reminders",
                token_digest=tokens.digest(token),
                created_at=NOW,
            )
        )
    other = tokens.new_token()
    forms: tuple[dict[str, Any] | None, ...] = (None, {})
    for form in forms:
        assert answer_of(client, f"/mail/{token}", form) == answer_of(client, f"/mail/{other}", form)


def test_p2_11_a_confirming_link_that_was_used_is_like_one_that_never_was(client: FlaskClient) -> None:
    elena, token = make_family_member(), tokens.new_token()
    make_mail_address(elena, confirmed_at=None, token_digest=tokens.digest(token))
    assert client.get(f"/mail/confirm/{token}").status_code == 200
    post(client, f"/mail/confirm/{token}")
    assert db.session.scalars(select(MailAddress.confirmed_at)).one() is not None
    unknown = answer_of(client, f"/mail/confirm/{tokens.new_token()}")
    assert answer_of(client, f"/mail/confirm/{token}") == unknown
    assert unknown[0] == 404


def kept(_consent: Consent) -> None:
    return None


def test_with_a_permission_that_stands_all_three_say_more(app: Flask, client: FlaskClient) -> None:
    """So that the tests above prove something."""
    elena = a_relative()
    session_id = life_of(elena, kept)
    sign_in(client, elena.user, Audience.FAMILY)
    assert client.get(f"/sessions/{session_id}").status_code == 200
    with writing():
        token = feeds.switch_on(family_member_id=elena.id, actor=Actor("family", elena.id), now=NOW)
    assert client.get(f"/feed/{token}.ics").text.count("BEGIN:VEVENT") > 1
    db.session.rollback()
    assert prepare_all() >= 1
