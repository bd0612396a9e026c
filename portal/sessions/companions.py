"""People who come along: each rests on a permission of their own, or is not added.

Whoever brings somebody types a name. The answer is the same for a stranger, for somebody
without a permission and for somebody who has a place already: it tells nothing.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from portal.consent.rules import Scope
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound, Refused
from portal.disclosure import gate
from portal.people.models import FamilyMember, Relationship
from portal.sessions import apart, entering, places, rules
from portal.sessions.basis import permit_for
from portal.sessions.entering import Wish
from portal.sessions.models import FamilySession, SignUp
from portal.sessions.rules import LIVE_SIGN_UP, Event, SignUpState


def bring(*, sign_up_id: int, name: str, is_minor: bool, actor: Actor, now: datetime) -> SignUp:
    """Add somebody to a person's place. Raises Refused companion_not_possible,
    companions_full, companion_no_place, sign_up_closed; NotFound without a place.
    """
    asked = places.again(sign_up_id)
    person = _named(name, asked, now)
    permit = permit_for(asked.session, family_member_id=person.id, at=now, lock=True) if person else None
    session = places.locked(asked.session_id)
    mine = places.again(sign_up_id)
    _check(session, mine, actor, now)
    if person is None or permit is None or _is_out(session, person):
        raise Refused("companion_not_possible", field="name")
    wish = Wish(
        family_member_id=person.id,
        relationship_id=permit.relationship_id,
        staff_id=mine.made_by_staff_id,
        brought_by_id=mine.id,
        responsible_adult_id=mine.family_member_id if is_minor else None,
    )
    return entering.enter(session, wish, actor=actor, now=now)


def brought_by(sign_up_id: int) -> Sequence[SignUp]:
    """The live sign-ups of the people whom somebody brings; one statement."""
    query = (
        select(SignUp)
        .where(SignUp.brought_by_id == sign_up_id, SignUp.state.in_(LIVE_SIGN_UP))
        .order_by(SignUp.queue_number)
    )
    return db.session.scalars(query).all()


def one_brought(*, brought_by_id: int, sign_up_id: int) -> SignUp:
    """One of the people whom somebody brings. Raises NotFound."""
    for each in brought_by(brought_by_id):
        if each.id == sign_up_id:
            return each
    raise NotFound


def check_adult(session: FamilySession, responsible_adult_id: int | None) -> None:
    """Somebody under 18 comes with an adult who has a place. Raises Refused adult_missing."""
    if responsible_adult_id is None:
        return
    theirs = places.live_sign_up(session.id, responsible_adult_id)
    if theirs is None or theirs.state is not SignUpState.PLACED or theirs.responsible_adult_id:
        raise Refused("adult_missing", field="responsible_adult_id")


def end_minors_of(session: FamilySession, adult_id: int, *, actor: Actor, now: datetime) -> None:
    """The adult does not come, so whoever is under 18 does not come either."""
    query = select(SignUp).where(
        SignUp.session_id == session.id,
        SignUp.responsible_adult_id == adult_id,
        SignUp.state.in_(LIVE_SIGN_UP),
    )
    for minor in db.session.scalars(query.execution_options(populate_existing=True)).all():
        places.change(minor, Event.GIVE_UP, actor=actor, now=now, reason="adult_does_not_come")


def _check(session: FamilySession, mine: SignUp, actor: Actor, now: datetime) -> None:
    if mine.state is not SignUpState.PLACED or not session.companions:
        raise NotFound
    if actor.kind != "staff" and not rules.is_open(session.state, session.closes_at, now):
        raise Refused("sign_up_closed")
    if len(brought_by(mine.id)) >= session.companions:
        raise Refused("companions_full")
    if not session.needs_approval and places.free(session, now) == 0:
        raise Refused("companion_no_place")


def _is_out(session: FamilySession, person: FamilyMember) -> bool:
    if places.live_sign_up(session.id, person.id) is not None:
        return True
    return apart.flag_in(session.id, person.id) is not None


def _named(name: str, mine: SignUp, now: datetime) -> FamilyMember | None:
    """The one relative of the same client with this name whom the gate lets in."""
    if mine.relationship is None:
        return None
    typed = " ".join(name.split()).casefold()
    query = (
        select(FamilyMember)
        .join(Relationship, Relationship.family_member_id == FamilyMember.id)
        .where(
            Relationship.client_id == mine.relationship.client_id,
            FamilyMember.id != mine.family_member_id,
            gate.permitted(Relationship.client_id, Relationship.family_member_id, Scope.SESSIONS, now),
        )
    )
    found = [each for each in db.session.scalars(query) if each.full_name.casefold() == typed]
    return found[0] if len(found) == 1 else None
