"""The demo's place, staff and timetable, brought in from the example file of the docs."""

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

import config
from portal.accounts import second_factor
from portal.accounts.models import User
from portal.center.models import Location, Program
from portal.core import clock
from portal.core.actor import Actor
from portal.core.db import db
from portal.demo import accounts
from portal.demo.cast import STAFF
from portal.disclosure import patient_notice
from portal.imports import timetables
from portal.people import account_invitations
from portal.people.models import Client, Role, StaffMember
from portal.schedule.models import Track

ZONE = "America/New_York"
EXAMPLE = config.ROOT / "docs" / "examples" / "timetable.csv"
WEEKS_OPEN = 12
"""The timetable began so many weeks ago."""


@dataclass(frozen=True)
class Office:
    """The demo's center once it stands."""

    location: Location
    tracks: dict[str, Track]
    therapists: list[StaffMember]
    coordinator: StaffMember
    stored: str
    """The one passphrase of the demo, hashed once."""
    code_key: str
    actor: Actor
    now: datetime

    @property
    def today(self) -> date:
        """The local date."""
        return clock.local_date(self.now, ZONE)

    @property
    def monday(self) -> date:
        """The Monday of this week."""
        return self.today - timedelta(days=self.today.weekday())


def open_office(*, stored: str, code_key: str, actor: Actor, now: datetime) -> Office:
    """The place, its program, the staff with accounts, and the two tracks."""
    location = Location(
        name="Water Street",
        address="41 Water Street, Harbor City",
        phone="(555) 010-0142",
        timezone=ZONE,
    )
    program = Program(location=location, name="Intensive outpatient program")
    db.session.add_all([location, program])
    db.session.flush()
    opened_at = now - timedelta(weeks=WEEKS_OPEN)
    staff = [_colleague(number, location, stored, actor, opened_at) for number in range(len(STAFF))]
    _publish_notice(staff, opened_at)
    today = clock.local_date(now, ZONE)
    timetables.apply(example(today - timedelta(weeks=WEEKS_OPEN)), actor=actor, now=opened_at)
    return Office(
        location=location,
        tracks={track.name: track for track in db.session.scalars(select(Track))},
        therapists=[one for one in staff if one.roles[0].role is Role.THERAPIST],
        coordinator=next(one for one in staff if one.roles[0].role is Role.COORDINATOR),
        stored=stored,
        code_key=code_key,
        actor=actor,
        now=now,
    )


def example(from_on: date) -> bytes:
    """The example timetable as if it began in the week of `from_on`."""
    rows = list(csv.DictReader(io.StringIO(EXAMPLE.read_text(encoding="utf-8-sig"))))
    monday = from_on - timedelta(days=from_on.weekday())
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows({**row, "from": monday.isoformat()} for row in rows)
    return text.getvalue().encode()


def give_account(person: Client | StaffMember, stored: str, actor: Actor, at: datetime) -> User:
    """An account as a one-time link gives it."""
    token = account_invitations.link_for(person=person, now=at, actor=actor)
    return account_invitations.accept(
        token=token, sign_in_name=accounts.sign_in_name(person.given_name), stored=stored, now=at
    )


def _publish_notice(staff: list[StaffMember], at: datetime) -> None:
    """The notice to clients, in the portal's own words."""
    officer = next(one for one in staff if one.roles[0].role is Role.PRIVACY_OFFICER)
    actor = Actor("staff", officer.id)
    draft = patient_notice.write(
        draft=None,
        body_en=patient_notice.seed("en"),
        body_es=patient_notice.seed("es"),
        contact_en=f"{officer.full_name}, privacy officer, (555) 010-0142, {officer.email}",
        contact_es=f"{officer.full_name}, oficial de privacidad, (555) 010-0142, {officer.email}",
        effective_on=at.date(),
        groups=list(patient_notice.GROUPS),
        actor=actor,
        now=at,
    )
    patient_notice.publish(notice=draft, actor=actor, now=at)


def _colleague(number: int, location: Location, stored: str, actor: Actor, at: datetime) -> StaffMember:
    colleague = STAFF[number]
    member = account_invitations.create_staff(
        given_name=colleague.given_name,
        family_name=colleague.family_name,
        email=accounts.sign_in_name(colleague.given_name),
        roles={colleague.role: location.id if colleague.role is Role.COORDINATOR else None},
        now=at,
        actor=actor,
    )
    user = give_account(member, stored, actor, at)
    # The one thing that no service does: a second factor that is known to everybody.
    user.totp_secret = second_factor.secrets.encrypted(accounts.TOTP_SECRET)
    return member
