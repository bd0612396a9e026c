"""On which days locations are closed."""

from collections.abc import Collection
from datetime import date

from sqlalchemy import bindparam, select

from portal.core.db import rows
from portal.schedule.models import Closure

_CLOSED = select(Closure.location_id, Closure.from_on, Closure.to_on).where(
    Closure.location_id.in_(bindparam("location_ids", expanding=True)),
    Closure.from_on <= bindparam("to_on"),
    Closure.to_on >= bindparam("from_on"),
)


def of_locations(
    location_ids: Collection[int], from_on: date, to_on: date
) -> dict[int, list[tuple[date, date]]]:
    """Location id → its closures that touch the window, first and last day; one statement."""
    found = rows(_CLOSED, {"location_ids": list(location_ids), "from_on": from_on, "to_on": to_on})
    closed: dict[int, list[tuple[date, date]]] = {}
    for location_id, first, last in found:
        closed.setdefault(location_id, []).append((first, last))
    return closed
