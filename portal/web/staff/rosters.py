"""A session's roster as it is used on the day: on a tablet, on paper, as a file."""

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from portal.core import clock
from portal.core.errors import NotFound
from portal.people.models import Client, FamilyMember
from portal.sessions import desk, planning
from portal.sessions.models import FamilySession
from portal.sessions.queries import RosterRow
from portal.sessions.rules import Attendance
from portal.web import access, ledger, spreadsheet
from portal.web.pages import Pages
from portal.web.refusal import refused
from portal.web.staff.session_forms import ATTENDANCE, SPOKEN, WAYS

pages = Pages()

_STATES = {
    "placed": lazy_gettext("Has a place"),
    "offered": lazy_gettext("Offered"),
    "waitlisted": lazy_gettext("Waiting"),
}

MARKS = [(value, label) for value, label in ATTENDANCE if value]
"""What can be ticked at the door."""


@pages.get("/sessions/<int:session_id>/check-in")
def check_in(session_id: int) -> str:
    """Who is expected, each with large buttons; a tick can be taken back."""
    found, roster = shown(session_id)
    return render_template("staff/rosters/check_in.html", session=found, roster=roster, marks=MARKS)


@pages.post("/sessions/<int:session_id>/people/<int:sign_up_id>/tick")
def tick(session_id: int, sign_up_id: int) -> ResponseReturnValue:
    """Arrived, did not come, called off late; or nothing after all."""
    mine = desk.sign_up_for(
        staff=access.staff(), session_id=session_id, sign_up_id=sign_up_id, now=access.now()
    )
    if not refused():
        planning.record_attendance(
            session_id=session_id, marks={mine.id: _mark()}, actor=access.actor(), now=access.now()
        )
        flash(_("Saved."), "good")
    return redirect(url_for(".check_in", session_id=session_id, _anchor=f"person-{mine.id}"))


@pages.get("/sessions/<int:session_id>/sheet")
def sheet(session_id: int) -> str:
    """The roster for paper; `initials=1` leaves out the names."""
    found, roster = shown(session_id)
    name = initials if request.args.get("initials") else full_name
    return render_template(
        "staff/rosters/sheet.html", session=found, roster=roster, name=name, spoken=dict(SPOKEN)
    )


@pages.get("/sessions/<int:session_id>/roster.csv")
def roster_csv(session_id: int) -> Response:
    """The roster as a file: everybody with a place, then the waitlist in order."""
    found, roster = shown(session_id)
    header = [
        _("Person"),
        _("With"),
        _("State"),
        _("Consent now"),
        _("Language"),
        _("Attendance"),
        _("How they asked"),
    ]
    rows = [_cells(row) for row in roster.seen]
    on = clock.local_date(found.starts_at, found.timezone)
    return spreadsheet.answer(f"roster-{on:%Y-%m-%d}.csv", header, rows)


def shown(session_id: int) -> tuple[FamilySession, desk.Roster]:
    """A session with the part of its roster that this staff member sees, noted as viewed."""
    found = desk.session_for(staff=access.staff(), session_id=session_id, now=access.now())
    roster = desk.roster_for(staff=access.staff(), session=found, now=access.now())
    note_viewed(roster)
    return found, roster


def note_viewed(roster: desk.Roster) -> None:
    """Enter in the audit whose relatives stood on this page."""
    places = [row.sign_up for row in roster.seen]
    for client_id in {each.relationship.client_id for each in places if each.relationship}:
        ledger.viewed(client_id, "roster")


def full_name(person: FamilyMember | Client) -> str:
    """The name as paper shows it."""
    return person.full_name


def initials(person: FamilyMember | Client) -> str:
    """ "E. D.", for paper that lies on a table."""
    return f"{person.given_name[:1]}. {person.family_name[:1]}."


def _mark() -> Attendance | None:
    """What was ticked; empty takes a tick back. Raises NotFound for anything else."""
    ticked = request.form.get("mark", "")
    if ticked and ticked not in set(Attendance):
        raise NotFound
    return Attendance(ticked) if ticked else None


def _cells(row: RosterRow) -> list[object]:
    mine = row.sign_up
    client = mine.relationship.client.short_name if mine.relationship else _("Open to all")
    return [
        mine.family_member.full_name,
        client,
        _STATES[mine.state],
        _("Usable") if row.is_consent_usable else _("Not usable now"),
        dict(SPOKEN).get(mine.family_member.language, mine.family_member.language),
        dict(ATTENDANCE)[mine.attendance or ""] if mine.attendance else "",
        dict(WAYS).get(mine.way_of_contact, "") if mine.way_of_contact else "",
    ]
