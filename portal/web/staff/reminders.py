"""What mail a relative still gets, and why not: each rule with its answer, for the client's team."""

from flask import current_app, render_template
from flask_babel import lazy_gettext as _

from portal.core.errors import NotFound
from portal.people import queries as people
from portal.reminders import why
from portal.reminders.rules import Verdict
from portal.web import access, ledger
from portal.web.mail_words import STATES, reason
from portal.web.pages import Pages

pages = Pages()

KINDS = {
    "session_reminder": _("Reminders of family sessions"),
    "program_time_reminder": _("The day before a program time"),
    "weekly_digest": _("The week in numbers, on Sunday"),
    "lesson_nudge": _("A word about an unread lesson"),
}
RULES = {
    "permission": (_("The client's permission covers it."), _("The client's permission does not cover it.")),
    "opted_in": (_("The person switched this kind on."), _("The person has not switched this kind on.")),
    "address": (_("There is an e-mail address."), _("There is no e-mail address for these mails.")),
    "confirmed": (_("The address is confirmed."), _("The address is not confirmed by its link yet.")),
    "not_suspended": (
        _("The address takes mail."),
        _("The mail server refused this address, so nothing more goes there."),
    ),
    "place": (
        _("The person has a place in a session of the next days."),
        _("The person has no place in a session of the next days."),
    ),
    "entry": (
        _("The program schedule has a time in the next days."),
        _("The program schedule has no time in the next days."),
    ),
    "week": (_("The week holds something."), _("The week holds nothing, or was told already.")),
    "lesson": (_("A lesson lies unread."), _("No lesson lies unread.")),
    "not_quiet": (
        _("It is not night where the person is."),
        _("It is night where the person is: what is late waits for the morning."),
    ),
    "worker": (
        _("The worker does its rounds."),
        _("The worker stands still: call whoever looks after the server."),
    ),
}
"""Rule → what is said when it lets the mail through, and when not."""
VERDICTS = {
    Verdict.COMING: _("Will be sent"),
    Verdict.TOLD: _("Was told"),
    Verdict.JUST_BOOKED: _("Left out: booked or moved less than two hours before"),
    Verdict.OVERTAKEN: _("Left out: a later one tells the same"),
    Verdict.TOO_LATE: _("Left out: too close to the start"),
}


@pages.get("/clients/<int:client_id>/family/<int:relationship_id>/reminders")
def reminders(client_id: int, relationship_id: int) -> str:
    """The very functions that the worker uses, for one relative of one client."""
    found = people.relationship_for(staff=access.staff(), relationship_id=relationship_id, now=access.now())
    if found.client_id != client_id:
        raise NotFound
    ledger.viewed(found.client_id, "reminders")
    return render_template(
        "staff/clients/reminders.html",
        one=found,
        every=why.reasons(relationship=found, address_key=current_app.config["SECRET_KEY"], now=access.now()),
        kinds=KINDS,
        rules=RULES,
        verdicts=VERDICTS,
        states=STATES,
        reason=reason,
    )
