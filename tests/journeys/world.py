"""A small lived-in center: what the pages look like on a usual day."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from portal.accounts.models import User
from portal.center.models import Location, Program
from portal.consent import holding
from portal.consent.models import HoldKind
from portal.consent.rules import Scope
from portal.core.db import db, writing
from portal.education import service as education
from portal.education.models import Module
from portal.people.models import FamilyMember, RelationshipCode, Role, StaffMember
from portal.schedule.models import Track
from portal.sessions.models import SessionKind
from tests.conftest import NOW
from tests.factories.consent import FACTORY, make_pending_consent, make_signed_consent
from tests.factories.people import (
    make_care_team_member,
    make_client,
    make_episode,
    make_family_member,
    make_location,
    make_program,
    make_relationship,
    make_staff,
    make_user,
)
from tests.factories.schedule import make_block, make_enrolment, make_track
from tests.factories.sessions import make_session, make_sign_up


@dataclass(frozen=True)
class World:
    """One signed-in person of each audience."""

    family: User
    client: User
    staff: User
    ids: dict[str, int]
    """For addresses: client_id, session_id, module_id, relationship_id, active_id, pending_id."""


def settle() -> World:
    """Marcus lets Elena in, Ray waits, Loretta is on hold; sessions, program times and lessons are there."""
    location = make_location(address="41 Water Street", phone="(555) 010-0142")
    program = make_program(location=location)
    track = make_track(program=program)
    make_block(track=track)
    staff = make_staff(*Role, location=location, user=make_user())
    marcus = make_client(location=location, user=make_user())
    make_enrolment(episode=make_episode(client=marcus, program=program), track=track)
    make_care_team_member(marcus, staff)
    elena = make_family_member(user=make_user())
    active = make_signed_consent(client=marcus, family_member=elena, expires_on=date(2026, 8, 30))
    ray = make_family_member(given_name="Ray")
    make_relationship(client=marcus, family_member=ray, code=RelationshipCode.SIBLING)
    pending = make_pending_consent(client=marcus, family_member=ray, scopes={Scope.SESSIONS, Scope.LESSONS})
    _others(location, program, track, staff)
    first = _sessions(location, elena)
    with writing():
        education.load_content(NOW)
    return World(
        family=db.session.get_one(User, elena.user_id),
        client=db.session.get_one(User, marcus.user_id),
        staff=db.session.get_one(User, staff.user_id),
        ids={
            "client_id": marcus.id,
            "session_id": first,
            "module_id": db.session.scalars(select(Module.id).order_by(Module.code)).first() or 0,
            "relationship_id": active.relationship_id,
            "active_id": active.id,
            "pending_id": pending.id,
        },
    )


def _others(location: Location, program: Program, track: Track, staff: StaffMember) -> None:
    for given, family, relative, code in (
        ("Priya", "Sand", "Anil", RelationshipCode.SPOUSE),
        ("Dwayne", "Kerr", "Loretta", RelationshipCode.OTHER_RELATIVE),
        ("Hannah", "Wolf", None, None),
    ):
        client = make_client(location=location, given_name=given, family_name=family)
        make_enrolment(episode=make_episode(client=client, program=program), track=track)
        make_care_team_member(client, staff)
        if relative is None or code is None:
            continue
        member = make_family_member(given_name=relative, family_name=family)
        make_relationship(client=client, family_member=member, code=code)
        signed = make_signed_consent(client=client, family_member=member, expires_on=date(2026, 3, 11))
        if given == "Dwayne":
            with writing():
                holding.hold(consent=db.session.merge(signed), kind=HoldKind.SPOKEN, actor=FACTORY, now=NOW)


def _sessions(location: Location, elena: FamilyMember) -> int:
    near = make_session(location=location, starts_at=NOW + timedelta(days=1, hours=8))
    make_sign_up(session=near, family_member=elena)
    make_session(
        location=location,
        kind=SessionKind.EDUCATION_EVENING,
        title_en="What helps, what does not",
        title_es="Lo que ayuda y lo que no",
        starts_at=NOW + timedelta(days=8, hours=8),
        capacity=4,
    )
    full = make_session(
        location=location,
        title_en="Limits that hold",
        title_es="Límites que se sostienen",
        starts_at=NOW + timedelta(days=15, hours=8),
        capacity=1,
    )
    make_sign_up(session=full)
    return near.id
