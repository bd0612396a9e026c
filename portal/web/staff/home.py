"""The first page of staff: what needs you, and today's sessions."""

from datetime import datetime, timedelta

from flask import render_template
from sqlalchemy import select

from portal.consent import queries as consents
from portal.core import clock
from portal.core.db import db
from portal.oversight import queries as tasks
from portal.people import queries as people
from portal.people.models import StaffMember
from portal.reports.caseload import Row, Step, caseload
from portal.reports.consents import Badge
from portal.sessions.models import FamilySession, SessionState
from portal.web import access
from portal.web.pages import Pages

pages = Pages()


@pages.get("/")
def home() -> str:
    """Counts that lead somewhere; administrators and the privacy office find their own doors."""
    lines = caseload(staff=access.staff(), now=access.now())
    return render_template(
        "staff/home/home.html",
        counts=counts(lines),
        scans=len(consents.listed(staff=access.staff(), name="scan_due", now=access.now())),
        talk=[line.client for line in lines if line.step is Step.TALK],
        sessions=todays_sessions(access.staff(), lines, access.now()),
        tasks=tasks.open_count(staff=access.staff(), now=access.now()),
        has_clients=bool(access.viewer().roles & {access.T, access.C}),
    )


def counts(lines: list[Row]) -> dict[str, int]:
    """How many consents wait for a signature, people for an invitation, consents for renewal."""
    everybody = [person for line in lines for person in line.people if not line.client.no_family_contact]
    return {
        "to_sign": sum(person.standing.is_waiting for person in everybody),
        "to_invite": sum(
            person.may_be_invited and person.invitation is not None and person.invitation.sent_at is None
            for person in everybody
        ),
        "ends_soon": sum(person.standing.badge is Badge.ENDS_SOON for person in everybody),
    }


def todays_sessions(staff: StaffMember, lines: list[Row], now: datetime) -> list[FamilySession]:
    """The published sessions that begin today at the staff member's locations, in order."""
    places = {*people.locations_of(staff), *(line.client.location_id for line in lines)}
    query = (
        select(FamilySession)
        .where(
            FamilySession.location_id.in_(places),
            FamilySession.state == SessionState.PUBLISHED,
            FamilySession.starts_at >= now - timedelta(days=1),
            FamilySession.starts_at < now + timedelta(days=1),
        )
        .order_by(FamilySession.starts_at, FamilySession.id)
    )
    return [one for one in db.session.scalars(query) if _is_today(one, now)]


def _is_today(session: FamilySession, now: datetime) -> bool:
    zone = session.timezone
    return clock.local_date(session.starts_at, zone) == clock.local_date(now, zone)
