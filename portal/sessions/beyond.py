"""A place beyond the number there is: staff give it, with a reason that is kept."""

from datetime import datetime

from portal.audit import service as audit
from portal.core.actor import Actor
from portal.core.errors import NotFound, Refused, TooLate
from portal.sessions import apart, notices, places
from portal.sessions.basis import permit_for
from portal.sessions.models import SignUp
from portal.sessions.rules import Event, SignUpState

REASONS = ("is_at_the_door", "room_is_larger", "asked_by_therapist", "standing_guest")
"""From a fixed list; none of them says anything about a client."""


def give(*, sign_up_id: int, reason: str, actor: Actor, now: datetime) -> SignUp:
    """Give somebody on the waitlist a place though none is free. Twice is the same as once.

    The number of places stays as it is, so nothing is offered until there is room again.
    Raises Refused choose_a_reason and kept_apart, NotFound where no permission covers it any
    more, TooLate.
    """
    if reason not in REASONS:
        raise Refused("choose_a_reason", field="reason")
    asked = places.again(sign_up_id)
    if not asked.session.is_open_kind and not permit_for(
        asked.session, family_member_id=asked.family_member_id, at=now, lock=True
    ):
        raise NotFound
    session = places.locked(asked.session_id)
    mine = places.again(sign_up_id)
    if mine.state is SignUpState.PLACED:
        return mine
    if mine.state is not SignUpState.WAITLISTED:
        raise TooLate
    apart.refuse(session.id, mine.family_member_id, actor)
    places.change(mine, Event.PLACE, actor=actor, now=now, reason=reason)
    audit.record(
        "session.place_beyond",
        actor=actor,
        now=now,
        client_id=places.client_of(mine),
        session_id=session.id,
        sign_up_id=mine.id,
        reason=reason,
    )
    notices.placed(mine, now=now)
    return mine
