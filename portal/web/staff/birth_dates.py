"""Correct a client's birth date, with what follows for the consents."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField
from wtforms.validators import InputRequired

from portal.people import queries as people
from portal.web import access
from portal.web.birth_date import BirthDateField
from portal.web.pages import Pages
from portal.web.refusal import submitted
from portal.web.staff.intake_forms import EARLIEST_BIRTH
from portal.workflows import birth_date_corrected

pages = Pages()


class BirthDateForm(FlaskForm):
    """The right date, and a tick."""

    birth_on = BirthDateField(lazy_gettext("Birth date"))
    sure = BooleanField(
        lazy_gettext("I have seen a document with this date"),
        [InputRequired(lazy_gettext("The box is empty. Tick it only if you have seen the date."))],
    )

    def validate_birth_on(self, field: BirthDateField) -> None:
        """Three numbers that make a day somebody alive can be born on."""
        if field.data is None or field.data < EARLIEST_BIRTH:
            field.errors = [_("Type the birth date as three numbers, such as 5, 17 and 1990.")]


@pages.form("/clients/<int:client_id>/birth-date")
def correct_birth_date(client_id: int) -> ResponseReturnValue:
    """The date on file was wrong."""
    client = people.client_for(staff=access.staff(), client_id=client_id, now=access.now())
    form = BirthDateForm(birth_on=client.birth_on)
    if submitted(form):
        assert form.birth_on.data
        effects = birth_date_corrected.correct(
            client=client, birth_on=form.birth_on.data, actor=access.actor(), now=access.now()
        )
        flash(_said(effects["lapsed"] + effects["in_error"]), "good")
        return redirect(url_for(".client", client_id=client_id))
    return render_template("staff/clients/birth_date.html", client=client, form=form)


def _said(ended: int) -> str:
    if ended:
        return _("The date is corrected. Consents that miss a signature have ended: prepare new ones.")
    return _("The date is corrected. Each consent has the signatures it needs.")
