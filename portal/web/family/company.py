"""Who comes with me, and what I need: companions, an interpreter, access."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from portal.core.errors import NotFound
from portal.sessions import companions, entering, queries, service
from portal.sessions.models import SignUp
from portal.sessions.queries import Seen
from portal.sessions.rules import AccessNeed, Interpreter
from portal.web import access
from portal.web.family.sessions import shown
from portal.web.pages import Pages
from portal.web.refusal import refused, submitted

pages = Pages()

INTERPRETERS = [
    ("", _("No interpreter")),
    (Interpreter.SPANISH.value, _("Spanish")),
    (Interpreter.ENGLISH.value, _("English")),
    (Interpreter.SIGN_LANGUAGE.value, _("Sign language")),
    (Interpreter.OTHER.value, _("Another language: call me")),
]
NEEDS = [
    ("", _("Nothing special")),
    (AccessNeed.STEP_FREE.value, _("A way without steps")),
    (AccessNeed.HEARING.value, _("Help with hearing")),
    (AccessNeed.SIGHT.value, _("Help with seeing")),
    (AccessNeed.OTHER.value, _("Something else: call me")),
]


class BringForm(FlaskForm):
    """Who comes along."""

    name = StringField(
        _("First and last name"),
        validators=[InputRequired(_("The name is empty. Type it.")), Length(max=161)],
    )
    is_minor = BooleanField(_("This person is under 18, and I am responsible for them"))


class NeedsForm(FlaskForm):
    """An interpreter, or help with access; both from fixed lists."""

    interpreter = SelectField(_("Interpreter"), choices=INTERPRETERS)
    access_need = SelectField(_("Access"), choices=NEEDS)


@pages.form("/sessions/<int:session_id>/bring")
def bring(session_id: int) -> ResponseReturnValue:
    """Add somebody who comes along; each needs a permission of their own."""
    seen, form = _own_place(session_id), BringForm()
    if not seen.session.companions or seen.own_state != "placed":
        raise NotFound
    if submitted(form):
        companions.bring(
            sign_up_id=_mine(seen).id,
            name=form.name.data or "",
            is_minor=bool(form.is_minor.data),
            actor=access.actor(),
            now=access.now(),
        )
        flash(gettext("Added. There is a place for this person, too."), "good")
        return redirect(url_for(".session", session_id=session_id))
    return render_template(
        "family/sessions/bring.html", form=form, seen=shown([seen])[0], session=seen.session
    )


@pages.post("/sessions/<int:session_id>/brought/<int:sign_up_id>/remove")
def take_back(session_id: int, sign_up_id: int) -> ResponseReturnValue:
    """The person does not come along after all; my own place stays."""
    seen = _own_place(session_id)
    other = companions.one_brought(brought_by_id=_mine(seen).id, sign_up_id=sign_up_id)
    if not refused():
        service.give_up(sign_up_id=other.id, actor=access.actor(), now=access.now())
        flash(gettext("Done. Your own place stays."), "good")
    return redirect(url_for(".session", session_id=session_id))


@pages.form("/sessions/<int:session_id>/needs")
def needs(session_id: int) -> ResponseReturnValue:
    """Ask for an interpreter or for help with access."""
    seen = _own_place(session_id)
    mine = _mine(seen)
    form = NeedsForm(data={"interpreter": mine.interpreter or "", "access_need": mine.access_need or ""})
    if submitted(form):
        entering.need(
            mine,
            interpreter=Interpreter(form.interpreter.data) if form.interpreter.data else None,
            access_need=AccessNeed(form.access_need.data) if form.access_need.data else None,
            actor=access.actor(),
            now=access.now(),
        )
        flash(gettext("Saved. The office sees to it."), "good")
        return redirect(url_for(".session", session_id=session_id))
    return render_template(
        "family/sessions/needs.html", form=form, seen=shown([seen])[0], session=seen.session
    )


def _own_place(session_id: int) -> Seen:
    return queries.own_place(
        family_member_id=access.family_member().id, session_id=session_id, now=access.now()
    )


def _mine(seen: Seen) -> SignUp:
    if seen.own is None:
        raise NotFound
    return seen.own
