"""What the office's pages send: statements that must not grow with families, sessions or sign-ups."""

from dataclasses import dataclass
from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from bench.fill import FIRST_ID
from bench.floor import cpu_ms, wsgi_call
from bench.pages import cookie, statements
from portal.accounts.models import Audience, User
from portal.core import clock
from portal.core.db import db, reading, writing
from portal.education import service as education
from portal.education.models import Assignment, Module
from portal.people.models import CareTeamMember, Role, StaffMember, StaffRole
from portal.sessions.models import FamilySession

CALLS = 5
FAMILIES = 200
"""As many of them as there are."""


@dataclass(frozen=True)
class OfficeCost:
    """One page of the office: how many statements, and CPU milliseconds."""

    page: str
    statements: int
    cpu_ms: float


def measure(app: Flask, clients: int) -> list[OfficeCost]:
    """The office's pages at this size; progress with a tenth of the families, then with all."""
    all_families = min(FAMILIES, clients)
    with app.app_context():
        few = _therapist(app, 1, all_families // 10)
        many = _therapist(app, 2, all_families)
        _pick_lessons(all_families)
        with reading():
            ahead = db.session.scalars(
                select(FamilySession.id).where(FamilySession.starts_at > clock.now()).limit(1)
            ).one()
        db.session.remove()
    return [
        _cost(app, f"progress of {all_families // 10} families", "/staff/lessons/progress", few),
        _cost(app, f"progress of {all_families} families", "/staff/lessons/progress", many),
        _cost(app, "session list", "/staff/sessions", many),
        _cost(app, "roster", f"/staff/sessions/{ahead}/roster", many),
        _cost(app, "week of a client", f"/staff/clients/{FIRST_ID}/schedule", many),
    ]


def card_page(app: Flask, family_member_id: int) -> str:
    """The address of the first card of a lesson that this person has begun."""
    with app.app_context():
        with writing():
            module = db.session.scalars(select(Module).order_by(Module.position).limit(1)).one()
            newest = max(module.versions, key=lambda version: version.number)
            education.start(
                family_member_id=family_member_id,
                module_id=module.id,
                version_id=newest.id,
                now=clock.now(),
            )
            address = f"/learn/{module.id}/1"
        db.session.remove()
    return address


def _cost(app: Flask, page: str, path: str, headers: dict[str, str]) -> OfficeCost:
    call = wsgi_call(app, path, headers)
    status, _body = call()
    assert status == 200, f"{path} answered {status}"
    with app.app_context():
        engine = db.engine
    return OfficeCost(page, statements(engine, call), cpu_ms(call, CALLS))


def _therapist(app: Flask, number: int, families: int) -> dict[str, str]:
    """The cookie of a therapist and coordinator whose care teams these many clients are."""
    now = clock.now()
    with writing():
        user = User(sign_in_name=f"staff{number}@mail.example", passphrase_hash="!", created_at=now)
        staff = StaffMember(
            user=user, given_name="Staff", family_name="Dole", email=user.sign_in_name, created_at=now
        )
        staff.roles = [StaffRole(role=Role.THERAPIST)]
        db.session.add(staff)
        db.session.flush()
        db.session.add_all(
            CareTeamMember(client_id=FIRST_ID + n, staff_id=staff.id, from_at=now - timedelta(days=9))
            for n in range(families)
        )
        return cookie(app, user, Audience.STAFF, now)


def _pick_lessons(families: int) -> None:
    """Two lessons for one relative of each family."""
    with writing():
        staff_id = db.session.scalars(select(StaffMember.id).limit(1)).one()
        modules = db.session.scalars(select(Module.id).order_by(Module.position).limit(2)).all()
        db.session.add_all(
            Assignment(
                relationship_id=FIRST_ID + n,
                module_id=module_id,
                assigned_by_id=staff_id,
                created_at=clock.now(),
            )
            for n in range(families)
            for module_id in modules
        )
