"""What follows when a permission ends: at once, in the same transaction, without a word to anybody."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.consent import standing
from portal.consent.models import Consent
from portal.consent.rules import Event, Scope, State
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.core.errors import TooLate
from portal.disclosure import gate
from portal.mail.models import OutboundMessage
from portal.people import invitations
from portal.people.models import Invitation
from portal.people.rules import InvitationState
from portal.sessions.models import SessionKind, SignUp, SignUpState
from portal.workflows import access_ended
from tests.conftest import NOW
from tests.factories.consent import make_pending_consent, make_signed_consent
from tests.factories.people import make_client, make_family_member
from tests.factories.sessions import make_session, make_sign_up


def with_a_place(**values) -> tuple[Consent, SignUp]:
    consent = make_signed_consent(**values)
    session = make_session(kind=SessionKind.MULTI_FAMILY, location=consent.client.location)
    return consent, make_sign_up(session=session, relationship=consent.relationship)


def stop(consent: Consent, now=NOW) -> None:
    with writing():
        access_ended.stop(consent=consent, actor=Actor("client", consent.client_id), now=now)


def test_stopping_frees_the_place_and_ends_the_invitation(app: Flask) -> None:
    consent, sign_up = with_a_place()
    with writing():
        invitations.open_invitation(
            relationship_id=consent.relationship_id, now=NOW, actor=Actor("job"), key="key"
        )
    stop(consent)
    assert consent.state is State.REVOKED
    assert db.session.get_one(SignUp, sign_up.id).state is SignUpState.ACCESS_ENDED
    assert db.session.scalars(select(Invitation.state)).all() == [InvitationState.ENDED]
    assert gate.permits(family_member_id=consent.family_member_id, at=NOW) == []


def test_nobody_is_told_that_a_permission_ended(app: Flask) -> None:
    consent, _ = with_a_place()
    stop(consent)
    assert db.session.scalars(select(OutboundMessage)).all() == []


def test_t_r5_stopping_one_person_leaves_the_other(app: Flask) -> None:
    client = make_client()
    mother = make_signed_consent(client=client, family_member=make_family_member())
    father = make_signed_consent(client=client, family_member=make_family_member(given_name="Paul"))
    stop(mother)
    assert gate.permits(family_member_id=father.family_member_id, at=NOW)


def test_narrowing_frees_only_what_rested_on_the_box(app: Flask) -> None:
    consent, sign_up = with_a_place()
    with writing():
        fallen = access_ended.narrow(
            consent=consent,
            scopes={Scope.PROGRAM_TIMES},
            typed_name="Marcus Dole",
            actor=Actor("client", consent.client_id),
            now=NOW,
        )
    assert fallen == {Scope.PROGRAM_TIMES, Scope.GROUP_NAMES}
    assert db.session.get_one(SignUp, sign_up.id).state is SignUpState.PLACED


def test_narrowing_sessions_away_frees_the_place(app: Flask) -> None:
    consent, sign_up = with_a_place()
    with writing():
        access_ended.narrow(
            consent=consent,
            scopes={Scope.SESSIONS},
            typed_name="Marcus Dole",
            actor=Actor("client", consent.client_id),
            now=NOW,
        )
    assert db.session.get_one(SignUp, sign_up.id).state is SignUpState.ACCESS_ENDED
    assert consent.state is State.ACTIVE


def test_a_hold_keeps_the_place_for_seven_days(app: Flask) -> None:
    consent, sign_up = with_a_place()
    with writing():
        access_ended.hold(consent=consent, kind="spoken", actor=Actor("staff", 1), now=NOW)
        sign_up.session.starts_at += timedelta(days=30)
        sign_up.session.ends_at += timedelta(days=30)
    for days, state in ((6, SignUpState.PLACED), (7, SignUpState.ACCESS_ENDED)):
        with writing():
            access_ended.sweep(NOW + timedelta(days=days))
        assert db.session.get_one(SignUp, sign_up.id).state is state
    assert consent.state is State.ON_HOLD


def test_the_sweep_tidies_up_after_the_clock(app: Flask) -> None:
    consent, sign_up = with_a_place(expires_on=date(2026, 3, 6))
    end = consent.ends_at
    assert end is not None
    with writing():
        assert access_ended.sweep(end - timedelta(seconds=1)) == 0
    with writing():
        assert access_ended.sweep(end) == 1
        assert access_ended.sweep(end) == 0
    assert consent.state is State.EXPIRED
    assert db.session.get_one(SignUp, sign_up.id).state is SignUpState.ACCESS_ENDED


def test_a_hold_expires_too(app: Flask) -> None:
    consent = make_signed_consent(expires_on=date(2026, 3, 6))
    with writing():
        access_ended.hold(consent=consent, kind="safety", actor=Actor("staff", 1), now=NOW)
    with writing():
        access_ended.sweep(NOW + timedelta(days=4))
    assert consent.state is State.EXPIRED


def test_a_draft_lapses_after_fourteen_days(app: Flask) -> None:
    consent = make_pending_consent()
    with writing():
        assert access_ended.sweep(NOW + timedelta(days=14, seconds=-1)) == 0
        assert access_ended.sweep(NOW + timedelta(days=14)) == 1
    assert (consent.state, consent.events[-1].event) == (State.LAPSED, Event.LAPSE)


def test_a_stopped_sweep_prolongs_nothing(app: Flask) -> None:
    consent = make_signed_consent(expires_on=date(2026, 3, 6))
    assert consent.ends_at is not None
    assert gate.permits(family_member_id=consent.family_member_id, at=consent.ends_at) == []
    assert consent.state is State.ACTIVE


def test_a_consent_is_stopped_once(app: Flask) -> None:
    consent = make_signed_consent()
    stop(consent)
    with pytest.raises(TooLate):
        stop(consent)


def test_granted_scopes_stay_readable_after_the_end(app: Flask) -> None:
    consent = make_signed_consent(scopes={Scope.LESSONS})
    stop(consent)
    assert standing.granted(consent, NOW) == {Scope.LESSONS}
