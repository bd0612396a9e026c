"""The main job, by people in a browser: from a signed permission to a delivered reminder.

One journey, in Spanish on SQLite and in English on PostgreSQL: intake, two signatures (own
account, desk's tablet), invitation, acceptance, the week, a place and the waitlist, a
lesson, the reminder through SMTP, a move, and the end of sharing.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, timedelta
from email.message import EmailMessage

import pytest
from flask import Flask
from playwright.sync_api import Browser

from portal.accounts import service as accounts
from portal.accounts.models import User
from portal.core.db import db, writing
from portal.education import service as education
from portal.education.models import Module
from portal.jobs import worker_of
from portal.mail.models import OutboundMessage
from portal.people.models import FamilyMember, Role
from portal.sessions.models import FamilySession, SessionKind, SignUp
from tests.conftest import NOW, HeldClock
from tests.factories.consent import make_signed_consent
from tests.factories.people import (
    make_client,
    make_family_member,
    make_location,
    make_program,
    make_staff,
    make_user,
)
from tests.factories.schedule import make_block, make_track
from tests.factories.sessions import make_session
from tests.journeys.browser import browser, served  # noqa: F401 - fixtures
from tests.journeys.people import PASSPHRASE, Person, link_in, person
from tests.smtp import Mailbox, mail_server

INTAKE_MAY_TAKE_S = 240
SESSION_STARTS = NOW + timedelta(days=6, hours=8)  # Tuesday, March 10, after the clocks have changed


@dataclass
class Scene:
    """Everything and everybody of the journey."""

    app: Flask
    clock: HeldClock
    mailbox: Mailbox
    browser: Browser
    address: str
    language: str
    staff: Person
    client_id: int = 0
    session_id: int = 0
    session_title: str = ""

    def somebody(self, name: str, width: int = 390) -> Person:
        """A new person at a new browser."""
        return person(self.browser, self.address, name, self.language, f"journey-{self.language}", width)

    def worker_works(self) -> list[EmailMessage]:
        """One round of the worker; what the mail server took in it."""
        before = len(self.mailbox.mails)
        worker_of(self.app).round()
        return self.mailbox.mails[before:]


@pytest.fixture
def scene(
    app: Flask,
    engine: str,
    held_clock: HeldClock,
    browser: Browser,  # noqa: F811
    served: str,  # noqa: F811
) -> Iterator[Scene]:
    """A center on its first morning: a timetable, one session with two places, one member of staff."""
    language = {"sqlite": "es", "postgresql": "en"}[engine]
    location = make_location(address="41 Water Street", phone="(555) 010-0142")
    track = make_track(program=make_program(location=location), name="IOP evenings")
    make_block(track=track, name="Skills group")
    session = make_session(
        location=location, kind=SessionKind.MULTI_FAMILY, starts_at=SESSION_STARTS, capacity=2
    )
    with writing():
        education.load_content(NOW)
        make_staff(
            Role.COORDINATOR, Role.THERAPIST, location=location, user=account("dana@center.example", language)
        )
    title = session.title_es if language == "es" else session.title_en
    with mail_server(app) as mailbox:
        staff = person(browser, served, "Dana", language, f"journey-{language}", 1280)
        yield Scene(app, held_clock, mailbox, browser, served, language, staff, 0, session.id, title)


@pytest.mark.smtp
def test_from_a_signed_permission_to_a_delivered_reminder(scene: Scene) -> None:
    the_coordinator_enters_the_family(scene)
    nobody_can_be_invited_yet(scene)
    client = the_client_opens_an_account(scene)
    code = the_client_signs_in_the_own_account(scene, client)
    other_code = the_client_signs_at_the_desk(scene)
    elena = an_invitation_is_accepted(scene, "Elena", code, wrong_tries=2)
    ray = an_invitation_is_accepted(scene, "Ray", other_code, wrong_tries=0)
    the_family_member_reads_what_they_may_see(scene, elena)
    the_week_is_there(scene, elena)
    the_last_place_makes_the_waitlist_appear(scene, elena, ray)
    the_therapist_assigns_the_lesson(scene)
    the_family_member_reads_the_lesson(scene, elena)
    the_family_member_opts_in(scene, elena)
    the_reminder_goes_out_once(scene)
    the_session_moves_and_the_reminder_follows(scene, elena)
    feed = the_family_member_switches_the_feed_on(scene, elena)
    the_client_stops_sharing(scene, client)
    nothing_is_left_for_the_family_member(scene, elena, feed)


def the_coordinator_enters_the_family(scene: Scene) -> None:
    staff = scene.staff
    staff.signs_in("dana@center.example")
    staff.sets_up_the_second_factor(scene.clock.at)
    staff.keeps_a_picture("backup-codes-1280")
    (word_of_a_change,) = scene.worker_works()
    assert_discreet(word_of_a_change)
    began = time.monotonic()
    staff.open("/staff/intake")
    staff.types(given_name="Marcus", family_name="Dole", email="marcus@mail.example", language=scene.language)
    staff.types(birth_on__month="5", birth_on__day="17", birth_on__year="1990", start_on="2026-02-09")
    for field in ("track", "therapist"):
        staff.page.locator(f"select[name='{field}']").select_option(index=1)
    relatives = staff.page.locator("input[name$='given_name']")
    prefixes = [str(relatives.nth(n).get_attribute("name")).removesuffix("given_name") for n in (1, 2)]
    for prefix, given, relation in zip(prefixes, ("Elena", "Ray"), ("mother", "sibling"), strict=True):
        staff.types(
            **{
                f"{prefix}given_name": given,
                f"{prefix}family_name": "Dole",
                f"{prefix}relation": relation,
                f"{prefix}email": f"{given.lower()}@mail.example",
                f"{prefix}language": scene.language,
            }
        )
        staff.ticks(f"{prefix}scopes", "sessions", "lessons", "program_times")
    staff.keeps_a_picture("intake-1280")
    staff.presses("Enter the client")
    staff.is_at(r"/staff/clients/\d+")
    scene.client_id = int(re.findall(r"/clients/(\d+)", staff.page.url)[0])
    assert time.monotonic() - began < INTAKE_MAY_TAKE_S
    staff.reads("Waiting for signature")
    staff.keeps_a_picture("client-1280")


def nobody_can_be_invited_yet(scene: Scene) -> None:
    assert scene.staff.page.get_by_role("button", name=scene.staff.say("Send invitation")).count() == 0
    scene.staff.open("/staff/invitations")
    scene.staff.reads("Needs a signed consent first")
    assert scene.worker_works() == []


def the_client_opens_an_account(scene: Scene) -> Person:
    scene.staff.open(f"/staff/clients/{scene.client_id}")
    scene.staff.presses("Mail the link for the client's own account")
    (mail,) = scene.worker_works()
    client = scene.somebody("Marcus")
    client.open(link_in(text_of(mail), "/welcome/"))
    client.types(sign_in_name="marcus@mail.example", passphrase=PASSPHRASE)
    client.presses("Open my account")
    if "/sign-in" in client.page.url:
        client.signs_in("marcus@mail.example")
    client.open("/my/people")
    client.reads("Who can see what")
    return client


def the_client_signs_in_the_own_account(scene: Scene, client: Person) -> str:
    client.keeps_a_picture("who-sees-what-before")
    card = client.page.locator(".card").filter(has_text="Elena")
    client.goes_by(card.locator("a[href*='/permissions/'][href$='/sign']"))
    return sign_four_steps(scene, client, "own-account")


def the_client_signs_at_the_desk(scene: Scene) -> str:
    staff = scene.staff
    staff.open("/staff/desk")
    staff.goes_by(staff.page.locator("main form[action*='/desk/'] button"))
    code = re.findall(r"\b[0-9A-Z]{4}(?:-[0-9A-Z]{4})+\b", staff.page.inner_text("main"))[0]
    tablet = scene.somebody("The tablet", 768)
    tablet.open("/desk")
    tablet.types(code=code)
    tablet.goes_by(tablet.page.locator("main form button"))
    tablet.keeps_a_picture("desk-sitting")
    tablet.follows("Read and sign")
    passed_on = sign_four_steps(scene, tablet, "desk")
    tablet.follows("Go on")
    tablet.presses("I am done")
    tablet.reads("There is nothing to see here. Give the tablet back to the person at the desk.")
    tablet.page.go_back()
    tablet.does_not_read("Marcus", "Elena")
    return passed_on


def sign_four_steps(scene: Scene, signer: Person, where: str) -> str:
    signer.follows("Next")
    signer.ticks("scopes", "sessions", "lessons", "program_times")
    signer.keeps_a_picture(f"sign-what-{where}")
    signer.presses("Next")
    signer.page.locator("[name='until']").nth(1).check()
    signer.presses("Next")
    signer.keeps_a_picture(f"sign-read-{where}")
    signer.types(typed_name="Somebody Else")
    signer.ticks("agreed")
    signer.presses("Sign")
    signer.reads("There is a problem")
    signer.types(typed_name="Marcus Dole")
    signer.presses("Sign")
    signer.reads("Signed. It counts from now on.")
    signer.keeps_a_picture(f"signed-{where}")
    return signer.page.locator(".code").first.inner_text().strip()


def an_invitation_is_accepted(scene: Scene, name: str, code: str, wrong_tries: int) -> Person:
    staff = scene.staff
    staff.open("/staff/invitations")
    row = staff.page.locator("tr").filter(has_text=name)
    staff.goes_by(row.get_by_role("button", name=staff.say("Send invitation")))
    (mail,) = scene.worker_works()
    assert_discreet(mail)
    assert mail["To"] == f"{name.lower()}@mail.example"
    relative = scene.somebody(name)
    relative.open(link_in(text_of(mail), "/invite/"))
    relative.reads("You have an invitation")
    relative.does_not_read("Marcus", "Elena", "Ray Dole")
    if wrong_tries:
        relative.keeps_a_picture("invitation")
    for _ in range(wrong_tries):
        relative.types(code="AAAA-BBBB")
        relative.presses("Continue")
        relative.reads("There is a problem")
    relative.types(code=code.lower())
    relative.presses("Continue")
    relative.reads("%(name)s invited you", name="Marcus")
    if wrong_tries:
        relative.keeps_a_picture("invitation-accept")
    relative.types(sign_in_name=f"{name.lower()}@mail.example", passphrase=PASSPHRASE)
    relative.presses("Accept")
    relative.does_not_read("There is a problem")
    return relative


def the_family_member_reads_what_they_may_see(scene: Scene, elena: Person) -> None:
    elena.open("/permissions")
    elena.reads("What you can see")
    elena.page.locator("main").get_by_text("Marcus").first.wait_for()
    elena.keeps_a_picture("permissions")
    elena.open("/home")
    elena.keeps_a_picture("family-home-empty")


def the_week_is_there(scene: Scene, elena: Person) -> None:
    elena.open("/calendar?week=2026-W10")
    elena.page.locator(".days").get_by_text(
        re.compile(re.escape(elena.say("Program time, %(hours)s", hours="")))
    ).first.wait_for()
    elena.does_not_read("Skills group", "IOP")
    elena.keeps_a_picture("calendar")


def the_last_place_makes_the_waitlist_appear(scene: Scene, elena: Person, ray: Person) -> None:
    for one in (elena, ray):
        one.open("/sessions")
        one.goes_by(one.page.get_by_role("link", name=re.compile(re.escape(scene.session_title))))
        one.presses("Save my place")
        one.reads("You have a place")
    elena.open("/sessions")
    elena.keeps_a_picture("sessions")
    elena.open(f"/sessions/{scene.session_id}")
    elena.keeps_a_picture("session")
    with scene.app.app_context():
        states = [row.state.value for row in db.session.query(SignUp)]
        db.session.rollback()
    assert states == ["placed", "placed"]
    assert scene.worker_works() == [], "nobody has said yes to e-mail"
    third = waiting_relative(scene)
    third.open(f"/sessions/{scene.session_id}")
    third.presses("Join the waitlist")
    third.reads("You are on the waitlist")


def waiting_relative(scene: Scene) -> Person:
    """A third person, of another family, who comes to the same evening."""
    with scene.app.app_context():
        user = account("ines@mail.example", scene.language)
        member = make_family_member(given_name="Inés", family_name="Rey", user=user)
        location = db.session.get_one(FamilySession, scene.session_id).location
        make_signed_consent(client=make_client(given_name="Luis", location=location), family_member=member)
    third = scene.somebody("Inés")
    third.signs_in("ines@mail.example")
    return third


def the_therapist_assigns_the_lesson(scene: Scene) -> None:
    staff = scene.staff
    with scene.app.app_context():
        module_id = db.session.query(Module.id).filter(Module.code == "m03").scalar()
        db.session.rollback()
    staff.open("/staff/caseload")
    staff.keeps_a_picture("caseload-1280")
    staff.open(f"/staff/clients/{scene.client_id}/lessons/new")
    staff.page.locator("label").filter(has_text="Elena").first.click()
    staff.ticks("modules", str(module_id))
    staff.goes_by(staff.page.locator("main .btn[name='review']"))
    staff.goes_by(staff.page.locator("main .btn[name='assign'], main button.btn"))
    staff.is_at(r"/lessons")


def the_family_member_reads_the_lesson(scene: Scene, elena: Person) -> None:
    elena.open("/learn")
    elena.reads("Picked for you")
    elena.goes_by(elena.page.locator("main a[href*='/learn/']"))
    elena.presses("I understand, start")
    elena.keeps_a_picture("lesson")
    while elena.page.get_by_role("button", name=elena.say("Next part")).count():
        elena.presses("Next part")
    elena.presses("Go to the questions")
    while elena.page.locator("[name='option']").count():
        elena.page.locator("[name='option']").first.check()
        elena.presses("See if it fits")
        link = elena.page.locator("main a.btn, main button.btn").filter(has_text=elena.say("Go on"))
        elena.goes_by(link)
    elena.reads("You finished this lesson")


def the_family_member_opts_in(scene: Scene, elena: Person) -> None:
    elena.open("/settings/email")
    elena.ticks("kinds", "session_reminders", "places")
    elena.keeps_a_picture("email-settings")
    elena.presses("Save")
    for mail in scene.worker_works():
        if "/mail/confirm/" not in text_of(mail):
            continue
        elena.open(link_in(text_of(mail), "/mail/confirm/"))
        elena.goes_by(elena.page.locator("main form button"))
    elena.open("/settings/reminders")
    elena.reads("Reminders to come")


def the_reminder_goes_out_once(scene: Scene) -> None:
    scene.clock.at = SESSION_STARTS - timedelta(hours=24)
    due = [mail for mail in scene.worker_works() if mail["To"] == "elena@mail.example"]
    assert len(due) == 1
    assert_discreet(due[0])
    starts = SESSION_STARTS.astimezone(UTC)
    assert str(starts.day) in due[0]["Subject"]
    assert scene.worker_works() == []
    scene.clock.advance(minutes=5)
    assert scene.worker_works() == []


def the_session_moves_and_the_reminder_follows(scene: Scene, elena: Person) -> None:
    staff = scene.staff
    staff.signs_in("dana@center.example", scene.clock.at)
    staff.open(f"/staff/sessions/{scene.session_id}/move")
    later = (SESSION_STARTS + timedelta(days=2)).astimezone()
    staff.types(on=later.date().isoformat())
    staff.presses("Move it")
    staff.open(f"/staff/sessions/{scene.session_id}/roster")
    staff.keeps_a_picture("roster-1280")
    told = [mail for mail in scene.worker_works() if mail["To"] == "elena@mail.example"]
    assert len(told) == 1, "she is told of the change, once"
    assert_discreet(told[0])
    scene.clock.at = SESSION_STARTS + timedelta(days=1)
    again = [mail for mail in scene.worker_works() if mail["To"] == "elena@mail.example"]
    assert len(again) == 1, "the reminder follows the new time"
    assert str((SESSION_STARTS + timedelta(days=2)).day) in again[0]["Subject"]
    assert scene.worker_works() == []


def the_family_member_switches_the_feed_on(scene: Scene, elena: Person) -> str:
    elena.signs_in("elena@mail.example")
    elena.open("/home")
    elena.reads("The time has changed")
    elena.keeps_a_picture("family-home")
    elena.open("/calendar/feed")
    elena.goes_by(elena.page.locator("main form button"))
    found = re.findall(r"/feed/[\w-]+\.ics", elena.page.content())
    assert found
    return found[0]


def the_client_stops_sharing(scene: Scene, client: Person) -> None:
    client.signs_in("marcus@mail.example")
    client.open("/my/people")
    client.keeps_a_picture("who-sees-what")
    client.goes_by(client.page.locator(".card").filter(has_text="Elena").locator("a[href$='/stop']"))
    client.keeps_a_picture("stop-sharing")
    before = messages_for_elena(scene)
    client.presses("Stop sharing")
    assert messages_for_elena(scene) == before, "nobody is sent a message about it"
    assert "elena@mail.example" not in [mail["To"] for mail in scene.worker_works()]


def nothing_is_left_for_the_family_member(scene: Scene, elena: Person, feed: str) -> None:
    for path in ("/home", "/sessions", "/calendar?week=2026-W11", "/learn", "/permissions"):
        elena.open(path)
        elena.does_not_read("Marcus", scene.session_title, elena.say("Program time, %(hours)s", hours=""))
    elena.open("/home")
    elena.keeps_a_picture("family-home-after")
    elena.open(f"/sessions/{scene.session_id}")
    elena.reads("This page is not here")
    answer = elena.page.request.get(scene.address + feed)
    assert answer.status == 200
    assert "VEVENT" not in answer.text()
    scene.clock.advance(days=3)
    assert [mail for mail in scene.worker_works() if mail["To"] == "elena@mail.example"] == []


def account(sign_in_name: str, language: str) -> User:
    """An account with the journey's passphrase."""
    hashed = accounts.hashed_passphrase(PASSPHRASE, sign_in_name=sign_in_name)
    return make_user(sign_in_name=sign_in_name, passphrase_hash=hashed, language=language)


def messages_for_elena(scene: Scene) -> int:
    with scene.app.app_context():
        elena = db.session.query(FamilyMember.id).filter(FamilyMember.given_name == "Elena").scalar()
        count = db.session.query(OutboundMessage).filter(OutboundMessage.reader_id == elena).count()
        db.session.rollback()
    return count


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def assert_discreet(mail: EmailMessage) -> None:
    whole = mail.as_string() + text_of(mail)
    for word in ("Marcus", "Dole", "IOP", "therapy", "terapia", "recovery", "treatment", "tratamiento"):
        assert word.lower() not in whole.lower(), word
