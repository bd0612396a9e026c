"""One-off times of one client: entered, moved, cancelled, taken back.

Times are local at the client's location, without a zone. The label is for staff alone.
"""

from datetime import datetime

from sqlalchemy import select

from portal.audit import service as audit
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound
from portal.people.models import Client
from portal.schedule import rules
from portal.schedule.models import Appointment
from portal.schedule.occurrences import check_open
from portal.schedule.service import check_minutes


def add(
    *, client: Client, start: datetime, minutes: int, label: str, actor: Actor, now: datetime
) -> Appointment:
    """Enter one. Refused `day_closed` (field start), `length_not_possible` (field minutes)."""
    _check(client, start, minutes)
    row = Appointment(
        client_id=client.id, label=label, first_start=start, start=start, minutes=minutes, time_revision=1
    )
    db.session.add(row)
    db.session.flush()
    _audit("schedule.appointment_added", row, actor=actor, now=now)
    return row


def change(
    *,
    appointment_id: int,
    client: Client,
    start: datetime,
    minutes: int,
    label: str,
    actor: Actor,
    now: datetime,
) -> Appointment:
    """Give it another time, length or label; the time revision rises only with the start."""
    row = _locked(appointment_id, client)
    _check(client, start, minutes)
    row.time_revision = rules.next_revision(row.time_revision, row.start, start)
    row.start, row.minutes, row.label = start, minutes, label
    _audit("schedule.appointment_changed", row, actor=actor, now=now)
    return row


def cancel(*, appointment_id: int, client: Client, actor: Actor, now: datetime) -> None:
    """It does not take place. Doing it twice changes nothing more."""
    row = _locked(appointment_id, client)
    if row.cancelled_at is None:
        row.cancelled_at = now
        _audit("schedule.appointment_cancelled", row, actor=actor, now=now)


def restore(*, appointment_id: int, client: Client, actor: Actor, now: datetime) -> None:
    """It takes place after all. Refused `day_closed`."""
    row = _locked(appointment_id, client)
    check_open(client.location_id, row.start.date())
    if row.cancelled_at is not None:
        row.cancelled_at = None
        _audit("schedule.appointment_restored", row, actor=actor, now=now)


def _check(client: Client, start: datetime, minutes: int) -> None:
    check_minutes(minutes)
    check_open(client.location_id, start.date())


def _locked(appointment_id: int, client: Client) -> Appointment:
    query = select(Appointment).where(Appointment.id == appointment_id, Appointment.client_id == client.id)
    row = db.session.scalars(query.with_for_update()).one_or_none()
    if row is None:
        raise NotFound
    return row


def _audit(kind: str, row: Appointment, *, actor: Actor, now: datetime) -> None:
    audit.record(
        kind,
        actor=actor,
        now=now,
        client_id=row.client_id,
        appointment_id=row.id,
        time_revision=row.time_revision,
    )
