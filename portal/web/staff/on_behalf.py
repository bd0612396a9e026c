"""What staff do for the people of a session: enter, free, give out of turn, decide on a request."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from portal.core.errors import Refused
from portal.sessions import approvals, beyond, desk, planning, promises, service
from portal.sessions.models import FamilySession, SignUp
from portal.sessions.rules import AccessNeed, Attendance, Interpreter
from portal.web import access
from portal.web.pages import Pages
from portal.web.refusal import refused, submitted
from portal.web.staff.rosters import note_viewed
from portal.web.staff.session_forms import (
    ACCESS_NEEDS,
    ATTENDANCE,
    INTERPRETERS,
    WAYS,
    BeyondForm,
    DeclineForm,
    EnterForm,
    GivePlaceForm,
)

pages = Pages()


@pages.form("/sessions/<int:session_id>/roster")
def roster(session_id: int) -> ResponseReturnValue:
    """Who comes, whether their consent is usable now, who was there."""
    found = _session(session_id)
    form = FlaskForm()
    shown = desk.roster_for(staff=access.staff(), session=found, now=access.now())
    if submitted(form):
        marks = {row.sign_up.id: _mark(row.sign_up.id) for row in shown.placed}
        planning.record_attendance(session_id=found.id, marks=marks, actor=access.actor(), now=access.now())
        flash(_("Saved."), "good")
        return redirect(url_for(".roster", session_id=found.id))
    note_viewed(shown)
    return render_template(
        "staff/sessions/roster.html",
        form=form,
        session=found,
        roster=shown,
        promised=promises.given_for(found),
        asks_promise=promises.is_asked(found),
        attendance=ATTENDANCE,
        ways=dict(WAYS),
        give_form=GivePlaceForm(),
        beyond_form=BeyondForm(),
        decline_form=DeclineForm(),
        interpreters=dict(INTERPRETERS),
        access_needs=dict(ACCESS_NEEDS),
    )


@pages.form("/sessions/<int:session_id>/enter")
def enter_person(session_id: int) -> ResponseReturnValue:
    """Sign somebody up on their behalf: a place, or a turn in line."""
    found = _session(session_id)
    choices = desk.people_to_enter(staff=access.staff(), session=found, now=access.now())
    form = EnterForm()
    form.family_member_id.choices = [(each.id, each.full_name) for each in choices]
    if submitted(form):
        made = service.sign_up(
            session_id=found.id,
            family_member_id=form.family_member_id.data,
            staff_id=access.staff().id,
            way_of_contact=form.way_of_contact.data,
            interpreter=Interpreter(form.interpreter.data) if form.interpreter.data else None,
            access_need=AccessNeed(form.access_need.data) if form.access_need.data else None,
            actor=access.actor(),
            now=access.now(),
        )
        flash(
            _("The place is saved.")
            if made.state == "placed"
            else _("All places are taken: on the waitlist."),
            "good",
        )
        return redirect(url_for(".roster", session_id=found.id))
    return render_template("staff/sessions/enter.html", form=form, session=found)


@pages.post("/sessions/<int:session_id>/people/<int:sign_up_id>/remove")
def give_up_for(session_id: int, sign_up_id: int) -> ResponseReturnValue:
    """Somebody called: they cannot come."""
    mine = _sign_up(session_id, sign_up_id)
    if not refused():
        service.give_up(sign_up_id=mine.id, actor=access.actor(), now=access.now())
        flash(_("Done. The next person in line is offered the place, if somebody waits."), "good")
    return redirect(url_for(".roster", session_id=session_id))


@pages.post("/sessions/<int:session_id>/people/<int:sign_up_id>/promise")
def promise_on_paper(session_id: int, sign_up_id: int) -> ResponseReturnValue:
    """Somebody without an account gave the group's promise on paper or in the room."""
    mine = _sign_up(session_id, sign_up_id)
    promises.give(
        session_id=session_id,
        family_member_id=mine.family_member_id,
        actor=access.actor(),
        now=access.now(),
    )
    flash(_("Recorded: the promise is given."), "good")
    return redirect(url_for(".roster", session_id=session_id))


@pages.post("/sessions/<int:session_id>/people/<int:sign_up_id>/place")
def give_place(session_id: int, sign_up_id: int) -> ResponseReturnValue:
    """Give a free place out of turn; who waits before them is noted as passed over."""
    chosen = _sign_up(session_id, sign_up_id)
    form = GivePlaceForm()
    if submitted(form):
        service.give_place(
            sign_up_id=chosen.id, reason=form.reason.data, actor=access.actor(), now=access.now()
        )
        flash(_("The place is saved."), "good")
    refused()
    return redirect(url_for(".roster", session_id=session_id))


@pages.post("/sessions/<int:session_id>/people/<int:sign_up_id>/beyond")
def place_beyond(session_id: int, sign_up_id: int) -> ResponseReturnValue:
    """Give a place beyond the number there is, with a reason."""
    chosen = _sign_up(session_id, sign_up_id)
    if not refused():
        reason = request.form.get("reason", "")
        beyond.give(sign_up_id=chosen.id, reason=reason, actor=access.actor(), now=access.now())
        flash(_("The place is saved, beyond the number there is."), "good")
    return redirect(url_for(".roster", session_id=session_id))


@pages.post("/sessions/<int:session_id>/people/<int:sign_up_id>/approve")
def approve_request(session_id: int, sign_up_id: int) -> ResponseReturnValue:
    """Say yes to a request: a place, or a turn in line."""
    asked = _sign_up(session_id, sign_up_id)
    if not refused():
        made = approvals.approve(sign_up_id=asked.id, actor=access.actor(), now=access.now())
        flash(
            _("The place is saved.")
            if made.state == "placed"
            else _("All places are taken: on the waitlist."),
            "good",
        )
    return redirect(url_for(".roster", session_id=session_id))


@pages.post("/sessions/<int:session_id>/people/<int:sign_up_id>/decline")
def decline_request(session_id: int, sign_up_id: int) -> ResponseReturnValue:
    """Say no to a request, with a reason for staff alone."""
    asked = _sign_up(session_id, sign_up_id)
    if not refused():
        reason = request.form.get("reason", "")
        approvals.decline(sign_up_id=asked.id, reason=reason, actor=access.actor(), now=access.now())
        flash(_("Declined. The person reads that the office will help; call them."), "good")
    return redirect(url_for(".roster", session_id=session_id))


def _session(session_id: int) -> FamilySession:
    return desk.session_for(staff=access.staff(), session_id=session_id, now=access.now())


def _sign_up(session_id: int, sign_up_id: int) -> SignUp:
    return desk.sign_up_for(
        staff=access.staff(), session_id=session_id, sign_up_id=sign_up_id, now=access.now()
    )


def _mark(sign_up_id: int) -> Attendance | None:
    ticked = request.form.get(f"attendance-{sign_up_id}", "")
    if ticked and ticked not in set(Attendance):
        raise Refused("choose_a_reason")
    return Attendance(ticked) if ticked else None
