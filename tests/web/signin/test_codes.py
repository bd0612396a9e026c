"""The second step: staff cannot get in without it, and a code works once."""

from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts import second_factor
from portal.accounts.models import Audience, BrowserSession, User
from portal.core.db import db, writing
from tests.conftest import NOW, HeldClock
from tests.factories.accounts import make_account
from tests.factories.people import make_family_member, make_staff
from tests.signin import post, sign_in
from tests.web.signin.test_entering import enter

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code_at(held_clock: HeldClock, secret: str = SECRET) -> str:
    return pyotp.TOTP(secret).at(held_clock.at)


@pytest.fixture
def dana(app: Flask) -> User:
    user = make_account(totp_secret=second_factor.secrets.encrypted(SECRET))
    make_staff(user=user)
    return user


def test_staff_without_the_code_open_nothing(client: FlaskClient, dana: User) -> None:
    assert enter(client, dana.sign_in_name).location == "/staff"
    answer = client.get("/staff/account")
    assert answer.status_code == 302
    assert answer.location.startswith("/sign-in/code")
    assert post(client, "/staff/account/end-others").location.startswith("/sign-in/code")


def test_the_code_opens_the_page_that_was_asked_for(
    client: FlaskClient, dana: User, held_clock: HeldClock
) -> None:
    sign_in(client, dana, "staff", second_factor=False)
    with client.session_transaction() as cookie:
        before = cookie["_user_id"]
    answer = post(
        client, "/sign-in/code", {"code": code_at(held_clock)}, query_string={"next": "/staff/account"}
    )
    assert (answer.status_code, answer.location) == (303, "/staff/account")
    assert client.get("/staff/account").status_code == 200
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != before
        cookie["_user_id"] = before
    assert client.get("/staff/account").location.startswith("/sign-in?")


def test_the_same_code_does_not_work_twice(client: FlaskClient, dana: User, held_clock: HeldClock) -> None:
    for expected in (303, 409):
        sign_in(client, dana, "staff", second_factor=False)
        assert post(client, "/sign-in/code", {"code": code_at(held_clock)}).status_code == expected
    held_clock.advance(seconds=30)
    assert post(client, "/sign-in/code", {"code": code_at(held_clock)}).status_code == 303


@pytest.mark.parametrize(("seconds", "fits"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_code_fits_one_step_early_or_late(app: Flask, dana: User, seconds: int, fits: bool) -> None:
    code = pyotp.TOTP(SECRET).at(NOW.timestamp() + seconds)
    with writing():
        assert second_factor.shown(user_id=dana.id, code=code, now=NOW) is fits


def test_wrong_codes_are_delayed_like_wrong_passphrases(
    client: FlaskClient, dana: User, held_clock: HeldClock
) -> None:
    sign_in(client, dana, "staff", second_factor=False)
    for _ in range(5):
        assert post(client, "/sign-in/code", {"code": "000000"}).status_code == 409
    assert post(client, "/sign-in/code", {"code": code_at(held_clock)}).status_code == 409
    held_clock.advance(seconds=61)
    assert post(client, "/sign-in/code", {"code": code_at(held_clock)}).status_code == 303


def test_showing_the_passphrase_buys_no_new_tries_at_the_code(client: FlaskClient, dana: User) -> None:
    for _ in range(4):
        enter(client, dana.sign_in_name)
        post(client, "/sign-in/code", {"code": "000000"})
    enter(client, dana.sign_in_name)
    db.session.refresh(dana)
    assert dana.failed_tries == 4


def test_fifty_requests_with_one_code_are_one_success(app: Flask, dana: User) -> None:
    user_id, code = dana.id, pyotp.TOTP(SECRET).at(NOW)
    db.session.rollback()

    def show(_number: int) -> bool:
        with app.app_context(), writing():
            return second_factor.shown(user_id=user_id, code=code, now=NOW)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(show, range(50))) == 1


def test_the_first_sign_in_of_staff_sets_the_phone_up(client: FlaskClient, held_clock: HeldClock) -> None:
    user = make_account()
    make_staff(user=user)
    enter(client, user.sign_in_name)
    assert client.get("/sign-in/code").location == "/sign-in/set-up"
    page = client.get("/sign-in/set-up")
    assert "<svg" in page.text
    assert "style=" not in page.text
    row = db.session.query(BrowserSession).filter_by(user_id=user.id).one()
    offered = second_factor.secrets.offered(row)
    assert offered[:4] in page.text
    assert post(client, "/sign-in/set-up", {"code": "000000"}).status_code == 409
    answer = post(client, "/sign-in/set-up", {"code": code_at(held_clock, offered)})
    assert answer.status_code == 200
    assert 'href="/staff"' in answer.text
    stored = db.session.get_one(User, user.id).totp_secret
    assert stored
    assert offered not in stored
    assert second_factor.secrets.decrypted(stored) == offered


def test_a_set_up_phone_cannot_be_replaced_by_the_passphrase_alone(client: FlaskClient, dana: User) -> None:
    sign_in(client, dana, "staff", second_factor=False)
    assert client.get("/sign-in/set-up").status_code == 404
    assert post(client, "/sign-in/set-up", {"code": "000000"}).status_code == 404


def test_the_pages_of_the_second_step_need_the_first(client: FlaskClient) -> None:
    for address in ("/sign-in/code", "/sign-in/set-up"):
        assert client.get(address).location == "/sign-in"
        assert post(client, address, {"code": "000000"}).location == "/sign-in"


def test_a_family_member_who_set_one_up_is_asked_too(client: FlaskClient, held_clock: HeldClock) -> None:
    user = make_account(totp_secret=second_factor.secrets.encrypted(SECRET))
    make_family_member(user_id=user.id)
    sign_in(client, user, Audience.FAMILY, second_factor=False)
    assert client.get("/settings/sign-in").location.startswith("/sign-in/code")
    assert post(client, "/sign-in/code", {"code": code_at(held_clock)}).location == "/home"


def test_a_flipped_byte_is_an_error_not_another_secret(app: Flask) -> None:
    stored = second_factor.secrets.encrypted(SECRET)
    middle = len(stored) // 2
    flipped = stored[:middle] + ("A" if stored[middle] != "A" else "B") + stored[middle + 1 :]
    with pytest.raises(ValueError, match="PORTAL_SECRET_KEY"):
        second_factor.secrets.decrypted(flipped)


def test_a_lost_phone_is_forgotten_by_command(app: Flask, client: FlaskClient, dana: User) -> None:
    name = dana.sign_in_name
    sign_in(client, dana, "staff")
    done = app.test_cli_runner().invoke(args=["staff", "new-phone", "--sign-in-name", name])
    assert done.exit_code == 0, done.output
    db.session.rollback()
    assert db.session.get_one(User, dana.id).totp_secret is None
    assert client.get("/staff/account").location.startswith("/sign-in?")
