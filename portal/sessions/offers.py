"""The link in the mail about a free place: it takes or lets go this one offer, nothing else.

Following it changes nothing (mail scanners follow every link); pressing a button there does.
"""

from datetime import datetime

from sqlalchemy import select

from portal.core import tokens
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound
from portal.sessions import service
from portal.sessions.models import OfferLink, SignUp
from portal.sessions.rules import SignUpState


def of_token(token: str, now: datetime) -> SignUp:
    """The sign-up of a link: an offer that is open, or the place that was taken with it.

    NotFound for everything else, an unknown link and an ended permission alike.
    """
    mine = db.session.scalar(
        select(SignUp)
        .join(OfferLink, OfferLink.sign_up_id == SignUp.id)
        .where(OfferLink.token_digest == tokens.digest(token))
        .execution_options(populate_existing=True)
    )
    if mine is None or now >= mine.session.starts_at or not service.is_covered(mine, now):
        raise NotFound
    ends_at = mine.offer_ends_at
    is_open = mine.state is SignUpState.OFFERED and ends_at is not None and now < ends_at
    if not is_open and mine.state is not SignUpState.PLACED:
        raise NotFound
    return mine


def take(*, token: str, now: datetime) -> SignUp:
    """Take the offer. Twice is the same as once. Raises NotFound, Refused offer_over."""
    mine = of_token(token, now)
    return service.take_offer(sign_up_id=mine.id, actor=_actor(mine), now=now)


def let_go(*, token: str, now: datetime) -> None:
    """Let the offer go to the next in line; a place that was taken stays. Raises NotFound."""
    mine = of_token(token, now)
    if mine.state is SignUpState.OFFERED:
        service.let_go(sign_up_id=mine.id, actor=_actor(mine), now=now)


def _actor(mine: SignUp) -> Actor:
    return Actor("family", mine.family_member_id)
