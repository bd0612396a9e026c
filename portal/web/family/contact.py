"""Tell the team something: one way, with the urgent lines first."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from portal.oversight import messages
from portal.web import access
from portal.web.pages import Pages
from portal.web.refusal import submitted

pages = Pages()


class TellForm(FlaskForm):
    """What somebody wants the team to know."""

    body = TextAreaField(
        lazy_gettext("What should the team know?"),
        [
            InputRequired(lazy_gettext("Nothing is written yet. Write a few words, then send.")),
            Length(
                max=messages.LONGEST, message=lazy_gettext("This is long. Keep it under 2,000 characters.")
            ),
        ],
    )
    call_back = StringField(
        lazy_gettext("Number to call you back (if you want a call)"),
        [Length(max=40)],
    )


@pages.form("/help/contact")
def tell_the_team() -> ResponseReturnValue:
    """One way in. What becomes of it stands above the form."""
    form = TellForm()
    if submitted(form):
        messages.tell(
            family_member=access.family_member(),
            body=form.body.data or "",
            call_back=form.call_back.data or "",
            actor=access.actor(),
            now=access.now(),
        )
        flash(_("The team has it. Somebody reads it on the next working day."), "good")
        return redirect(url_for(".more"), 303)
    return render_template("family/contact.html", form=form)
