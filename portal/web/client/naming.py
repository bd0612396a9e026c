"""Name a person alone: who they are, what they are to the client, how the office reaches them."""

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import EmailField, SelectField, StringField, TelField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, Email, InputRequired, Length, Optional

from portal.people.models import RelationshipCode
from portal.web import access, language
from portal.web.pages import Pages
from portal.web.refusal import submitted
from portal.web.terms import RELATIONS
from portal.workflows import person_named
from portal.workflows.person_named import Named

pages = Pages()

_too_long = Length(max=80, message=_("This name is too long. Use at most 80 letters."))


class PersonForm(FlaskForm):
    """One person; e-mail and phone may stay empty."""

    given_name = StringField(_("First name"), [DataRequired(_("Type the person's first name.")), _too_long])
    family_name = StringField(_("Last name"), [DataRequired(_("Type the person's last name.")), _too_long])
    relation = SelectField(
        _("What is this person to you?"),
        [InputRequired(_("Nothing is chosen. Choose what this person is to you."))],
        choices=[SelectChoice("", ""), *(SelectChoice(code.value, text) for code, text in RELATIONS.items())],
    )
    email = EmailField(
        _("Their e-mail"),
        [
            Optional(),
            Email(
                message=_(
                    "This does not look like an e-mail address. Type it again, such as ana@mail.example."
                )
            ),
            Length(max=254),
        ],
    )
    phone = TelField(
        _("Their phone"), [Length(max=40, message=_("This phone number is too long. Check it."))]
    )

    def content(self) -> Named:
        """What was typed, for the workflow."""
        return Named(
            given_name=self.given_name.data or "",
            family_name=self.family_name.data or "",
            code=RelationshipCode(self.relation.data),
            email=self.email.data,
            phone=self.phone.data,
        )


@pages.form("/people/new")
def name_person() -> ResponseReturnValue:
    """Name somebody, then go on to what they may see; nothing is shared by this."""
    form = PersonForm()
    if submitted(form):
        consent = person_named.add(
            client=access.client(),
            person=form.content(),
            language=language.current(),
            actor=access.actor(),
            now=access.now(),
        )
        return redirect(url_for(".sign", consent_id=consent.id))
    return render_template("client/people/new.html", form=form)
