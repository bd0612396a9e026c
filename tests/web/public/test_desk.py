"""The desk's tablet: one client, one sitting, one browser; then nothing."""

import re
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.consent import desk, holding
from portal.consent.models import Consent, DeskSigning
from portal.consent.rules import Scope, State
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.core.errors import Refused
from portal.people.models import Client, StaffMember
from tests.conftest import NOW, HeldClock
from tests.factories.consent import make_pending_consent, make_signed_consent
from tests.factories.people import make_client, make_family_member, make_location, make_staff, make_user
from tests.page import check_page
from tests.signin import post, sign_in

NAMES = ("Marcus", "Elena", "Ray", "Dole")


@pytest.fixture
def marcus(app: Flask) -> Client:
    """A client without any account."""
    person: Client = make_client()
    return person


@pytest.fixture
def witness(app: Flask) -> StaffMember:
    member: StaffMember = make_staff()
    return member


def open_sitting(app: Flask, client: Client, witness: StaffMember) -> str:
    with writing():
        return desk.open_sitting(
            client=client,
            witness_id=witness.id,
            key=app.config["SECRET_KEY"],
            actor=Actor("staff", witness.id),
            now=NOW,
        )[1]


def begin(client: FlaskClient, code: str) -> str:
    answer = post(client, "/desk", {"code": code.lower()})
    address = str(answer.headers["Location"])
    assert "/desk/" in address
    return address


def sign(client: FlaskClient, base: str, consent: Consent):
    post(client, f"{base}/{consent.id}/what", {"scopes": ["sessions"]})
    post(client, f"{base}/{consent.id}/until", {"until": "2026-06-04"})
    html = client.get(f"{base}/{consent.id}/read").get_data(as_text=True)
    found = re.search(r'name="read_digest"[^>]*value="([0-9a-f]{64})"', html)
    assert found
    data = {"typed_name": "Marcus Dole", "agreed": "y", "read_digest": found[1]}
    return post(client, f"{base}/{consent.id}/read", data)


def is_locked(client: FlaskClient, address: str) -> bool:
    answer = client.get(address)
    return answer.status_code == 302 and str(answer.headers["Location"]).endswith("/desk/done")


def test_one_sitting_signs_for_several_people(
    app: Flask, client: FlaskClient, marcus: Client, witness: StaffMember
) -> None:
    elena = make_pending_consent(client=marcus)
    ray = make_pending_consent(client=marcus, family_member=make_family_member(given_name="Ray"))
    base = begin(client, open_sitting(app, marcus, witness))
    for consent in (elena, ray):
        page = sign(client, base, consent)
        check_page(page, names=NAMES, status=200)
        html = page.get_data(as_text=True)
        assert 'class="code"' in html
        assert "in the presence of Dana Ortiz" in html
    db.session.expire_all()
    rows = db.session.scalars(select(Consent)).all()
    assert {(row.state, row.signing_method.value, row.witness_id) for row in rows if row.signing_method} == {
        (State.ACTIVE, "desk", witness.id)
    }


def test_every_page_of_the_sitting_passes_the_harness(
    app: Flask, client: FlaskClient, marcus: Client, witness: StaffMember
) -> None:
    consent = make_pending_consent(client=marcus)
    code = open_sitting(app, marcus, witness)
    check_page(client.get("/desk"), status=200)
    check_page(client.get(f"/desk/{code}"), names=NAMES, status=200)
    base = begin(client, code)
    check_page(client.get(base), names=NAMES, status=200)
    for step in ("", "/what", "/until", "/read", "/read?text=es"):
        check_page(client.get(f"{base}/{consent.id}{step}"), names=NAMES, status=200)
    sign(client, base, consent)
    check_page(client.get(f"{base}/{consent.id}/copy"), names=NAMES, status=200)
    check_page(client.get("/desk/done"), names=NAMES, status=200)


def test_after_the_end_the_tablet_shows_nothing(
    app: Flask, client: FlaskClient, marcus: Client, witness: StaffMember
) -> None:
    consent = make_pending_consent(client=marcus)
    base = begin(client, open_sitting(app, marcus, witness))
    sign(client, base, consent)
    answer = post(client, f"{base}/finish")
    assert str(answer.headers["Location"]).endswith("/desk/done")
    for page in (f"{base}/{consent.id}", f"{base}/{consent.id}/copy", f"{base}/{consent.id}/read"):
        assert is_locked(client, page)
    assert "Marcus" not in client.get(base).get_data(as_text=True)
    of_the_desk = select(AuditEntry.kind).where(AuditEntry.kind.like("desk.%")).order_by(AuditEntry.id)
    kinds = db.session.scalars(of_the_desk).all()
    assert kinds == ["desk.opened", "desk.begun", "desk.finished"]


def test_the_code_works_in_one_browser_only(
    app: Flask, client: FlaskClient, marcus: Client, witness: StaffMember
) -> None:
    consent = make_pending_consent(client=marcus)
    code = open_sitting(app, marcus, witness)
    base = begin(client, code)
    other = app.test_client()
    assert str(post(other, "/desk", {"code": code}).headers["Location"]).endswith("/desk/done")
    assert is_locked(other, f"{base}/{consent.id}/read")
    assert "Marcus" not in other.get(base).get_data(as_text=True)


def test_it_is_over_after_thirty_minutes(
    app: Flask, client: FlaskClient, marcus: Client, witness: StaffMember, held_clock: HeldClock
) -> None:
    consent = make_pending_consent(client=marcus)
    base = begin(client, open_sitting(app, marcus, witness))
    held_clock.at = NOW + timedelta(minutes=30, seconds=-1)
    assert client.get(f"{base}/{consent.id}").status_code == 200
    held_clock.advance(seconds=1)
    assert is_locked(client, f"{base}/{consent.id}")
    assert sign_is_refused(client, base, consent)


def sign_is_refused(client: FlaskClient, base: str, consent: Consent) -> bool:
    post(client, f"{base}/{consent.id}/read", {"typed_name": "Marcus Dole", "agreed": "y"})
    db.session.expire_all()
    return db.session.get_one(Consent, consent.id).state is State.PENDING_SIGNATURE


def test_used_over_and_unknown_codes_look_alike(
    app: Flask, client: FlaskClient, marcus: Client, witness: StaffMember
) -> None:
    make_pending_consent(client=marcus)
    used = open_sitting(app, marcus, witness)
    begin(app.test_client(), used)
    unopened = "2222-3333-4444"
    pages = [client.get(f"/desk/{code}") for code in (used, unopened)]
    texts = {page.get_data(as_text=True).replace(used, "").replace(unopened, "") for page in pages}
    plain = {re.sub(r'name="csrf_token" value="[^"]+"|data-token="[^"]+"', "", text) for text in texts}
    assert len(plain) == 1
    answers = [post(client, f"/desk/{code}") for code in (used, unopened)]
    assert {(answer.status_code, answer.headers["Location"]) for answer in answers} == {(302, "/desk/done")}


def test_the_tablet_sees_only_this_client(
    app: Flask, client: FlaskClient, marcus: Client, witness: StaffMember
) -> None:
    make_pending_consent(client=marcus)
    other = make_pending_consent()
    signed_before = make_signed_consent(client=marcus, family_member=make_family_member(given_name="Ray"))
    base = begin(client, open_sitting(app, marcus, witness))
    assert client.get(f"{base}/{other.id}/read").status_code == 404
    assert client.get(f"{base}/{other.id}/copy").status_code == 404
    with writing():
        sitting = db.session.scalars(select(DeskSigning)).one()
        sitting.created_at = NOW + timedelta(seconds=1)
    assert client.get(f"{base}/{signed_before.id}/copy").status_code == 404


def test_whoever_was_signed_in_on_the_tablet_is_out(
    app: Flask, client: FlaskClient, marcus: Client, witness: StaffMember
) -> None:
    make_pending_consent(client=marcus)
    assert witness.user is not None
    sign_in(client, witness.user, "staff")
    begin(client, open_sitting(app, marcus, witness))
    assert client.get("/staff/desk").status_code == 302


def test_looking_at_the_address_changes_nothing(
    app: Flask, client: FlaskClient, marcus: Client, witness: StaffMember
) -> None:
    make_pending_consent(client=marcus)
    code = open_sitting(app, marcus, witness)
    client.get(f"/desk/{code}")
    assert db.session.scalars(select(DeskSigning.opened_at)).one() is None
    assert "Marcus" in client.get(begin(client, code)).get_data(as_text=True)


def test_a_new_sitting_ends_the_one_before(
    app: Flask, client: FlaskClient, marcus: Client, witness: StaffMember
) -> None:
    make_pending_consent(client=marcus)
    first = begin(client, open_sitting(app, marcus, witness))
    open_sitting(app, marcus, witness)
    assert "Marcus" not in client.get(first).get_data(as_text=True)


def test_no_sitting_without_anything_to_sign(app: Flask, marcus: Client, witness: StaffMember) -> None:
    with pytest.raises(Refused, match="nothing_to_sign"):
        open_sitting(app, marcus, witness)


def test_boxes_at_the_desk_are_the_clients_own(
    app: Flask, client: FlaskClient, marcus: Client, witness: StaffMember
) -> None:
    consent = make_pending_consent(client=marcus, scopes=set(Scope))
    base = begin(client, open_sitting(app, marcus, witness))
    assert "checked" not in client.get(f"{base}/{consent.id}/what").get_data(as_text=True)
    sign(client, base, consent)
    db.session.expire_all()
    signed = db.session.get_one(Consent, consent.id)
    assert [row.scope for row in signed.scopes] == [Scope.SESSIONS]


def guardian_page(client: FlaskClient, base: str, consent: Consent) -> dict[str, str]:
    """The page of the second signature passes; what its form would send."""
    page = client.get(f"{base}/{consent.id}/guardian")
    check_page(page, names=NAMES, status=200)
    found = re.search(r'name="read_digest"[^>]*value="([0-9a-f]{64})"', page.get_data(as_text=True))
    assert found
    return {
        "read_digest": found[1],
        "guardian_name": "Rosa Dole",
        "guardian_relationship": "mother",
        "guardian_basis": "parent",
        "agreed": "y",
    }


def test_a_minor_signs_first_and_a_guardian_second(
    app: Flask, client: FlaskClient, witness: StaffMember
) -> None:
    place = make_location(minor_rule="minor_plus_guardian")
    young = make_client(birth_on=date(2010, 1, 1), location=place)
    consent = make_pending_consent(client=young)
    base = begin(client, open_sitting(app, young, witness))
    first = sign(client, base, consent)
    assert str(first.headers["Location"]).endswith(f"{consent.id}/guardian")
    db.session.expire_all()
    assert consent.state is State.PENDING_GUARDIAN
    check_page(client.get(base), names=NAMES, status=200)
    data = guardian_page(client, base, consent)
    refused = post(client, f"{base}/{consent.id}/guardian", {**data, "guardian_basis": ""})
    check_page(refused, names=NAMES, status=409)
    assert "It is not said why this person may sign." in refused.get_data(as_text=True)
    assert 'value="Rosa Dole"' in refused.get_data(as_text=True)
    page = post(client, f"{base}/{consent.id}/guardian", data)
    check_page(page, names=NAMES, status=200)
    assert 'class="code"' in page.get_data(as_text=True)
    assert "Rosa Dole (mother; basis: parent)" in page.get_data(as_text=True)
    db.session.expire_all()
    assert (consent.state, consent.guardian_witness_id) == (State.ACTIVE, witness.id)


def test_an_adult_needs_no_guardian_and_a_minor_may_take_the_signature_back(
    app: Flask, client: FlaskClient, marcus: Client, witness: StaffMember
) -> None:
    grown = make_pending_consent(client=marcus)
    base = begin(client, open_sitting(app, marcus, witness))
    assert client.get(f"{base}/{grown.id}/guardian").status_code == 302
    place = make_location(minor_rule="minor_plus_guardian")
    young = make_client(birth_on=date(2010, 1, 1), location=place, user=make_user())
    consent = make_signed_consent(client=young)
    browser = app.test_client()
    sign_in(browser, young.user, "client")
    page = browser.get("/my/people")
    check_page(page, names=("Marcus", "Elena"), status=200)
    assert "A parent or guardian has to sign it, too" in page.get_data(as_text=True)
    assert "Look first" not in browser.get("/my/home").get_data(as_text=True)
    post(browser, f"/my/permissions/{consent.id}/decline")
    db.session.expire_all()
    assert consent.state is State.LAPSED


def test_after_a_return_the_client_shares_again_at_the_desk(
    app: Flask, client: FlaskClient, marcus: Client, witness: StaffMember
) -> None:
    consent = make_signed_consent(client=marcus)
    with writing():
        holding.hold(consent=consent, kind="new_episode", actor=Actor("staff", witness.id), now=NOW)
    base = begin(client, open_sitting(app, marcus, witness))
    page = client.get(base)
    check_page(page, names=NAMES, status=200)
    assert "Share again?" in page.text
    post(client, f"{base}/{consent.id}/share-again")
    db.session.expire_all()
    consent = db.session.get_one(Consent, consent.id)
    assert (consent.state, consent.hold_kind) == (State.ACTIVE, None)
    assert consent.events[-1].actor_kind == "desk"
    assert "Share again?" not in client.get(base).text


def test_no_other_hold_and_no_other_client_is_lifted_at_the_desk(
    app: Flask, client: FlaskClient, marcus: Client, witness: StaffMember
) -> None:
    make_pending_consent(client=marcus)
    spoken = make_signed_consent(client=marcus, family_member=make_family_member())
    foreign = make_signed_consent(client=make_client(given_name="Theo"))
    with writing():
        holding.hold(consent=spoken, kind="safety", actor=Actor("staff", witness.id), now=NOW)
        holding.hold(consent=foreign, kind="new_episode", actor=Actor("staff", witness.id), now=NOW)
    base = begin(client, open_sitting(app, marcus, witness))
    for consent in (spoken, foreign):
        post(client, f"{base}/{consent.id}/share-again")
        db.session.expire_all()
        assert db.session.get_one(Consent, consent.id).state is State.ON_HOLD
    assert client.post(f"{base}/{foreign.id}/share-again").status_code == 400
