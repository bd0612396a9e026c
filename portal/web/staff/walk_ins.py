"""Somebody at the door: find them, add them, or say the words that confirm nothing."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from portal.core.errors import NotFound
from portal.sessions import at_the_door, desk
from portal.sessions.at_the_door import Found
from portal.sessions.models import FamilySession
from portal.sessions.rules import SignUpState
from portal.web import access, ledger
from portal.web.pages import Pages
from portal.web.refusal import refused, submitted
from portal.web.staff.session_forms import BEYOND, NEEDED
from portal.workflows import walked_in

pages = Pages()


class DoorForm(FlaskForm):
    """The name that somebody at the door says."""

    name = StringField(_("Name"), validators=[InputRequired(NEEDED), Length(min=2, max=80)])


@pages.form("/sessions/<int:session_id>/walk-in")
def walk_in(session_id: int) -> ResponseReturnValue:
    """Look for a name; the answer for nobody is the same whatever the cause."""
    found = _session(session_id)
    form = DoorForm()
    people: list[Found] | None = None
    if submitted(form):
        people = at_the_door.find(
            staff=access.staff(), session=found, typed=form.name.data or "", now=access.now()
        )
        for client_id in {each.id for one in people for each in one.clients}:
            ledger.viewed(client_id, "walk_in")
    taken = desk.roster_for(staff=access.staff(), session=found, now=access.now()).taken
    return render_template(
        "staff/walk_ins/walk_in.html",
        form=form,
        session=found,
        people=people,
        is_full=taken >= found.capacity,
        reasons=BEYOND,
    )


@pages.post("/sessions/<int:session_id>/walk-in/<int:family_member_id>")
def add_walk_in(session_id: int, family_member_id: int) -> ResponseReturnValue:
    """Add somebody and tick "arrived"; a usable consent is asked for once more."""
    found = _session(session_id)
    may_enter = desk.people_to_enter(staff=access.staff(), session=found, now=access.now())
    if family_member_id not in {each.id for each in may_enter}:
        raise NotFound
    if refused():
        return redirect(url_for(".walk_in", session_id=session_id))
    mine = walked_in.walk_in(
        session_id=session_id,
        family_member_id=family_member_id,
        reason=request.form.get("reason", ""),
        staff_id=access.staff().id,
        actor=access.actor(),
        now=access.now(),
    )
    flash(_said(mine.state), "good")
    return redirect(url_for(".check_in", session_id=session_id, _anchor=f"person-{mine.id}"))


def _said(state: SignUpState) -> str:
    if state is SignUpState.PLACED:
        return gettext("Added, and marked as arrived.")
    return gettext("All places are taken: on the waitlist.")


def _session(session_id: int) -> FamilySession:
    return desk.session_for(staff=access.staff(), session_id=session_id, now=access.now())
