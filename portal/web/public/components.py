"""Every part of the pages in every state, for those who build them. Only in a demo."""

from datetime import timedelta

from flask import current_app, render_template
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    widgets,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from portal.core.errors import NotFound
from portal.web.access import now
from portal.web.birth_date import BirthDateField
from portal.web.pages import Pages

pages = Pages()

WAYS = [
    SelectChoice("email", _("By e-mail")),
    SelectChoice("phone", _("By phone")),
    SelectChoice("none", _("Not at all")),
]


class SpecimenForm(FlaskForm):
    """One field of each kind."""

    name = StringField(_("Your name"))
    passphrase = PasswordField(_("Passphrase"))
    born = BirthDateField(_("Birth date"))
    day = DateField(_("Day"))
    way = RadioField(_("How may we reach you?"), choices=WAYS)
    items = SelectMultipleField(
        _("What you want to hear about"),
        choices=WAYS[:2],
        option_widget=widgets.CheckboxInput(),
        widget=widgets.ListWidget(prefix_label=False),
    )
    language = SelectField(
        _("Language"), choices=[SelectChoice("en", "English"), SelectChoice("es", "Español")]
    )
    text = TextAreaField(_("What should we know?"))
    agree = BooleanField(_("I agree"))


@pages.get("/dev/components")
def components() -> str:
    """The parts, twice where they have an error state. 404 outside a demo."""
    if not current_app.extensions["settings"].is_demo:
        raise NotFound
    good, bad = SpecimenForm(formdata=None, prefix="good"), SpecimenForm(formdata=None, prefix="bad")
    for field in bad:
        field.errors = [_("Choose an answer, or skip this question.")]
    bad.form_errors.append(_("Someone took the last place a moment ago. You can join the waitlist."))
    today = now().date()
    week = [{"on": today + timedelta(days=day), "entries": _entries(day)} for day in range(7)]
    return render_template("public/components.html", good=good, bad=bad, week=week, today=today)


def _entries(day: int) -> list[dict[str, object]]:
    program = {"text": _("Program time, 5:30 to 8:30 pm"), "note": None, "own": False, "href": None}
    own = {"text": _("Talking when it is hard"), "note": _("You have a place"), "own": True, "href": "#days"}
    return {0: [program], 1: [program, own], 3: [own]}.get(day, [])
