"""The link in the mail about a free place: opening it changes nothing, pressing does, once."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.consent import ending
from portal.consent.models import Consent
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.mail.models import OutboundMessage
from portal.sessions import mails, notices, service
from portal.sessions.models import OfferLink, SessionKind, SignUp, SignUpState
from tests.conftest import NOW, HeldClock
from tests.factories.consent import make_signed_consent
from tests.factories.mail import make_mail_address
from tests.factories.sessions import make_session, make_sign_up
from tests.page import check_page
from tests.signin import post

ENDS = NOW + timedelta(hours=9)


def offered(**values: object) -> tuple[SignUp, str]:
    """An open offer in a group, and the path in its mail."""
    consent = make_signed_consent()
    session = make_session(kind=SessionKind.MULTI_FAMILY, location=consent.client.location, capacity=1)
    mine = make_sign_up(
        session=session,
        relationship=consent.relationship,
        **{"state": SignUpState.OFFERED, "offer_ends_at": ENDS, **values},
    )
    make_mail_address(consent.family_member)
    with writing():
        notices.offered(db.session.get_one(SignUp, mine.id), now=NOW)
    message = db.session.scalars(select(OutboundMessage)).one()
    with writing():
        letter = mails.offer_letter(message, NOW)
    return mine, letter.values["answer_path"]


def state(mine: SignUp) -> SignUpState:
    return db.session.execute(select(SignUp.state).where(SignUp.id == mine.id)).scalar_one()


def test_scanners_that_open_the_link_change_nothing(client: FlaskClient) -> None:
    mine, path = offered()
    for _ in range(3):
        page = client.get(path)
    check_page(page)
    assert state(mine) is SignUpState.OFFERED
    for word in ("Talking", "Marcus", "Room", "family"):
        assert word not in page.text.split("<main")[1].split("</main")[0]
    assert client.get(f"{path}/take").status_code == 405


def test_the_button_takes_the_place_once(client: FlaskClient) -> None:
    mine, path = offered()
    for _ in range(2):
        answer = post(client, f"{path}/take")
        assert answer.location == path
    assert state(mine) is SignUpState.PLACED
    assert "Your place is saved." in client.get(path).text
    assert post(client, f"{path}/let-go").status_code == 200  # the stale page: the place stays
    assert state(mine) is SignUpState.PLACED


def test_the_other_button_passes_it_on(client: FlaskClient) -> None:
    mine, path = offered()
    behind = make_sign_up(session=mine.session, state=SignUpState.WAITLISTED, queue_number=2)
    assert "The place goes to the next person." in post(client, f"{path}/let-go").text
    assert (state(mine), state(behind)) == (SignUpState.GIVEN_UP, SignUpState.OFFERED)
    assert client.get(path).status_code == 404


def test_after_the_offer_the_link_is_as_dead_as_an_unknown_one(
    client: FlaskClient, held_clock: HeldClock
) -> None:
    mine, path = offered()
    unknown = client.get("/offer/nothing-here")
    held_clock.at = ENDS
    late = client.get(path)
    assert (late.status_code, unknown.status_code) == (404, 404)
    assert "This link no longer works. Call the office" in late.text
    assert post(client, f"{path}/take").status_code == 404
    assert state(mine) is SignUpState.OFFERED


def test_once_the_permission_has_ended_the_link_is_dead(client: FlaskClient) -> None:
    mine, path = offered()
    with writing():
        consent = db.session.scalars(select(Consent)).one()
        ending.revoke(consent=consent, actor=Actor("staff", None), now=NOW)
    assert client.get(path).status_code == 404
    assert post(client, f"{path}/take").status_code == 404
    assert state(mine) is SignUpState.OFFERED


def test_without_the_token_of_the_form_nothing_is_taken(client: FlaskClient) -> None:
    mine, path = offered()
    assert client.post(f"{path}/take").status_code == 400
    assert state(mine) is SignUpState.OFFERED


def test_only_the_digest_of_the_link_is_stored(client: FlaskClient) -> None:
    _mine, path = offered()
    digest = db.session.execute(select(OfferLink.token_digest)).scalar_one()
    assert path.rpartition("/")[2] not in digest
    assert len(digest) == 64


@pytest.mark.parametrize(("waited", "longer"), [(0, False), (6, True)])
def test_the_time_of_an_offer_runs_from_the_sending_of_its_mail(
    client: FlaskClient, waited: int, longer: bool
) -> None:
    consent = make_signed_consent()
    session = make_session(kind=SessionKind.MULTI_FAMILY, location=consent.client.location, capacity=1)
    holder = make_sign_up(session=session)
    mine = make_sign_up(
        session=session, relationship=consent.relationship, state=SignUpState.WAITLISTED, queue_number=2
    )
    with writing():
        service.give_up(sign_up_id=holder.id, actor=Actor("staff", None), now=NOW)
    before = db.session.execute(select(SignUp.offer_ends_at).where(SignUp.id == mine.id)).scalar_one()
    message = db.session.scalars(select(OutboundMessage).where(OutboundMessage.kind == "place_offered")).one()
    with writing():
        assert mails.offer_still_wanted(message, NOW + timedelta(hours=waited)) is None
    after = db.session.execute(select(SignUp.offer_ends_at).where(SignUp.id == mine.id)).scalar_one()
    assert before is not None
    assert after is not None
    assert (after > before) is longer
    assert after <= session.closes_at
    assert db.session.execute(select(func.count(SignUp.id))).scalar_one() == 2
