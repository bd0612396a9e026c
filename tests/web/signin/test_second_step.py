"""The second step of one's own: backup codes, switching it on and off, a lost phone and two people."""

import re
from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.accounts import second_factor
from portal.accounts.models import Audience, BackupCode, BrowserSession, FactorReset, User
from portal.audit.models import AuditEntry
from portal.core.actor import VISITOR
from portal.core.db import db, writing
from portal.mail.models import OutboundMessage
from portal.people.models import Role
from tests.conftest import NOW, HeldClock
from tests.factories.accounts import make_account
from tests.factories.people import make_client, make_family_member, make_location, make_staff
from tests.signin import post, sign_in

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
CODE = re.compile(r"<code>([0-9A-Z]{4}(?:-[0-9A-Z]{4}){2})</code>")


def now_code(clock: HeldClock) -> str:
    return pyotp.TOTP(SECRET).at(clock.at)


def with_phone() -> User:
    return make_account(totp_secret=second_factor.secrets.encrypted(SECRET))


def elena(phone: bool = True) -> User:
    user = with_phone() if phone else make_account()
    make_family_member(user_id=user.id)
    return user


def codes_of(user: User) -> list[str]:
    with writing():
        return second_factor.new_backup_codes(user_id=user.id, now=NOW, actor=VISITOR)


def kinds(user: User) -> list[str]:
    rows = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    return [row.kind for row in rows if row.fields.get("user_id") == user.id]


def test_a_backup_code_stands_in_for_the_phone_once(client: FlaskClient, app: Flask) -> None:
    user = elena()
    code = codes_of(user)[3]
    for expected in (303, 409):
        sign_in(client, user, Audience.FAMILY, second_factor=False)
        typed = code.lower().replace("-", " ")
        assert post(client, "/sign-in/code", {"code": typed}).status_code == expected
    assert "second_factor.code_used" in kinds(user)
    assert code not in str(db.session.scalars(select(BackupCode.digest)).all())


def test_another_accounts_codes_open_nothing(client: FlaskClient, app: Flask) -> None:
    stranger = codes_of(elena())[0]
    sign_in(client, elena(), Audience.FAMILY, second_factor=False)
    assert post(client, "/sign-in/code", {"code": stranger}).status_code == 409


def test_a_family_member_switches_it_on_and_keeps_ten_codes(
    client: FlaskClient, held_clock: HeldClock
) -> None:
    user = elena(phone=False)
    sign_in(client, user, Audience.FAMILY)
    assert "Set up a code on my phone" in client.get("/settings/sign-in").text
    row = db.session.scalars(select(BrowserSession).filter_by(user_id=user.id)).one()
    code = pyotp.TOTP(second_factor.secrets.offered(row)).at(held_clock.at)
    page = post(client, "/sign-in/set-up?next=/settings/sign-in", {"code": code})
    assert len(CODE.findall(page.text)) == 10
    assert 'href="/settings/sign-in"' in page.text
    assert "10 backup codes are left" in client.get("/settings/sign-in").text
    assert client.get("/sign-in/set-up").status_code == 404


def test_new_codes_need_the_phone_and_end_the_old_ones(client: FlaskClient, held_clock: HeldClock) -> None:
    user = elena()
    old = codes_of(user)[0]
    sign_in(client, user, Audience.FAMILY)
    assert post(client, "/settings/sign-in/backup-codes", {"code": "000000"}).status_code == 409
    page = post(client, "/settings/sign-in/backup-codes", {"code": now_code(held_clock)})
    assert len(CODE.findall(page.text)) == 10
    assert post(client, "/settings/sign-in/second-step/stop", {"code": old}).status_code == 409


def test_a_family_member_switches_it_off_with_a_code(client: FlaskClient, held_clock: HeldClock) -> None:
    user = elena()
    codes_of(user)
    sign_in(client, user, Audience.FAMILY)
    assert post(client, "/settings/sign-in/second-step/stop", {"code": "000000"}).status_code == 409
    done = post(client, "/settings/sign-in/second-step/stop", {"code": now_code(held_clock)})
    assert done.location == "/settings/sign-in"
    db.session.expire_all()
    assert db.session.get_one(User, user.id).totp_secret is None
    assert db.session.scalars(select(BackupCode)).all() == []
    assert kinds(user)[-1] == "second_factor.stopped"
    notices = select(OutboundMessage).where(OutboundMessage.kind == "sign_in_changed")
    assert sorted(row.state.value for row in db.session.scalars(notices)) == [
        "dropped",
        "queued",
    ], "two changes, one notice"


def test_staff_cannot_switch_it_off(client: FlaskClient, held_clock: HeldClock) -> None:
    user = with_phone()
    make_staff(Role.ADMIN, user=user)
    sign_in(client, user, Audience.STAFF)
    answer = post(client, "/staff/account/second-step/stop", {"code": now_code(held_clock)})
    assert answer.status_code == 404
    assert db.session.get_one(User, user.id).totp_secret is not None


@pytest.fixture
def office(app: Flask) -> dict[str, User]:
    """A coordinator, an administrator and the privacy officer."""
    people = {"coordinator": Role.COORDINATOR, "admin": Role.ADMIN, "privacy": Role.PRIVACY_OFFICER}
    made = {name: make_account() for name in people}
    for name, role in people.items():
        make_staff(role, location=make_location(), user=made[name])
    return made


def asked(client: FlaskClient, by: User, whose: User) -> int:
    sign_in(client, by, Audience.STAFF)
    post(client, "/staff/second-steps", {"sign_in_name": whose.sign_in_name})
    return db.session.scalars(select(FactorReset.id).where(FactorReset.ended_at.is_(None))).one()


def test_two_people_let_somebody_set_up_a_new_phone(
    client: FlaskClient, app: Flask, office: dict[str, User]
) -> None:
    user = elena()
    theirs = app.test_client()
    sign_in(theirs, user, Audience.FAMILY)
    reset = asked(client, office["coordinator"], user)
    assert post(client, f"/staff/second-steps/{reset}/agree").status_code == 303
    db.session.expire_all()
    assert db.session.get_one(User, user.id).totp_secret is not None, "one person alone is not enough"
    sign_in(client, office["privacy"], Audience.STAFF)
    post(client, f"/staff/second-steps/{reset}/agree")
    db.session.expire_all()
    assert db.session.get_one(User, user.id).totp_secret is None
    assert theirs.get("/home").location.startswith("/sign-in")
    assert post(client, f"/staff/second-steps/{reset}/agree").status_code == 404
    assert {"factor_reset.asked", "factor_reset.agreed", "second_factor.forgotten"} <= set(kinds(user))


def test_nobody_agrees_for_their_own_phone_or_too_late(
    client: FlaskClient, office: dict[str, User], held_clock: HeldClock
) -> None:
    privacy = office["privacy"]
    with writing():
        db.session.get_one(User, privacy.id).totp_secret = second_factor.secrets.encrypted(SECRET)
    reset = asked(client, office["coordinator"], privacy)
    sign_in(client, privacy, Audience.STAFF)
    post(client, f"/staff/second-steps/{reset}/agree")
    db.session.expire_all()
    assert db.session.get_one(User, privacy.id).totp_secret is not None
    held_clock.at = NOW + timedelta(hours=24)
    sign_in(client, office["admin"], Audience.STAFF)
    assert post(client, f"/staff/second-steps/{reset}/agree").status_code == 404


def test_an_administrator_learns_of_no_clients_account(client: FlaskClient, office: dict[str, User]) -> None:
    user = with_phone()
    make_client(user_id=user.id)
    reset = asked(client, office["coordinator"], user)
    sign_in(client, office["admin"], Audience.STAFF)
    assert user.sign_in_name not in client.get("/staff/second-steps").text
    for verb in ("agree", "refuse"):
        assert post(client, f"/staff/second-steps/{reset}/{verb}").status_code == 404
    answers = [
        post(client, "/staff/second-steps", {"sign_in_name": name}).text
        for name in (user.sign_in_name, "nobody@mail.example")
    ]
    assert all("Nobody signs in with this name" in each for each in answers)


@pytest.mark.parametrize("name", ["nobody@mail.example", "own", "no-phone"])
def test_a_wish_that_makes_no_sense_is_refused(
    client: FlaskClient, office: dict[str, User], name: str
) -> None:
    known = {"own": office["coordinator"], "no-phone": elena(phone=False)}
    sign_in(client, office["coordinator"], Audience.STAFF)
    typed = known[name].sign_in_name if name in known else name
    answer = post(client, "/staff/second-steps", {"sign_in_name": typed})
    assert answer.status_code == 409
    assert typed in answer.text
    assert db.session.scalars(select(FactorReset)).all() == []
