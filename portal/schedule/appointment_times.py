"""The one-off times of clients as occurrences without a name, within their episodes."""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, select

from portal.center.models import Location
from portal.core.db import db
from portal.people.models import Client, Episode
from portal.schedule import closed_days, rules
from portal.schedule.models import Appointment
from portal.schedule.rules import Occurrence

_STANDING = (
    select(Appointment, Client.location_id, Location.timezone)
    .join(Appointment.client)
    .join(Client.location)
    .join(Episode, Episode.client_id == Client.id)
    .add_columns(Episode.started_on, Episode.ended_on)
    .where(
        Appointment.client_id.in_(bindparam("client_ids", expanding=True)),
        Appointment.cancelled_at.is_(None),
        Appointment.start >= bindparam("after"),
        Appointment.start <= bindparam("before"),
    )
    .order_by(Appointment.start, Appointment.id)
)


def of_clients(client_ids: Collection[int], from_on: date, to_on: date) -> dict[int, list[Occurrence]]:
    """Client id → what takes place on the local days `from_on` to `to_on`; two statements at most.

    Nothing takes place on a closed day, before a course of care or after it. The label is
    not read: nobody but staff may see it.
    """
    window = {"after": datetime.combine(from_on, time.min), "before": datetime.combine(to_on, time.max)}
    rows = [
        row
        for row in db.session.execute(_STANDING, {"client_ids": list(client_ids), **window})
        if row.started_on <= row.Appointment.start.date() <= (row.ended_on or date.max)
    ]
    closed = closed_days.of_locations({row.location_id for row in rows}, from_on, to_on) if rows else {}
    standing = {
        row.Appointment.id: row
        for row in rows
        if not rules.is_closed(row.Appointment.start.date(), closed.get(row.location_id, []))
    }
    found: dict[int, list[Occurrence]] = {}
    for row in standing.values():
        found.setdefault(row.Appointment.client_id, []).append(_occurrence(row))
    return found


def _occurrence(row: Row[Any]) -> Occurrence:
    appointment: Appointment = row.Appointment
    start_at = rules.instant(appointment.start, row.timezone)
    return Occurrence(
        block_id=appointment.id,
        name="",
        start_at=start_at,
        end_at=start_at + timedelta(minutes=appointment.minutes),
        original_start=appointment.first_start,
        time_revision=appointment.time_revision,
        zone=row.timezone,
    )


def of_client(*, client_id: int, from_on: date) -> list[Appointment]:
    """A client's appointments from a day on, the cancelled ones too, in order: staff only."""
    query = select(Appointment).where(
        Appointment.client_id == client_id, Appointment.start >= datetime.combine(from_on, time.min)
    )
    return list(db.session.scalars(query.order_by(Appointment.start, Appointment.id)))


def one_of(*, client_id: int, appointment_id: int) -> Appointment | None:
    """One appointment of a client; None where it is not theirs: staff only."""
    query = select(Appointment).where(Appointment.id == appointment_id, Appointment.client_id == client_id)
    return db.session.scalars(query).one_or_none()
