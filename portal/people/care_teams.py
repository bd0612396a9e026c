"""Care teams: handing clients over for good, and covering for a colleague between two days."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import joinedload

from portal.audit import service as audit
from portal.core import clock
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import Refused
from portal.people.models import CareTeamMember, Client, StaffMember
from portal.people.service import join_care_team


def clients_of(*, therapist_id: int, location_ids: Sequence[int], now: datetime) -> list[Client]:
    """The clients of a therapist at these locations, by name."""
    return list(
        db.session.scalars(
            select(Client)
            .join(CareTeamMember, CareTeamMember.client_id == Client.id)
            .where(
                CareTeamMember.staff_id == therapist_id,
                _at(now),
                Client.location_id.in_(location_ids),
                Client.deceased_on.is_(None),
            )
            .options(joinedload(Client.location))
            .order_by(Client.family_name, Client.given_name, Client.id)
            .distinct()
        )
    )


def hand_over(
    clients: Sequence[Client], *, leaving: StaffMember, taking: StaffMember, actor: Actor, now: datetime
) -> None:
    """From now on `taking` has these clients, and `leaving` has them no longer.

    Raises Refused("same_therapist").
    """
    _refuse_same(leaving, taking)
    for client in clients:
        for row in _rows(client.id, leaving.id, now):
            row.until_at = now
        audit.record("care_team.left", actor=actor, now=now, client_id=client.id, staff_id=leaving.id)
        if not _rows(client.id, taking.id, now):
            join_care_team(client=client, staff=taking, actor=actor, now=now)


def cover(
    clients: Sequence[Client],
    *,
    away: StaffMember,
    covering: StaffMember,
    from_on: date,
    until_on: date,
    actor: Actor,
    now: datetime,
) -> None:
    """`covering` works with these clients from the first to the last day, beside `away`.

    Days are those of each client's location. Raises Refused: same_therapist,
    end_before_start (field until_on), end_is_past (field until_on).
    """
    _refuse_same(away, covering)
    if until_on < from_on:
        raise Refused("end_before_start", field="until_on")
    for client in clients:
        zone = client.location.timezone
        begins, ends = (clock.midnight(day, zone) for day in (from_on, until_on + timedelta(days=1)))
        if ends <= now:
            raise Refused("end_is_past", field="until_on")
        if _covers(client.id, covering.id, ends):
            continue  # the same button pressed twice
        db.session.add(
            CareTeamMember(client_id=client.id, staff=covering, from_at=max(begins, now), until_at=ends)
        )
        audit.record(
            "care_team.covered",
            actor=actor,
            now=now,
            client_id=client.id,
            staff_id=covering.id,
            until_on=until_on.isoformat(),
        )


def _refuse_same(one: StaffMember, other: StaffMember) -> None:
    if one.id == other.id:
        raise Refused("same_therapist", field="taking")


def _covers(client_id: int, staff_id: int, until_at: datetime) -> bool:
    known = select(CareTeamMember.id).where(
        CareTeamMember.client_id == client_id,
        CareTeamMember.staff_id == staff_id,
        CareTeamMember.until_at == until_at,
    )
    return db.session.scalar(known) is not None


def _rows(client_id: int, staff_id: int, now: datetime) -> Sequence[CareTeamMember]:
    wanted = select(CareTeamMember).where(
        CareTeamMember.client_id == client_id, CareTeamMember.staff_id == staff_id, _at(now)
    )
    return db.session.scalars(wanted).all()


def _at(now: datetime) -> ColumnElement[bool]:
    """Rows that count at this instant."""
    return (CareTeamMember.from_at <= now) & or_(
        CareTeamMember.until_at.is_(None), CareTeamMember.until_at > now
    )
