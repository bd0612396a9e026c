"""Who is to be called because no mail reaches them in time, on screen and on paper."""

from collections.abc import Iterable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from portal.sessions import calls
from portal.sessions.calls import CallList
from portal.sessions.reach import ChangeKind, Reach
from portal.web import access, ledger
from portal.web.pages import Pages
from portal.web.refusal import refused
from portal.web.staff.session_forms import SPOKEN
from portal.workflows import called as calling

pages = Pages()

NEWS = {
    ChangeKind.MOVED: _("Moved"),
    ChangeKind.CANCELLED: _("Cancelled"),
    ChangeKind.HELD_AGAIN: _("Takes place after all"),
}
WHY = {
    Reach.NO_ADDRESS: _("No confirmed e-mail address"),
    Reach.NOT_CHOSEN: _("Did not choose e-mails about places"),
    Reach.NOT_ARRIVED: _("The e-mail did not arrive for certain"),
    Reach.TOO_LATE: _("Too late for an e-mail"),
    Reach.NOT_MAILED: _("Nobody wrote"),
    Reach.ANSWERED: _("Answered already"),
    Reach.MAILED: _("E-mail sent"),
    Reach.ON_ITS_WAY: _("E-mail on its way"),
}
SAID = {
    "told": _("Told"),
    "comes": _("Can come"),
    "cannot_come": _("Cannot come"),
}
ASKED = {
    ChangeKind.MOVED: ("comes", "cannot_come", "told"),
    ChangeKind.CANCELLED: ("told",),
    ChangeKind.HELD_AGAIN: ("comes", "cannot_come", "told"),
}
"""What can be ticked: a change of time asks "Can you still come?"."""


@pages.get("/call-lists")
def call_lists() -> str:
    """The changes of the last two weeks, each with how many are still to be called."""
    lists = calls.recent(staff=access.staff(), now=access.now())
    return render_template("staff/call_lists/list.html", lists=lists, news=NEWS)


@pages.get("/call-lists/<int:change_id>")
def call_list(change_id: int) -> str:
    """Everybody to be called about one change; it prints as it stands."""
    found = calls.call_list(staff=access.staff(), change_id=change_id, now=access.now())
    note_viewed([found])
    return render_template("staff/call_lists/one.html", call_list=found, **WORDS)


@pages.post("/call-lists/<int:change_id>/<int:telling_id>/called")
def called(change_id: int, telling_id: int) -> ResponseReturnValue:
    """Tick somebody off, with what they said."""
    _check(change_id, telling_id)
    if not refused():
        calling.called(
            change_id=change_id,
            telling_id=telling_id,
            answer=request.form.get("answer", ""),
            actor=access.actor(),
            now=access.now(),
        )
        flash(gettext("Ticked off."), "good")
    return redirect(url_for(".call_list", change_id=change_id))


@pages.post("/call-lists/<int:change_id>/<int:telling_id>/not-called")
def not_called(change_id: int, telling_id: int) -> ResponseReturnValue:
    """Take the tick back."""
    _check(change_id, telling_id)
    if not refused():
        calling.not_called(change_id=change_id, telling_id=telling_id, actor=access.actor(), now=access.now())
        flash(gettext("The tick is taken back."), "good")
    return redirect(url_for(".call_list", change_id=change_id))


def note_viewed(lists: Iterable[CallList]) -> None:
    """Enter in the audit whose relatives stood on this page."""
    rows = [line.sign_up for each in lists for line in (*each.to_call, *each.called, *each.reached)]
    for client_id in {row.relationship.client_id for row in rows if row.relationship}:
        ledger.viewed(client_id, "call_list")


def _check(change_id: int, telling_id: int) -> None:
    """Raises NotFound for a person whom this staff member does not see."""
    calls.seen_line(staff=access.staff(), change_id=change_id, telling_id=telling_id, now=access.now())


WORDS = {"news": NEWS, "why": WHY, "said": SAID, "asked": ASKED, "spoken": dict(SPOKEN)}
"""What the templates of call lists say, for pages that show several."""
