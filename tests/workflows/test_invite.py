"""Inviting: the gate is asked at each step, and the link exists in the mail alone."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.consent.models import Consent
from portal.consent.rules import Scope
from portal.core import tokens
from portal.core.actor import VISITOR
from portal.core.db import db, writing
from portal.core.errors import NotFound, Refused
from portal.mail.dispatch import dispatch
from portal.mail.models import MailAddress, MessageState, OutboundMessage
from portal.people import invitations
from portal.people.models import Invitation
from portal.people.rules import InvitationState
from portal.workflows import access_ended, invite
from portal.workflows.invite_mails import KINDS
from tests.conftest import NOW, HeldClock
from tests.factories.consent import FACTORY, make_signed_consent
from tests.factories.mail import post_of
from tests.factories.people import make_family_member, make_user
from tests.smtp import mail_server

KEY = "a key of the tests"
NAMES = ("Marcus", "Dole", "Harbor")


@pytest.fixture
def consent(app: Flask) -> Consent:
    """A signed consent with an invitation that is ready."""
    signed = make_signed_consent(scopes={Scope.LESSONS}, family_member=make_family_member(family_name="Sen"))
    with writing():
        invitations.open_invitation(relationship_id=signed.relationship_id, now=NOW, actor=FACTORY, key=KEY)
    return signed


def send(consent: Consent) -> Invitation:
    with writing():
        return invite.send(relationship_id=consent.relationship_id, actor=FACTORY, now=NOW)


def link_from(app: Flask) -> tuple[str, str]:
    """Let the worker send; returns the mail's text and the link's secret."""
    with mail_server(app) as box:
        dispatch(post_of(app, KINDS))
    [mail] = box.mails
    part = mail.get_body(("plain",))
    assert part is not None
    text = part.get_content()
    found = re.search(r"/invite/(\S+)", text)
    assert found is not None
    return f"{mail['Subject']}\n{text}", found[1]


@pytest.mark.smtp
def test_the_mail_says_nothing_and_carries_the_only_link(app: Flask, consent: Consent) -> None:
    invitation = send(consent)
    assert invitation.token_digest is None
    text, token = link_from(app)
    assert "Someone at Maple Street Office has invited you to set up an account." in text
    assert not [name for name in NAMES if name in text]
    assert len(text.split()) <= 80
    db.session.rollback()
    db.session.refresh(invitation)
    assert invitation.token_digest == tokens.digest(token)


@pytest.mark.smtp
def test_a_consent_that_ends_before_the_mail_goes_stops_it(app: Flask, consent: Consent) -> None:
    send(consent)
    with writing():
        access_ended.stop(consent=db.session.get_one(Consent, consent.id), actor=FACTORY, now=NOW)
    with mail_server(app) as box:
        dispatch(post_of(app, KINDS))
    assert not box.mails
    db.session.rollback()
    assert db.session.scalars(select(OutboundMessage.state)).one() is MessageState.DROPPED
    assert db.session.scalars(select(Invitation.state)).one() is InvitationState.ENDED


@pytest.mark.smtp
def test_accepting_confirms_the_address_that_the_link_came_to(app: Flask, consent: Consent) -> None:
    send(consent)
    _text, token = link_from(app)
    user = make_user()
    with writing():
        opened = invite.opened(token=token, now=NOW)
        invite.accept(
            token=token,
            carried=invite.proof(opened, KEY),
            key=KEY,
            user=user,
            is_shared_mailbox=False,
            actor=VISITOR,
            now=NOW,
        )
    assert db.session.scalars(select(MailAddress.confirmed_at)).one() == NOW


def test_a_printed_link_does_not_confirm_the_address(app: Flask, consent: Consent) -> None:
    user = make_user()
    with writing():
        invitation, token = invite.print_letter(
            relationship_id=consent.relationship_id, actor=FACTORY, now=NOW
        )
        invite.accept(
            token=token,
            carried=invite.proof(invitation, KEY),
            key=KEY,
            user=user,
            is_shared_mailbox=False,
            actor=VISITOR,
            now=NOW,
        )
    assert db.session.scalars(select(MailAddress.confirmed_at)).one() is None


def test_a_second_account_for_one_person_is_refused(app: Flask, consent: Consent) -> None:
    other, theirs = make_user(), make_user()
    with writing():
        consent.family_member.user_id = theirs.id
        invitation, token = invite.print_letter(
            relationship_id=consent.relationship_id, actor=FACTORY, now=NOW
        )
        carried = invite.proof(invitation, KEY)
    with pytest.raises(Refused, match="other_account"), writing():
        invite.accept(
            token=token,
            carried=carried,
            key=KEY,
            user=other,
            is_shared_mailbox=None,
            actor=VISITOR,
            now=NOW,
        )


@pytest.mark.parametrize("way", ["hold", "stop", "expire"])
def test_no_step_works_without_a_usable_consent(
    app: Flask, consent: Consent, held_clock: HeldClock, way: str
) -> None:
    with writing():
        _, token = invite.print_letter(relationship_id=consent.relationship_id, actor=FACTORY, now=NOW)
        if way == "hold":
            access_ended.hold(consent=consent, kind="spoken", actor=FACTORY, now=NOW)
        elif way == "stop":
            access_ended.stop(consent=consent, actor=FACTORY, now=NOW)
    at = NOW + timedelta(days=1)
    if way == "expire":
        with writing():
            db.session.get_one(Consent, consent.id).ends_at = at
    with pytest.raises(NotFound):
        invite.opened(token=token, now=at)
    with pytest.raises(Refused, match="consent_needed"), writing():
        invite.send(relationship_id=consent.relationship_id, actor=FACTORY, now=at)


def test_another_persons_consent_is_none(app: Flask, consent: Consent) -> None:
    stranger = make_signed_consent(family_member=make_family_member())
    with pytest.raises(Refused, match="no_open_invitation"), writing():
        invite.send(relationship_id=stranger.relationship_id, actor=FACTORY, now=NOW)
    with pytest.raises(Refused, match="consent_needed"), writing():
        invite.send(relationship_id=123, actor=FACTORY, now=NOW)
