"""Death, discharge and return: what stops, what runs on, what waits for the client's word."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts.models import BrowserSession
from portal.audit.models import AuditEntry
from portal.consent import holding
from portal.consent.models import Consent, HoldKind
from portal.consent.rules import Scope, State
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.core.errors import NotFound, Refused, TooLate
from portal.disclosure import gate
from portal.education.models import Assignment
from portal.mail.models import MessageState, OutboundMessage
from portal.people.models import EpisodeStatus, Invitation
from portal.people.rules import InvitationState
from portal.reminders.service import prepare_all
from portal.schedule.models import Enrolment
from portal.sessions.models import SessionKind, SignUpState
from portal.workflows import access_ended, client_died, client_discharged, consent_signed, returned
from tests.conftest import NOW
from tests.factories.consent import make_pending_consent, make_signed_consent
from tests.factories.education import make_assignment, make_progress
from tests.factories.mail import make_mail_reader
from tests.factories.people import make_client, make_episode, make_family_member, make_staff, make_user
from tests.factories.schedule import make_enrolment, make_track
from tests.factories.sessions import make_session, make_sign_up

STAFF = Actor("staff", 1)
TODAY = NOW.date()


def sees(consent: Consent) -> bool:
    return bool(gate.permits(family_member_id=consent.family_member_id, at=NOW))


def died(consent: Consent, on: date = TODAY) -> None:
    with writing():
        client_died.record(client=consent.client, died_on=on, actor=STAFF, now=NOW)


def discharged(consent: Consent, on: date = TODAY, finished: bool = True) -> None:
    with writing():
        client_discharged.discharge(
            client=consent.client, ended_on=on, finished=finished, actor=STAFF, now=NOW
        )


def in_care(**values) -> Consent:
    """A consent of a client with a running episode on a track."""
    consent = make_signed_consent(family_member=make_family_member(user=make_user()), **values)
    episode = make_episode(client=consent.client)
    make_enrolment(episode=episode)
    return consent


def back(consent: Consent) -> None:
    track = db.session.scalars(select(Enrolment)).one().track
    with writing():
        returned.start(client=consent.client, track_id=track.id, start_on=TODAY, actor=STAFF, now=NOW)


def test_death_stops_places_lessons_invitations_mail_and_sign_in(app: Flask) -> None:
    mother = make_mail_reader()
    client = make_client(user=make_user())
    consent = make_signed_consent(client=client, family_member=mother)
    session = make_session(
        kind=SessionKind.MULTI_FAMILY, location=client.location, starts_at=NOW + timedelta(hours=23)
    )
    place = make_sign_up(session=session, relationship=consent.relationship)
    lesson = make_assignment(relationship=consent.relationship)
    waiting = make_pending_consent(client=client, family_member=make_family_member())
    with writing():
        consent_signed.new_code(consent=consent, actor=STAFF, now=NOW, code_key="key")
    prepare_all()
    died(consent)
    db.session.expire_all()
    assert not sees(consent)
    assert place.state is SignUpState.ACCESS_ENDED
    assert db.session.get_one(Assignment, lesson.id).closed_reason == "access_ended"
    assert db.session.scalars(select(Invitation.state)).all() == [InvitationState.ENDED]
    assert set(db.session.scalars(select(OutboundMessage.state))) == {MessageState.DROPPED}
    assert waiting.state is State.LAPSED
    assert db.session.scalars(select(BrowserSession).where(BrowserSession.ended_at.is_(None))).all() == []
    assert "client.died" in db.session.scalars(select(AuditEntry.kind).order_by(AuditEntry.id)).all()


def test_after_a_death_nothing_new_is_reminded(app: Flask) -> None:
    consent = make_signed_consent(family_member=make_mail_reader())
    died(consent)
    make_sign_up(
        session=make_session(kind=SessionKind.MULTI_FAMILY, location=consent.client.location),
        relationship=consent.relationship,
    )
    prepare_all()
    assert db.session.scalars(select(OutboundMessage)).all() == []


def test_a_death_is_recorded_once_and_not_ahead(app: Flask) -> None:
    consent = make_signed_consent()
    with pytest.raises(Refused, match="day_ahead"):
        died(consent, TODAY + timedelta(days=1))
    died(consent)
    with pytest.raises(TooLate):
        died(consent)


def test_a_death_of_the_wrong_client_can_be_taken_back(app: Flask) -> None:
    consent = make_signed_consent()
    died(consent)
    with writing():
        client_died.take_back(client=consent.client, actor=Actor("staff", make_staff().id), now=NOW)
    assert sees(consent)


def test_a_discharge_ends_the_program_and_no_consent(app: Flask) -> None:
    consent = in_care()
    place = make_sign_up(
        session=make_session(kind=SessionKind.MULTI_FAMILY, location=consent.client.location),
        relationship=consent.relationship,
    )
    discharged(consent)
    assert [each.status for each in consent.client.episodes] == [EpisodeStatus.FINISHED]
    assert db.session.scalars(select(Enrolment.to_on)).one() == TODAY
    assert (consent.state, place.state) == (State.ACTIVE, SignUpState.PLACED)
    assert sees(consent)
    assert db.session.scalars(select(OutboundMessage)).all() == []


@pytest.mark.parametrize(
    ("on", "code"),
    [(TODAY + timedelta(days=1), "day_ahead"), (date(2026, 2, 8), "ends_before_start_of_care")],
)
def test_a_discharge_on_a_day_that_cannot_be_is_refused(app: Flask, on: date, code: str) -> None:
    consent = in_care()
    with pytest.raises(Refused, match=code):
        discharged(consent, on)


def test_nobody_is_discharged_twice(app: Flask) -> None:
    consent = in_care()
    discharged(consent)
    with pytest.raises(Refused, match="no_open_episode"):
        discharged(consent)


def test_a_return_suspends_until_the_client_decides_again(app: Flask) -> None:
    consent = in_care()
    progress = make_progress(family_member=consent.family_member)
    account = consent.family_member.user_id
    discharged(consent, TODAY - timedelta(days=1))
    back(consent)
    assert (consent.state, consent.hold_kind) == (State.ON_HOLD, HoldKind.NEW_EPISODE)
    assert not sees(consent)
    for actor in (STAFF, Actor("staff", 2)):
        with pytest.raises(Refused, match="only_client_lifts"), writing():
            holding.lift_hold(consent=consent, actor=actor, now=NOW)
        with pytest.raises(Refused, match="hold_undo_over"), writing():
            holding.undo_hold(consent=consent, actor=actor, now=NOW)
    with writing():
        holding.lift_hold(consent=consent, actor=Actor("client", consent.client_id), now=NOW)
    assert sees(consent)
    assert consent.family_member.user_id == account
    assert db.session.get_one(type(progress), progress.id)


def test_a_safety_hold_is_not_softened_by_a_return(app: Flask) -> None:
    consent = in_care()
    with writing():
        access_ended.hold(consent=consent, kind="safety", actor=STAFF, now=NOW)
    discharged(consent, TODAY - timedelta(days=1))
    back(consent)
    assert consent.hold_kind is HoldKind.SAFETY


def test_nobody_returns_while_a_program_runs_or_to_another_place(app: Flask) -> None:
    consent = in_care()
    with pytest.raises(Refused, match="episode_runs"):
        back(consent)
    discharged(consent)
    elsewhere = make_track()
    with pytest.raises(NotFound), writing():
        returned.start(client=consent.client, track_id=elsewhere.id, start_on=TODAY, actor=STAFF, now=NOW)


def test_a_new_signature_is_an_answer_too(app: Flask) -> None:
    consent = in_care(scopes={Scope.SESSIONS})
    discharged(consent, TODAY - timedelta(days=1))
    back(consent)
    fresh = make_signed_consent(
        client=consent.client, family_member=consent.family_member, scopes={Scope.LESSONS}
    )
    assert (consent.state, fresh.state) == (State.SUPERSEDED, State.ACTIVE)
