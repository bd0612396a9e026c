"""The rules of `docs/part2.md` by their numbers: T-R1 to T-R8, and P2-01 to P2-17.

Each goes through pages or workflows on a real database. P2-15 stands in
`workflows/test_tasks_of_consent.py`, P2-18 in `operation/test_backup.py`; P2-19 (purging) and P2-20's
break-glass belong to running the center ("not on the caseload is 404, and audited" stands in
`web/staff/test_clients.py`).
"""

import logging
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from portal.consent import signing, texts, withdrawal, wording
from portal.consent.models import Consent, Withdrawal
from portal.consent.rules import LIVE, Scope, State
from portal.core.actor import Actor
from portal.core.db import Base, db, writing
from portal.core.errors import Refused
from portal.disclosure import accounting, gate, notice, queries
from portal.disclosure import service as disclosure
from portal.disclosure.models import Channel, DisclosureEntry
from portal.mail.dispatch import dispatch
from portal.mail.models import MessageState, OutboundMessage
from portal.people.models import Client, FamilyMember, Role, StaffMember
from portal.reminders.service import prepare_all
from portal.schedule import feeds
from portal.sessions.models import SessionKind, SignUp, SignUpState
from portal.workflows import access_ended, consent_signed, invite
from tests.conftest import NOW, HeldClock
from tests.disclosure.test_gate_agreement import by_person, by_sql
from tests.factories.accounts import make_account
from tests.factories.consent import make_pending_consent, make_signed_consent
from tests.factories.mail import make_mail_reader, post_of
from tests.factories.people import (
    make_care_team_member,
    make_client,
    make_episode,
    make_family_member,
    make_location,
    make_relationship,
    make_staff,
    make_user,
)
from tests.factories.schedule import make_block, make_enrolment, make_track
from tests.factories.sessions import make_session, make_sign_up
from tests.faults.test_withdraw_against_claim import Memory
from tests.mail.test_discreet import FORBIDDEN
from tests.page import STAFF_BYTES, check_page
from tests.signin import post, sign_in
from tests.structure.test_client_linked import CLIENT_LINKED, MARKS, Marked, marked, shown

__all__ = ["marked"]

SECOND = timedelta(seconds=1)
TOKEN = re.compile(r'(data-token=|name="csrf_token"[^>]*value=)"[^"]+"')


@pytest.fixture
def elena(client: FlaskClient) -> FamilyMember:
    """A family member with mail and an account, signed in."""
    person = make_mail_reader("session_reminders", "program_times", user=make_user())
    sign_in(client, person.user, "family")
    return person


@pytest.fixture
def shared(elena: FamilyMember) -> Consent:
    """All boxes for her, of a client with a program and an evening tomorrow."""
    consent = make_signed_consent(family_member=elena)
    episode = make_episode(client=consent.client)
    track = make_track(program=episode.program)
    make_block(track=track, name="Coping skills")
    make_enrolment(episode=episode, track=track)
    return consent


def with_place(consent: Consent, **values) -> SignUp:
    session = make_session(
        kind=SessionKind.MULTI_FAMILY,
        location=consent.client.location,
        starts_at=NOW + timedelta(hours=23),
        **values,
    )
    return make_sign_up(session=session, relationship=consent.relationship)


def stop(consent: Consent, now: datetime = NOW) -> None:
    with writing():
        access_ended.stop(consent=consent, actor=Actor("client", consent.client_id), now=now)


def send(app: Flask) -> list[str]:
    """One round of the worker; the addresses that were written to."""
    prepare_all()
    line = Memory()
    dispatch(replace(post_of(app), open_line=lambda: line))
    db.session.rollback()
    return line.addresses


def text(client: FlaskClient, url: str) -> str:
    return TOKEN.sub("", client.get(url).get_data(as_text=True))


def staff_of(consent: Consent, client: FlaskClient) -> StaffMember:
    member: StaffMember = make_staff(Role.THERAPIST)
    make_care_team_member(consent.client, member)
    sign_in(client, member.user, "staff")
    return member


# What follows a withdrawal


def test_t_r1_a_withdrawal_at_ten_stops_the_mail_of_ten(app: Flask, shared: Consent) -> None:
    with_place(shared)
    prepare_all()
    assert set(db.session.scalars(select(OutboundMessage.state))) == {MessageState.QUEUED}
    stop(shared)
    assert send(app) == []
    assert set(db.session.scalars(select(OutboundMessage.state))) == {MessageState.DROPPED}


def test_t_r2_what_was_handed_over_before_is_named_as_done(
    app: Flask, client: FlaskClient, shared: Consent
) -> None:
    with_place(shared)
    assert len(send(app)) == 2  # the evening, and the program of tomorrow
    channels = db.session.scalars(select(DisclosureEntry.channel).order_by(DisclosureEntry.id)).all()
    assert channels == [Channel.MAIL] * 2
    with writing():
        shared.client.user = make_user()
    browser = app.test_client()
    sign_in(browser, shared.client.user, "client")
    post(browser, f"/my/permissions/{shared.id}/stop")
    written = db.session.scalars(select(Withdrawal)).one()
    page = browser.get(f"/my/permissions/{shared.id}/withdrawals/{written.id}")
    check_page(page, names=("Marcus", "Elena"), status=200)
    assert "shared 2 times, of these 2 by e-mail; the last time on March 4, 2026" in page.text
    assert texts.digest(written.text) == written.text_digest


def test_t_r3_no_page_about_a_client_is_kept_by_a_browser(
    app: Flask, client: FlaskClient, marked: Marked
) -> None:
    for endpoint in shown(app, client, marked.values):
        rule = next(each for each in app.url_map.iter_rules() if each.endpoint == endpoint)
        built = rule.build({name: marked.values[name] for name in rule.arguments})
        assert built is not None
        assert "no-store" in client.get(built[1]).headers["Cache-Control"], endpoint
    stop(db.session.get_one(Consent, marked.consent_id))
    assert shown(app, client, marked.values) == {}


def test_t_r4_links_in_old_mails_answer_neutrally(app: Flask, client: FlaskClient, shared: Consent) -> None:
    place = with_place(shared)
    with writing():
        consent_signed.new_code(
            consent=shared, actor=Actor("client", shared.client_id), now=NOW, code_key="key"
        )
    with writing():
        _, token = invite.print_letter(
            relationship_id=shared.relationship_id, actor=Actor("staff", 1), now=NOW
        )
    visitor = app.test_client()
    assert visitor.get(f"/invite/{token}").status_code == 200
    stop(shared)
    dead, unknown = (text(visitor, f"/invite/{each}").replace(each, "") for each in (token, "nothing"))
    assert dead == unknown
    assert "Marcus" not in dead
    for page in ("", "/cancel", "/calendar-file"):
        gone = client.get(f"/sessions/{place.session_id}{page}")
        never = client.get(f"/sessions/100000000000001{page}")
        assert "Marcus" not in gone.text
        assert gone.status_code in (never.status_code, 302, 200)


def test_t_r5_stopping_one_parent_leaves_the_other(app: Flask, client: FlaskClient, shared: Consent) -> None:
    father = make_mail_reader(given_name="Paul", user=make_user())
    other = make_signed_consent(client=shared.client, family_member=father)
    with_place(other)
    stop(shared)
    browser = app.test_client()
    sign_in(browser, father.user, "family")
    assert "Marcus" in text(browser, "/permissions")
    assert "Marcus" not in text(client, "/permissions")
    assert send(app) == [father.email]


@pytest.mark.parametrize(
    ("zone", "end"),
    [
        ("America/New_York", datetime(2026, 3, 9, 4, 0, tzinfo=UTC)),  # a day with 23 hours
        ("Pacific/Auckland", datetime(2026, 3, 8, 11, 0, tzinfo=UTC)),
    ],
)
def test_t_r6_the_end_holds_when_clocks_change_or_jump(
    client: FlaskClient, elena: FamilyMember, held_clock: HeldClock, zone: str, end: datetime
) -> None:
    person = make_client(location=make_location(timezone=zone))
    make_signed_consent(client=person, family_member=elena, expires_on=date(2026, 3, 8))
    for at, sees in ((end - SECOND, True), (end, False), (end + timedelta(days=400), False)):
        held_clock.at = at
        sign_in(client, elena.user, "family", now=at)
        assert ("Marcus" in text(client, "/permissions")) is sees


def test_t_r7_an_open_offer_is_void_and_the_next_in_line_gets_it(app: Flask, shared: Consent) -> None:
    session = make_session(kind=SessionKind.MULTI_FAMILY, location=shared.client.location, capacity=1)
    offered = make_sign_up(
        session=session,
        relationship=shared.relationship,
        state=SignUpState.OFFERED,
        offer_ends_at=NOW + timedelta(hours=5),
    )
    other = make_signed_consent(client=shared.client, family_member=make_family_member(given_name="Paul"))
    waiting = make_sign_up(
        session=session, relationship=other.relationship, state=SignUpState.WAITLISTED, queue_number=2
    )
    stop(shared)
    db.session.expire_all()
    assert (offered.state, waiting.state) == (SignUpState.ACCESS_ENDED, SignUpState.OFFERED)


def never(elena: FamilyMember) -> None:
    make_relationship(family_member=elena)


def revoked(elena: FamilyMember) -> None:
    stop(make_signed_consent(family_member=elena))


def held(elena: FamilyMember) -> None:
    consent = make_signed_consent(family_member=elena)
    with writing():
        access_ended.hold(consent=consent, kind="new_episode", actor=Actor("staff", 1), now=NOW)


def expired(elena: FamilyMember) -> None:
    make_signed_consent(family_member=elena, now=NOW - timedelta(days=400))


def test_t_r8_withdrawn_expired_and_never_are_the_same_answers(app: Flask) -> None:
    answers = set()
    for end in (never, revoked, held, expired):
        person = make_mail_reader(user=make_user())
        end(person)
        with writing():
            token = feeds.switch_on(family_member_id=person.id, actor=Actor("family", person.id), now=NOW)
        browser = app.test_client()
        sign_in(browser, person.user, "family")
        pages = [text(browser, url) for url in ("/home", "/sessions", "/calendar", "/learn", "/permissions")]
        feed = re.sub(r"[^\s]*\d{8,}[^\s]*", "", app.test_client().get(f"/feed/{token}.ics").text)
        answers.add((*pages, feed, len(send(app))))
    assert len(answers) == 1


# P2


def test_p2_01_without_an_active_consent_nobody_is_invited(app: Flask, client: FlaskClient) -> None:
    consent = make_pending_consent(scopes=set(Scope))
    staff_of(consent, client)
    page = client.get(f"/staff/clients/{consent.client_id}").text
    assert "Send invitation" not in page
    post(client, f"/staff/invitations/{consent.relationship_id}/send")
    assert "This needs a signed consent first." in client.get("/staff/caseload").text
    assert db.session.scalars(select(OutboundMessage)).all() == []
    assert gate.permits(family_member_id=consent.family_member_id, at=NOW) == []


ELEMENTS: dict[str, tuple[Callable[[Consent], None], str]] = {
    "C1": (lambda c: setattr(c.client, "given_name", " "), "name_differs"),
    "C2": (lambda c: setattr(c.client.location, "name", " "), "missing_discloser"),
    "C3": (lambda c: c.scopes.clear(), "missing_scopes"),
    "C4": (lambda c: setattr(c.family_member, "family_name", "Family"), "missing_recipient_name"),
    "C5": (lambda c: setattr(c, "purpose", " "), "missing_purpose"),
    "C7": (lambda c: setattr(c, "expires_on", None), "missing_expires_on"),
}
STATEMENTS = {"C6": "REVOCATION", "C10a": "REDISCLOSURE", "C10b": "REFUSAL"}


def refused_to(consent: Consent, **values) -> str:
    with pytest.raises(Refused) as refusal, writing():
        signing.sign(
            **{
                "consent": consent,
                "typed_name": consent.client.full_name,
                "agreed": True,
                "method": "own_account",
                "witness_id": None,
                "actor": Actor("client", consent.client_id),
                "now": NOW,
                **values,
            }
        )
    assert refusal.value.code
    return refusal.value.code


@pytest.mark.parametrize("element", ELEMENTS)
def test_p2_02_each_missing_element_is_refused_by_its_name(app: Flask, element: str) -> None:
    consent = make_pending_consent()
    change, code = ELEMENTS[element]
    with writing():
        for row in list(consent.scopes) if element == "C3" else ():
            db.session.delete(row)
        change(consent)
    assert refused_to(consent, typed_name="Marcus Dole") == code
    assert consent.state is State.PENDING_SIGNATURE


@pytest.mark.parametrize("element", STATEMENTS)
def test_p2_02_a_missing_statement_is_refused_by_its_name(app: Flask, monkeypatch, element: str) -> None:
    consent = make_pending_consent()
    monkeypatch.setattr(wording, STATEMENTS[element], {"en": "", "es": ""})
    assert refused_to(consent) == f"missing_{STATEMENTS[element].lower()}_statement"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"agreed": False}, "agree_first"),
        ({"typed_name": ""}, "name_differs"),
        ({"method": "desk"}, "witness_missing"),
        ({"method": "paper", "witness_id": 1}, "paper_date_missing"),
    ],
)
def test_p2_02_a_missing_signature_is_refused_by_its_name(
    app: Flask, values: dict[str, Any], code: str
) -> None:
    assert refused_to(make_pending_consent(), **values) == code


@pytest.mark.parametrize("method", ["own_account", "desk"])
def test_p2_02_the_copy_is_there_at_once(app: Flask, method: str) -> None:
    consent = make_pending_consent()
    with writing():
        signing.sign(
            consent=consent,
            typed_name="Marcus Dole",
            agreed=True,
            method=method,
            witness_id=make_staff().id,
            actor=Actor("client", consent.client_id),
            now=NOW,
        )
    assert consent.copy_given_at == consent.signed_at == NOW
    assert texts.digest(consent.signed_text or "") == consent.signed_text_digest


@pytest.mark.parametrize(
    "hole",
    ["signed_at", "ends_at", "expires_on", "signed_text", "client_name", "discloser", "recipient_name"]
    + ["recipient_relationship", "purpose", "signer_name", "revocation_statement"]
    + ["redisclosure_statement", "refusal_statement", "guardian"],
)
def test_p2_03_an_imported_consent_with_a_hole_is_never_usable(app: Flask, hole: str) -> None:
    whole = make_signed_consent()
    stop(whole)
    values = {column.name: getattr(whole, column.name) for column in Consent.__table__.columns}
    empty = None if hole in ("signed_at", "ends_at", "expires_on", "signed_text") else ""
    change = {"guardian_until": NOW + timedelta(days=9)} if hole == "guardian" else {hole: empty}
    for state in LIVE:
        with pytest.raises(IntegrityError), writing():
            db.session.execute(insert(Consent), {**values, "id": 200000000000001, "state": state, **change})
    with writing():  # it can be kept as what it is: something that does not count
        db.session.execute(insert(Consent), {**values, "id": 200000000000001, "state": State.DRAFT, **change})
        with pytest.raises(IntegrityError), db.session.begin_nested():
            db.session.execute(
                update(Consent).where(Consent.id == 200000000000001).values(state=State.ACTIVE)
            )
    assert gate.permits(family_member_id=whole.family_member_id, at=NOW) == []


def test_p2_04_a_consent_for_ann_opens_nothing_for_her_namesake(app: Flask, shared: Consent) -> None:
    namesake = make_family_member(given_name="Elena", family_name="Dole", user=make_user())
    make_relationship(client=shared.client, family_member=namesake)
    browser = app.test_client()
    sign_in(browser, namesake.user, "family")
    for url in ("/home", "/permissions", "/calendar", "/sessions", "/learn"):
        assert "Marcus" not in text(browser, url)
    assert browser.get(f"/sessions/{with_place(shared).session_id}").status_code == 404
    assert gate.permits(family_member_id=namesake.id, at=NOW) == []


def test_p2_05_without_their_box_group_names_stand_nowhere(
    app: Flask, client: FlaskClient, shared: Consent, caplog: pytest.LogCaptureFixture
) -> None:
    assert "Coping skills" in text(client, "/calendar")
    with writing():
        access_ended.narrow(
            consent=shared,
            scopes={Scope.GROUP_NAMES},
            typed_name="Marcus Dole",
            actor=Actor("client", shared.client_id),
            now=NOW,
        )
    with writing():
        token = feeds.switch_on(family_member_id=shared.family_member_id, actor=Actor("family", 1), now=NOW)
    with caplog.at_level(logging.DEBUG):
        surfaces = [text(client, url) for url in ("/home", "/calendar", "/calendar/print", "/permissions")]
        surfaces.append(app.test_client().get(f"/feed/{token}.ics").text)
        send(app)
    assert "5:30 to 8:30" in surfaces[1]
    assert "Coping" not in "".join(surfaces) + caplog.text


def test_p2_06_at_the_instant_of_the_end_the_page_is_empty(
    client: FlaskClient, shared: Consent, elena: FamilyMember, held_clock: HeldClock
) -> None:
    assert shared.ends_at is not None
    for by, sees in ((-SECOND, True), (0 * SECOND, False)):
        held_clock.at = shared.ends_at + by
        sign_in(client, elena.user, "family", now=held_clock.at)
        assert ("Marcus" in text(client, "/permissions")) is sees
    assert shared.state is State.ACTIVE  # the clock did it, no sweep


def test_p2_07_what_follows_a_change_has_its_eight_tests() -> None:
    numbers = {name[len("test_t_r")] for name in globals() if name.startswith("test_t_r")}
    assert numbers == set("12345678")


def test_p2_08_every_page_about_a_client_carries_the_statement(
    app: Flask, client: FlaskClient, marked: Marked
) -> None:
    found = shown(app, client, marked.values)
    assert found
    for endpoint in set(found) & CLIENT_LINKED:
        rule = next(each for each in app.url_map.iter_rules() if each.endpoint == endpoint)
        built = rule.build({name: marked.values[name] for name in rule.arguments})
        assert built is not None
        page = client.get(built[1]).text
        assert any(mark in page for mark in MARKS)
        assert notice.SHORT["en"] in page, endpoint


def test_p2_09_one_row_for_each_object_and_browser_session(
    app: Flask, client: FlaskClient, marked: Marked
) -> None:
    shown(app, client, marked.values)
    first = db.session.scalar(select(func.count(DisclosureEntry.id)))
    shown(app, client, marked.values)
    rows = db.session.scalars(select(DisclosureEntry).order_by(DisclosureEntry.id)).all()
    assert len(rows) == first
    keys = Counter((row.occasion, row.subject, row.scope, row.channel, row.family_member_id) for row in rows)
    assert set(keys.values()) == {1}


def test_p2_10_the_accounting_sums_up_to_the_ledger(app: Flask, client: FlaskClient, marked: Marked) -> None:
    shown(app, client, marked.values)
    rows = db.session.scalar(
        select(func.count(DisclosureEntry.id)).where(DisclosureEntry.client_id == marked.client_id)
    )
    person = db.session.get_one(Client, marked.client_id)
    assert accounting.of_client(person, now=NOW).total == rows
    assert rows


FORMS: dict[str, Callable[[str], dict[str, str]]] = {
    "/sign-in": lambda known: {"sign_in_name": known, "passphrase": "not the one that fits"},
    "/password/forgot": lambda known: {"sign_in_name": known},
    "/desk": lambda known: {"code": "2222-3333-4444"},
    "/invite/nothing-here/answer": lambda known: {"code": "2222-3333"},
}


@pytest.mark.parametrize("url", FORMS)
def test_p2_11_known_and_unknown_get_the_same_answer(app: Flask, url: str) -> None:
    user = make_account(sign_in_name="known@mail.example")
    make_family_member(user=user, email="known@mail.example")
    answers = set()
    for name in ("known@mail.example", "other@mail.example"):
        answer = post(app.test_client(), url, FORMS[url](name))
        body = TOKEN.sub("", answer.text.replace(name, "NAME"))
        answers.add((answer.status_code, answer.headers.get("Location"), body))
    assert len(answers) == 1


@pytest.mark.parametrize(
    ("minor_rule", "birth_on", "after_the_client", "after_the_guardian"),
    [
        (None, date(1990, 1, 1), State.ACTIVE, None),
        ("minor_self", date(1990, 1, 1), State.ACTIVE, None),
        ("minor_plus_guardian", date(1990, 1, 1), State.ACTIVE, None),
        (None, date(2010, 1, 1), None, None),
        ("minor_self", date(2010, 1, 1), State.ACTIVE, None),
        ("minor_plus_guardian", date(2010, 1, 1), State.PENDING_GUARDIAN, State.ACTIVE),
    ],
)
def test_p2_12_whose_signatures_are_needed(
    app: Flask, minor_rule: str | None, birth_on: date, after_the_client, after_the_guardian
) -> None:
    client = make_client(birth_on=birth_on, location=make_location(minor_rule=minor_rule))
    if after_the_client is None:
        with pytest.raises(Refused, match="minor_rule_missing"):
            make_pending_consent(client=client)
        return
    consent = make_signed_consent(client=client)
    assert consent.state is after_the_client
    sees = gate.permits(family_member_id=consent.family_member_id, at=NOW)
    assert bool(sees) is (after_the_client is State.ACTIVE)
    if after_the_guardian:
        guardian_signs(consent)
        assert consent.state is after_the_guardian
        assert gate.permits(family_member_id=consent.family_member_id, at=NOW)
        assert "Rosa Dole (mother; basis: parent)" in (consent.signed_text or "")


def guardian_signs(consent: Consent, **values) -> str:
    with writing():
        return consent_signed.sign_as_guardian(
            **{
                "consent": consent,
                "name": "Rosa Dole",
                "relationship": "mother",
                "basis": "parent",
                "agreed": True,
                "method": "desk",
                "witness_id": make_staff().id,
                "actor": Actor("desk", 1),
                "now": NOW,
                "code_key": "key",
                **values,
            }
        )


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"name": " "}, "missing_guardian_name"),
        ({"name": "Marcus Dole"}, "missing_guardian_name"),
        ({"relationship": ""}, "missing_guardian_relationship"),
        ({"basis": ""}, "missing_guardian_basis"),
        ({"agreed": False}, "agree_first"),
        ({"read_digest": "0" * 64}, "text_changed"),
        ({"now": NOW + timedelta(days=15)}, "waited_too_long"),
    ],
)
def test_p2_12_a_guardian_without_name_or_basis_is_refused(
    app: Flask, values: dict[str, Any], code: str
) -> None:
    place = make_location(minor_rule="minor_plus_guardian")
    consent = make_signed_consent(client=make_client(birth_on=date(2010, 1, 1), location=place))
    with pytest.raises(Refused, match=code):
        guardian_signs(consent, **values)
    assert consent.state is State.PENDING_GUARDIAN


def test_p2_13_on_the_18th_birthday_the_page_is_empty_and_the_adult_is_asked(
    app: Flask, client: FlaskClient, elena: FamilyMember, held_clock: HeldClock
) -> None:
    place = make_location(minor_rule="minor_plus_guardian")
    young = make_client(birth_on=date(2008, 4, 10), location=place, user=make_user())
    consent = make_signed_consent(client=young, family_member=elena)
    assert consent.expires_on == date(2026, 4, 9)
    guardian_signs(consent)
    birthday = datetime(2026, 4, 10, 4, 0, tzinfo=UTC)  # midnight in New York
    for at, sees in ((birthday - SECOND, True), (birthday, False)):
        held_clock.at = at
        sign_in(client, elena.user, "family", now=at)
        assert ("Marcus" in text(client, "/permissions")) is sees
        assert by_person(consent.relationship, at) == by_sql(consent.relationship, at)
    with writing():
        access_ended.sweep(birthday)
    browser = app.test_client()
    sign_in(browser, young.user, "client", now=birthday)
    assert "A permission waits for you" in text(browser, "/my/home")


def test_p2_14_a_new_version_of_the_statement_is_read_again(
    client: FlaskClient, shared: Consent, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(client, "/permissions/read")
    assert "I have read this" not in text(client, "/permissions")
    for module in (queries, disclosure):
        monkeypatch.setattr(module, "NOTICE_VERSION", 2)
    assert "I have read this" in text(client, "/permissions")
    client.get("/calendar")
    versions = {
        row.subject: row.notice_version
        for row in db.session.scalars(select(DisclosureEntry).order_by(DisclosureEntry.id))
    }
    assert (versions.pop("permission"), versions.pop("program_step")) == (1, 1)
    assert set(versions.values()) == {2}


def test_p2_16_there_is_no_place_for_a_counseling_note() -> None:
    tables = Base.metadata.sorted_tables
    columns = [f"{table.name}.{column.name}" for table in tables for column in table.columns]
    outside = re.compile(r"counsel|diagnos|drug|medic|relapse|clinical|progress_note|session_note|urine|dose")
    assert [name for name in columns if outside.search(name)] == []
    assert not [scope for scope in Scope if outside.search(scope.value)]


def test_p2_17_mails_and_the_feed_say_nothing(app: Flask, client: FlaskClient, shared: Consent) -> None:
    with_place(shared)
    line = Memory()
    prepare_all()
    dispatch(replace(post_of(app), open_line=lambda: line))
    taken = line.envelopes
    assert taken
    with writing():
        token = feeds.switch_on(family_member_id=shared.family_member_id, actor=Actor("family", 1), now=NOW)
    feed = app.test_client().get(f"/feed/{token}.ics").text
    said = (feed + " ".join(str(envelope.words) for envelope in taken)).lower()
    names = ("marcus", "coping", "water street", "evenings")
    assert [word for word in (*FORBIDDEN, *names) if word in said and word != "harbor room"] == []


# Paper, renewal, and what a withdrawal leaves


def test_a_paper_that_staff_attest_counts_at_once_and_its_scan_is_due(client: FlaskClient) -> None:
    consent = make_pending_consent()
    staff_of(consent, client)
    address = f"/staff/consents/{consent.id}/paper"
    page = client.get(address)
    check_page(page, budget=STAFF_BYTES, status=200)
    found = re.search(r'name="read_digest"[^>]*value="([0-9a-f]{64})"', page.text)
    assert found
    data = {"read_digest": found[1], "paper_signed_on": "2026-03-03"}
    post(client, address, data)
    assert consent.state is State.PENDING_SIGNATURE
    refused = post(client, address, {**data, "paper_signed_on": "2026-03-05", "attested": "y"})
    assert "The date on the paper is missing or lies ahead." in refused.text
    filed = post(client, address, {**data, "attested": "y"})
    check_page(filed, budget=STAFF_BYTES, status=200)
    assert (consent.state, consent.scan_due_on) == (State.ACTIVE, date(2026, 3, 9))  # Wed, Thu, Fri, Mon
    assert "March 3, 2026" in (consent.signed_text or "")
    assert gate.permits(family_member_id=consent.family_member_id, at=NOW)
    listed = client.get("/staff/consents?list=scan_due")
    check_page(listed, budget=STAFF_BYTES, status=200)
    assert "Elena" in listed.text
    assert "scan of a consent on paper" in client.get("/staff").text
    post(client, f"/staff/consents/{consent.id}/scan")
    assert "Elena" not in client.get("/staff/consents?list=scan_due").text


def test_a_minors_paper_needs_the_guardian_on_it(client: FlaskClient) -> None:
    place = make_location(minor_rule="minor_plus_guardian")
    consent = make_pending_consent(client=make_client(birth_on=date(2010, 1, 1), location=place))
    staff_of(consent, client)
    address = f"/staff/consents/{consent.id}/paper"
    found = re.search(r'name="read_digest"[^>]*value="([0-9a-f]{64})"', client.get(address).text)
    assert found
    data = {"read_digest": found[1], "paper_signed_on": "2026-03-03", "attested": "y"}
    nobody = {"guardian_name": "", "guardian_relationship": "", "guardian_basis": ""}
    page = post(client, address, {**data, **nobody})
    check_page(page, budget=STAFF_BYTES, status=409)
    assert "The name of the parent or guardian is missing." in page.text
    assert (consent.state, consent.signed_text) == (State.PENDING_SIGNATURE, None)
    guardian = {"guardian_name": "Rosa Dole", "guardian_relationship": "mother", "guardian_basis": "parent"}
    post(client, address, {**data, **guardian})
    assert consent.state is State.ACTIVE


def test_before_the_end_the_client_is_asked_to_renew(app: Flask, client: FlaskClient) -> None:
    marcus = make_client(user=make_user())
    consent = make_signed_consent(client=marcus, scopes={Scope.LESSONS}, expires_on=date(2026, 3, 30))
    sign_in(client, marcus.user, "client")
    assert "A permission ends within 30 days" in client.get("/my/home").text
    answer = post(client, f"/my/permissions/{consent.id}/renew")
    [waiting] = [
        each for each in db.session.scalars(select(Consent)) if each.state is State.PENDING_SIGNATURE
    ]
    assert answer.headers["Location"].endswith(f"/my/permissions/{waiting.id}/sign")
    assert {row.scope for row in waiting.scopes} == {Scope.LESSONS}
    assert waiting.expires_on == date(2026, 9, 4)
    assert consent.state is State.ACTIVE
    post(client, f"/my/permissions/{consent.id}/renew")
    assert len(db.session.scalars(select(Consent)).all()) == 2


def test_staff_renew_and_read_the_withdrawal(client: FlaskClient) -> None:
    consent = make_signed_consent(expires_on=date(2026, 3, 9))
    staff_of(consent, client)
    assert "Within 7 days" in client.get("/staff/consents?list=ends_soon").text
    post(client, f"/staff/consents/{consent.id}/renew")
    assert len(db.session.scalars(select(Consent)).all()) == 2
    post(client, f"/staff/consents/{consent.id}/withdrawal", {"on_file": "y"})
    written = db.session.scalars(select(Withdrawal)).one()
    page = client.get(f"/staff/consents/{consent.id}/withdrawals/{written.id}")
    check_page(page, budget=STAFF_BYTES, status=200)
    assert "Recorded by Dana Ortiz." in page.text
    assert client.get(f"/staff/consents/{consent.id}/withdrawals/1").status_code == 404
    other = make_signed_consent()
    stop(other)
    foreign = db.session.scalars(select(Withdrawal.id).where(Withdrawal.consent_id == other.id)).one()
    assert client.get(f"/staff/consents/{other.id}/withdrawals/{foreign}").status_code == 404
    assert client.get(f"/staff/consents/{consent.id}/withdrawals/{foreign}").status_code == 404


def test_narrowing_leaves_a_document_in_the_language_of_the_consent(app: Flask) -> None:
    consent = make_signed_consent(language="es")
    with writing():
        access_ended.narrow(
            consent=consent,
            scopes={Scope.LESSONS},
            typed_name="Marcus Dole",
            actor=Actor("client", consent.client_id),
            now=NOW,
        )
    written = db.session.scalars(select(Withdrawal)).one()
    assert (written.language, written.template_version) == ("es", withdrawal.WITHDRAWAL_VERSION)
    assert written.text.startswith("# Fin de una parte de un permiso")
    assert wording.INFORMATION["es"][Scope.LESSONS] in written.text
