"""Whom a private session is for. For everybody else it does not exist."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import SelectMultipleField, widgets
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from portal.core.errors import NotFound
from portal.sessions import desk, invited
from portal.web import access
from portal.web.pages import Pages
from portal.web.refusal import submitted

pages = Pages()


class GuestsForm(FlaskForm):
    """Who is invited."""

    people = SelectMultipleField(
        _("Invited"),
        coerce=int,
        option_widget=widgets.CheckboxInput(),
        widget=widgets.ListWidget(prefix_label=False),
    )


@pages.form("/sessions/<int:session_id>/guests")
def guests(session_id: int) -> ResponseReturnValue:
    """Tick who is invited; whoever has a place already keeps it and does not stand here."""
    found = desk.session_for(staff=access.staff(), session_id=session_id, now=access.now())
    if not found.is_private:
        raise NotFound
    possible = desk.people_to_enter(staff=access.staff(), session=found, now=access.now())
    ids = {each.id for each in possible}
    before = {each.id for each in invited.people(found.id)} & ids
    form = GuestsForm(people=sorted(before))
    form.people.choices = [SelectChoice(each.id, each.full_name) for each in possible]
    if submitted(form):
        ticked = set(form.people.data or [])
        invited.invite(
            session_id=found.id,
            family_member_ids=ticked - before,
            actor=access.actor(),
            now=access.now(),
        )
        for each in sorted(before - ticked):
            invited.uninvite(
                session_id=found.id, family_member_id=each, actor=access.actor(), now=access.now()
            )
        flash(gettext("Saved. Nobody is written to by this."), "good")
        return redirect(url_for(".session", session_id=found.id))
    return render_template("staff/sessions/guests.html", form=form, session=found)
