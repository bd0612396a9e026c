"""Invitations: one live per pair, three tries, terminal states."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.core.actor import VISITOR, Actor
from portal.core.db import db
from portal.core.errors import NotFound, TooLate
from portal.people import invitations
from portal.people.models import Invitation
from portal.people.rules import InvitationState
from tests.conftest import NOW
from tests.factories.people import make_relationship, make_user

KEY = "a key of the tests"
CLIENT = Actor("client", 1)


@pytest.fixture
def sent(app: Flask, write: Callable[[], Any]) -> tuple[Invitation, str, str]:
    """A sent invitation with its link's secret and its code."""
    relationship = make_relationship()
    with write():
        invitation, code = invitations.open_invitation(
            relationship_id=relationship.id, now=NOW, actor=CLIENT, key=KEY
        )
        invitations.mark_sent(invitation=invitation, actor=CLIENT, now=NOW)
        token = invitations.mint_link(invitation, now=NOW)
    return invitation, token, code


def attempt(token: str, code: str) -> invitations.Tried:
    return invitations.try_code(token=token, code=code, key=KEY, actor=VISITOR, now=NOW)


def test_the_code_opens_however_it_is_typed(sent: Any, write: Callable[[], Any]) -> None:
    _invitation, token, code = sent
    with write():
        assert attempt(token, f" {code.lower().replace('-', ' ')} ").is_right


def test_three_wrong_codes_end_it_and_each_is_remembered(sent: Any, write: Callable[[], Any]) -> None:
    invitation, token, code = sent
    for left in (2, 1, 0):
        with write():
            assert attempt(token, "WRONG-CODE") == invitations.Tried(False, left)
    assert invitation.state is InvitationState.ENDED
    with pytest.raises(NotFound), write():
        attempt(token, code)
    kinds = list(db.session.scalars(select(AuditEntry.kind).order_by(AuditEntry.id)))
    assert kinds[-4:] == ["invitation.tried"] * 3 + ["invitation.ended"]


def test_a_new_code_kills_the_old_one_and_gives_three_tries(sent: Any, write: Callable[[], Any]) -> None:
    invitation, token, old = sent
    with write():
        attempt(token, "WRONG-CODE")
        new = invitations.new_code(relationship_id=invitation.relationship_id, now=NOW, actor=CLIENT, key=KEY)
        assert invitation.tries_left == 3
        assert not attempt(token, old).is_right
        assert attempt(token, new).is_right


def test_a_new_invitation_ends_the_older_one(sent: Any, write: Callable[[], Any]) -> None:
    older, token, _code = sent
    with write():
        newer, _ = invitations.open_invitation(
            relationship_id=older.relationship_id, now=NOW, actor=CLIENT, key=KEY
        )
    assert (older.state, newer.state) == (InvitationState.ENDED, InvitationState.READY)
    with pytest.raises(NotFound):
        invitations.by_link(token, at=NOW)


@pytest.mark.parametrize(("seconds", "works"), [(-1, True), (0, False), (1, False)])
def test_a_link_lives_seven_days(sent: Any, seconds: int, works: bool) -> None:
    invitation, token, _code = sent
    at = NOW + timedelta(days=7, seconds=seconds)
    if works:
        assert invitations.by_link(token, at=at) is invitation
        return
    with pytest.raises(NotFound):
        invitations.by_link(token, at=at)


def test_sending_again_mints_another_link(sent: Any, write: Callable[[], Any]) -> None:
    invitation, old, _code = sent
    with write():
        new = invitations.mint_link(invitation, now=NOW)
    assert invitations.by_link(new, at=NOW) is invitation
    with pytest.raises(NotFound):
        invitations.by_link(old, at=NOW)


def test_accepting_links_the_account_once(sent: Any, write: Callable[[], Any]) -> None:
    invitation, _token, _code = sent
    user = make_user()
    with write():
        invitations.accept(invitation=invitation, user_id=user.id, actor=VISITOR, now=NOW)
    assert invitation.relationship.family_member.user_id == user.id
    with pytest.raises(TooLate), write():
        invitations.accept(invitation=invitation, user_id=user.id, actor=VISITOR, now=NOW)


def test_nothing_follows_a_no(sent: Any, write: Callable[[], Any]) -> None:
    invitation, _token, _code = sent
    with write():
        invitations.decline(invitation=invitation, actor=VISITOR, now=NOW)
    for verb in (invitations.mark_sent, invitations.decline):
        with pytest.raises(TooLate), write():
            verb(invitation=invitation, actor=VISITOR, now=NOW)


def test_ending_when_nothing_is_live_is_no_event(app: Flask, write: Callable[[], Any]) -> None:
    relationship = make_relationship()
    with write():
        ended = invitations.end_invitations(
            relationship_id=relationship.id, reason="access_ended", now=NOW, actor=CLIENT
        )
    assert ended == 0
