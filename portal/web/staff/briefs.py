"""The therapist's brief before a session, on screen and on paper."""

from flask import render_template
from flask_babel import lazy_gettext as _

from portal.education.rules import Standing
from portal.reports import brief as briefs
from portal.sessions.overlap import What
from portal.sessions.rules import ClientAnswer
from portal.web import access, language, ledger
from portal.web.pages import Pages
from portal.web.staff.session_forms import ACCESS_NEEDS, INTERPRETERS, SPOKEN

pages = Pages()

STANDINGS = {
    Standing.NOT_STARTED: _("Not begun"),
    Standing.READING: _("Begun"),
    Standing.DONE: _("Read"),
}
ANSWERS = {
    ClientAnswer.ASKED: _("Has not answered yet"),
    ClientAnswer.AGREED: _("Takes part"),
    ClientAnswer.DECLINED: _("Does not take part"),
}
OVERLAPS = {
    What.PROGRAM: _("Program time"),
    What.APPOINTMENT: _("Appointment"),
    What.SESSION: _("Another family session"),
    What.CLOSURE: _("The location is closed"),
}


@pages.get("/sessions/<int:session_id>/brief")
def session_brief(session_id: int) -> str:
    """Who comes, what they need, what they read and chose to share, and what is in the way."""
    found = briefs.of_session(
        staff=access.staff(), session_id=session_id, now=access.now(), language=language.current()
    )
    rows = [each.row.sign_up for each in found.guests]
    for client_id in {each.relationship.client_id for each in rows if each.relationship}:
        ledger.viewed(client_id, "brief")
    return render_template(
        "staff/briefs/brief.html",
        brief=found,
        session=found.session,
        standings=STANDINGS,
        answers=ANSWERS,
        overlaps=OVERLAPS,
        interpreters=dict(INTERPRETERS),
        access_needs=dict(ACCESS_NEEDS),
        spoken=dict(SPOKEN),
    )
