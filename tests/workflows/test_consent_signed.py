"""What follows a signature: a code to pass on, and an end to what the new one leaves out."""

from flask import Flask
from sqlalchemy import select

from portal.consent.models import Consent
from portal.consent.rules import Scope, State
from portal.core import tokens
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.mail.models import OutboundMessage
from portal.people.models import Invitation
from portal.people.rules import InvitationState
from portal.sessions.models import SessionKind, SignUp, SignUpState
from portal.workflows import consent_signed
from tests.conftest import NOW
from tests.factories.consent import make_pending_consent, make_signed_consent
from tests.factories.people import make_family_member, make_user
from tests.factories.sessions import make_session, make_sign_up


def sign(consent: Consent) -> str:
    with writing():
        return consent_signed.sign(
            consent=consent,
            typed_name="Marcus Dole",
            agreed=True,
            method="own_account",
            witness_id=None,
            actor=Actor("client", consent.client_id),
            now=NOW,
            code_key="key",
        )


def test_a_signature_opens_an_invitation_and_gives_its_code(app: Flask) -> None:
    code = sign(make_pending_consent())
    invitation = db.session.scalars(select(Invitation)).one()
    assert invitation.state is InvitationState.READY
    assert invitation.code_digest == tokens.code_digest(code, "key")


def test_a_signature_sends_nothing(app: Flask) -> None:
    sign(make_pending_consent())
    assert db.session.scalars(select(OutboundMessage)).all() == []


def test_a_person_with_an_account_needs_no_code(app: Flask) -> None:
    consent = make_pending_consent(family_member=make_family_member(user=make_user()))
    assert sign(consent) == ""
    assert db.session.scalars(select(Invitation)).all() == []


def test_a_new_code_ends_the_one_before(app: Flask) -> None:
    consent = make_pending_consent()
    first = sign(consent)
    with writing():
        second = consent_signed.new_code(consent=consent, actor=Actor("client"), now=NOW, code_key="key")
    assert second != first
    assert [row.code_digest for row in db.session.scalars(select(Invitation))] == [
        tokens.code_digest(second, "key")
    ]


def test_what_the_new_consent_leaves_out_ends_with_the_signature(app: Flask) -> None:
    old = make_signed_consent()
    session = make_session(kind=SessionKind.MULTI_FAMILY, location=old.client.location)
    sign_up = make_sign_up(session=session, relationship=old.relationship)
    new = make_pending_consent(client=old.client, family_member=old.family_member, scopes={Scope.LESSONS})
    sign(new)
    assert (old.state, new.state) == (State.SUPERSEDED, State.ACTIVE)
    assert db.session.get_one(SignUp, sign_up.id).state is SignUpState.ACCESS_ENDED
