"""People who are never in one session. Staff alone know of it; a family member is asked to call."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import joinedload

from portal.audit import service as audit
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import Refused
from portal.sessions.models import SignUp
from portal.sessions.models_company import ClientPart, KeepApart
from portal.sessions.rules import TAKES_A_PLACE, ClientAnswer

REASONS = ("court_order", "safety_plan", "asked_by_client", "team_decision")
"""From a fixed list; none of them says who said what."""


def keep_apart(
    *,
    family_member_id: int,
    reason: str,
    actor: Actor,
    now: datetime,
    other_family_member_id: int | None = None,
    other_client_id: int | None = None,
) -> KeepApart:
    """Never let these two into one session again; a flag that stands already is given back.

    Nobody loses a place by it: `together` shows staff where both are. Raises Refused
    choose_a_reason, keep_apart_needs_two.
    """
    if reason not in REASONS:
        raise Refused("choose_a_reason", field="reason")
    if family_member_id == other_family_member_id or (
        (other_family_member_id is None) == (other_client_id is None)
    ):
        raise Refused("keep_apart_needs_two")
    known = _standing(family_member_id, other_family_member_id, other_client_id)
    if known:
        return known
    made = KeepApart(
        family_member_id=family_member_id,
        other_family_member_id=other_family_member_id,
        other_client_id=other_client_id,
        reason=reason,
        made_by_id=actor.id,
        made_at=now,
    )
    db.session.add(made)
    db.session.flush()
    audit.record("keep_apart.set", actor=actor, now=now, keep_apart_id=made.id, reason=reason)
    return made


def end(*, keep_apart_id: int, actor: Actor, now: datetime) -> None:
    """The two may meet again. Twice is the same as once."""
    flag = db.session.get_one(KeepApart, keep_apart_id)
    if flag.ended_at is None:
        flag.ended_at = now
        audit.record("keep_apart.ended", actor=actor, now=now, keep_apart_id=flag.id)


def of_person(family_member_id: int) -> list[KeepApart]:
    """The flags that stand about one family member, for staff."""
    query = (
        select(KeepApart)
        .where(
            KeepApart.ended_at.is_(None),
            or_(
                KeepApart.family_member_id == family_member_id,
                KeepApart.other_family_member_id == family_member_id,
            ),
        )
        .options(
            joinedload(KeepApart.family_member),
            joinedload(KeepApart.other_family_member),
            joinedload(KeepApart.other_client),
        )
        .order_by(KeepApart.made_at, KeepApart.id)
    )
    return list(db.session.scalars(query))


def others_of(family_member_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """Family member → the family members they are never with; one statement."""
    found: dict[int, set[int]] = {each: set() for each in family_member_ids}
    query = select(KeepApart.family_member_id, KeepApart.other_family_member_id).where(
        KeepApart.ended_at.is_(None),
        KeepApart.other_family_member_id.is_not(None),
        or_(
            KeepApart.family_member_id.in_(family_member_ids),
            KeepApart.other_family_member_id.in_(family_member_ids),
        ),
    )
    for one, other in db.session.execute(query):
        assert other is not None  # the query asks for it
        if one in found:
            found[one].add(other)
        if other in found:
            found[other].add(one)
    return {each: frozenset(others) for each, others in found.items()}


def present(session_id: int) -> frozenset[int]:
    """The family members who hold a place, or are offered one."""
    query = select(SignUp.family_member_id).where(
        SignUp.session_id == session_id, SignUp.state.in_(TAKES_A_PLACE)
    )
    return frozenset(db.session.scalars(query))


def away_from_clients(session_id: int, family_member_ids: Collection[int]) -> frozenset[int]:
    """Of these people, who is never with a client that takes part in the session."""
    query = (
        select(KeepApart.family_member_id)
        .join(ClientPart, ClientPart.client_id == KeepApart.other_client_id)
        .where(
            KeepApart.ended_at.is_(None),
            KeepApart.family_member_id.in_(family_member_ids),
            ClientPart.session_id == session_id,
            ClientPart.answer != ClientAnswer.DECLINED,
        )
    )
    return frozenset(db.session.scalars(query))


def flag_in(session_id: int, family_member_id: int) -> KeepApart | None:
    """The first flag that keeps this person out of the session as it is now."""
    there = select(SignUp.family_member_id).where(
        SignUp.session_id == session_id,
        SignUp.family_member_id != family_member_id,
        SignUp.state.in_(TAKES_A_PLACE),
    )
    clients = select(ClientPart.client_id).where(
        ClientPart.session_id == session_id, ClientPart.answer != ClientAnswer.DECLINED
    )
    query = (
        select(KeepApart)
        .where(
            KeepApart.ended_at.is_(None),
            or_(
                and_(
                    KeepApart.family_member_id == family_member_id,
                    or_(KeepApart.other_family_member_id.in_(there), KeepApart.other_client_id.in_(clients)),
                ),
                and_(
                    KeepApart.other_family_member_id == family_member_id,
                    KeepApart.family_member_id.in_(there),
                ),
            ),
        )
        .order_by(KeepApart.id)
        .limit(1)
    )
    return db.session.scalar(query)


def refuse(session_id: int, family_member_id: int, actor: Actor) -> None:
    """Refuse a place beside somebody whom this person is never with.

    Raises Refused not_open_for_you, which tells nothing, and for staff kept_apart.
    """
    if flag_in(session_id, family_member_id) is not None:
        raise Refused("kept_apart" if actor.kind == "staff" else "not_open_for_you")


def together(session_id: int) -> list[KeepApart]:
    """The flags about two people who both hold a place here: for staff to settle; one statement."""
    there = select(SignUp.family_member_id).where(
        SignUp.session_id == session_id, SignUp.state.in_(TAKES_A_PLACE)
    )
    query = (
        select(KeepApart)
        .where(
            KeepApart.ended_at.is_(None),
            KeepApart.family_member_id.in_(there),
            or_(KeepApart.other_family_member_id.in_(there), _client_is_there(session_id)),
        )
        .options(
            joinedload(KeepApart.family_member),
            joinedload(KeepApart.other_family_member),
            joinedload(KeepApart.other_client),
        )
    )
    return list(db.session.scalars(query))


def _client_is_there(session_id: int) -> ColumnElement[bool]:
    return KeepApart.other_client_id.in_(
        select(ClientPart.client_id).where(
            ClientPart.session_id == session_id, ClientPart.answer != ClientAnswer.DECLINED
        )
    )


def _standing(one: int, other: int | None, client_id: int | None) -> KeepApart | None:
    same = KeepApart.family_member_id == one
    pair = and_(same, KeepApart.other_client_id == client_id)
    if other is not None:
        turned = and_(KeepApart.family_member_id == other, KeepApart.other_family_member_id == one)
        pair = or_(and_(same, KeepApart.other_family_member_id == other), turned)
    return db.session.scalar(select(KeepApart).where(pair, KeepApart.ended_at.is_(None)))
