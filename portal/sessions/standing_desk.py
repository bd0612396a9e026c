"""Standing places as staff see them: those of one's own clients' families."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.core.db import db
from portal.core.errors import NotFound
from portal.people.models import Relationship, StaffMember
from portal.sessions import desk
from portal.sessions.models_series import StandingPlace
from portal.sessions.rules import LIVE_SIGN_UP


def of_series(*, staff: StaffMember, series_id: int, now: datetime) -> list[StandingPlace]:
    """Who stands, is offered or waits, in order, as far as this staff member sees them."""
    query = (
        select(StandingPlace)
        .where(StandingPlace.series_id == series_id, StandingPlace.state.in_(LIVE_SIGN_UP))
        .options(
            joinedload(StandingPlace.family_member),
            joinedload(StandingPlace.series),
            joinedload(StandingPlace.relationship).joinedload(Relationship.client),
        )
        .order_by(StandingPlace.queue_number)
    )
    sight = desk.Sight.of(staff, now)
    return [each for each in db.session.scalars(query) if _sees(sight, each)]


def one(*, staff: StaffMember, standing_place_id: int, now: datetime) -> StandingPlace:
    """A standing place of one's own clients' families, in whatever state. Raises NotFound."""
    found = db.session.get(StandingPlace, standing_place_id)
    if found is None or not _sees(desk.Sight.of(staff, now), found):
        raise NotFound
    return found


def _sees(sight: desk.Sight, place: StandingPlace) -> bool:
    if place.relationship is not None:
        return place.relationship.client_id in sight.client_ids
    return place.series.location_id in sight.location_ids
