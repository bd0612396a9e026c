"""The caller card: a name and a word in, one line out of what may be said."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from portal.consent.rules import Scope
from portal.core import tokens
from portal.disclosure import calls
from portal.people import queries as people
from portal.web import access, signing
from portal.web.pages import Pages
from portal.web.refusal import submitted
from portal.web.terms import SCOPES

pages = Pages()


class CallerForm(FlaskForm):
    """Who is on the line."""

    name = StringField(
        lazy_gettext("Caller's first and last name"),
        [InputRequired(lazy_gettext("Type the name that the caller gives.")), Length(max=170)],
    )
    word = StringField(
        lazy_gettext("Word for the telephone"),
        [InputRequired(lazy_gettext("Ask for the word, then type it.")), Length(max=80)],
        description=lazy_gettext("The caller and the client agreed on it. Never help with it."),
    )


class ToldForm(FlaskForm):
    """What was said, in one call: the same form sent twice is one call."""

    call = HiddenField(default=lambda: tokens.new_token()[:20], validators=[Length(max=40)])
    scopes = SelectMultipleField(
        lazy_gettext("What did you tell?"),
        choices=[SelectChoice(scope.value, text) for scope, text in SCOPES.items()],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )


@pages.form("/calls")
def caller() -> ResponseReturnValue:
    """Name and word in; the answer stands on this page and nowhere else."""
    form = CallerForm()
    if not submitted(form):
        return render_template("staff/calls/caller.html", form=form)
    found = calls.look_up(
        staff=access.staff(),
        name=form.name.data or "",
        word=form.word.data or "",
        key=signing.code_key(),
        actor=access.actor(),
        now=access.now(),
    )
    relationship, held = found or (None, [])
    return render_template(
        "staff/calls/answer.html",
        relationship=relationship,
        scopes=[SCOPES[permit.scope] for permit in held],
        form=_boxes([permit.scope for permit in held]),
    )


@pages.form("/calls/<int:relationship_id>/told")
def told_caller(relationship_id: int) -> ResponseReturnValue:
    """Write down what was said, for the client's list of what was shared."""
    relationship = people.relationship_for(
        staff=access.staff(), relationship_id=relationship_id, now=access.now()
    )
    form = ToldForm()
    if submitted(form):
        chosen = {Scope(code) for code in form.scopes.data or ()}
        calls.told(
            relationship,
            call=form.call.data or tokens.new_token()[:20],
            scopes=chosen,
            actor=access.actor(),
            now=access.now(),
        )
        flash(_("Noted. The client sees it under what was shared."), "good")
        return redirect(url_for(".caller"), 303)
    return render_template("staff/calls/told.html", form=form, relationship=relationship)


def _boxes(scopes: list[Scope]) -> ToldForm:
    """The boxes of what may be said; the fields of the form before are not theirs."""
    form = ToldForm(formdata=None)
    form.scopes.choices = [SelectChoice(scope.value, SCOPES[scope]) for scope in scopes]
    return form
