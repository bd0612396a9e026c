"""The mails about a person's own place. Discreet: a day and a time, never what or with whom.

Each needs the person's own opt-in `places` (consent.md, decision 1) and, where the place
rests on a permission, the gate's yes at the moment of sending.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from portal.consent.rules import Scope
from portal.core import tokens
from portal.core.db import db
from portal.core.errors import NotFound
from portal.disclosure import gate
from portal.disclosure import service as ledger
from portal.disclosure.models import Channel
from portal.mail import queries as mail
from portal.mail.kinds import Kind, Letter, Message
from portal.mail.models import ReaderKind
from portal.people.models import Relationship
from portal.sessions import evenings, links, places
from portal.sessions.models import OfferLink, SignUp
from portal.sessions.models_series import StandingPlace
from portal.sessions.rules import LIVE_SIGN_UP, SignUpState

OPT_IN = "places"


def render(message: Message, now: datetime) -> Letter:
    """The letter of any of the four kinds: when it is, and where to look."""
    sign_up = _sign_up(message)
    address = mail.address_of(ReaderKind.FAMILY, message.reader_id)
    if sign_up is None or address is None:
        raise NotFound
    _enter(message, sign_up.relationship, sign_up.session_id, now)
    return Letter(
        address=address.address,
        language=address.language,
        name=sign_up.family_member.given_name,
        values={
            "starts_at": sign_up.session.starts_at,
            "zone": sign_up.session.timezone,
            "offer_ends_at": sign_up.offer_ends_at,
            "path": f"/sessions/{sign_up.session_id}",
            "answer_path": _answer_path(sign_up, now),
        },
    )


def offer_letter(message: Message, now: datetime) -> Letter:
    """The same, with a link that answers this one offer without signing in."""
    letter, token = render(message, now), tokens.new_token()
    db.session.add(
        OfferLink(sign_up_id=message.context["sign_up_id"], token_digest=tokens.digest(token), created_at=now)
    )
    return replace(letter, values={**letter.values, "answer_path": f"/offer/{token}"})


def _answer_path(sign_up: SignUp, now: datetime) -> str:
    """Where the person answers without signing in; empty once the place can no longer be changed."""
    is_open = sign_up.state in LIVE_SIGN_UP and now < sign_up.session.closes_at
    return links.PATH + links.new(sign_up, now=now) if is_open else ""


def place_still_wanted(message: Message, now: datetime) -> str | None:
    """Only while the place stands, at the time that the mail tells."""
    return _not_in(message, now, {SignUpState.PLACED})


def offer_still_wanted(message: Message, now: datetime) -> str | None:
    """Only while the offer is open; its time runs from the sending on."""
    reason = _not_in(message, now, {SignUpState.OFFERED})
    sign_up = _sign_up(message) if reason is None else None
    if sign_up is None:
        return reason
    if sign_up.offer_ends_at is None or sign_up.offer_ends_at <= now:
        return "too_late"
    places.count_from_sending(sign_up, now=now)
    return None if sign_up.state is SignUpState.OFFERED else "place_changed"


def change_still_wanted(message: Message, now: datetime) -> str | None:
    """Only while the person is signed up, and if this is the last change."""
    return _not_in(message, now, {SignUpState.PLACED, SignUpState.OFFERED, SignUpState.WAITLISTED})


def cancellation_still_wanted(message: Message, now: datetime) -> str | None:
    """Only for a place that ended because of the session, and while the gate says yes."""
    return _not_in(message, now, {SignUpState.SESSION_CANCELLED})


def standing_still_wanted(message: Message, now: datetime) -> str | None:
    """Only while the offer of a standing place is open, and there is an evening to come."""
    mine = _standing_place(message)
    if mine is None:
        return "gone"
    evening = evenings.sample(mine.series_id, now)
    if evening is None:
        return "gone"
    if mine.relationship is not None and not _may_tell_of(mine.relationship, now):
        return "no_permission"
    db.session.refresh(mine)  # after the consent is locked
    return None if mine.state is SignUpState.OFFERED else "place_changed"


def standing_letter(message: Message, now: datetime) -> Letter:
    """That a place is free from the next evening on, and until when it is kept."""
    mine = _standing_place(message)
    address = mail.address_of(ReaderKind.FAMILY, message.reader_id)
    evening = evenings.sample(mine.series_id, now) if mine else None
    if mine is None or evening is None or address is None:
        raise NotFound
    _enter(message, mine.relationship, evening.id, now)
    return Letter(
        address=address.address,
        language=address.language,
        name=mine.family_member.given_name,
        values={
            "starts_at": evening.starts_at,
            "zone": evening.timezone,
            "offer_ends_at": mine.offer_ends_at,
            "path": f"/sessions/{evening.id}",
            "answer_path": None,
        },
        template="place_offered",
    )


def _standing_place(message: Message) -> StandingPlace | None:
    return db.session.get(StandingPlace, message.context["standing_place_id"], populate_existing=True)


def _not_in(message: Message, now: datetime, states: Collection[SignUpState]) -> str | None:
    sign_up = _sign_up(message)
    if sign_up is None:
        return "gone"
    if sign_up.relationship and not _may_tell_of(sign_up.relationship, now):
        return "no_permission"
    db.session.refresh(sign_up)  # after the consent is locked
    if sign_up.state not in states:
        return "place_changed"
    if sign_up.session.time_revision != message.context["time_revision"]:
        return "time_changed"
    return None


def _may_tell_of(relationship: Relationship, now: datetime) -> gate.Permit | gate.Refusal:
    return gate.may_disclose(
        client_id=relationship.client_id,
        family_member_id=relationship.family_member_id,
        scope=Scope.SESSIONS,
        at=now,
        lock=True,
    )


def _enter(message: Message, relationship: Relationship | None, session_id: int, now: datetime) -> None:
    """The ledger: telling of a place that rests on a permission is a disclosure (2.25)."""
    permit = _may_tell_of(relationship, now) if relationship else None
    if isinstance(permit, gate.Permit):
        noted = [(permit, f"session:{session_id}", Channel.MAIL)]
        ledger.record(noted, occasion=f"mail:{message.id}", now=now)


def _sign_up(message: Message) -> SignUp | None:
    return db.session.get(SignUp, message.context["sign_up_id"], populate_existing=True)


KINDS = [
    Kind("place_confirmed", True, True, render, place_still_wanted, OPT_IN),
    Kind("place_offered", True, True, offer_letter, offer_still_wanted, OPT_IN),
    Kind("standing_offered", True, True, standing_letter, standing_still_wanted, OPT_IN),
    Kind("session_changed", True, True, render, change_still_wanted, OPT_IN),
    Kind("session_cancelled", True, True, render, cancellation_still_wanted, OPT_IN),
]
