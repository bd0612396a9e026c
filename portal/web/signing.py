"""The four steps of signing: who, what, until when, read and sign.

Shared by the client's own pages and the desk's tablet; each step is a page, so that the
way back works and no script is needed. What is chosen is kept in the unsigned consent.
"""

from collections.abc import Mapping
from datetime import date
from typing import NoReturn

from flask import abort, current_app, redirect, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from portal.consent import preparing, rules, standing, texts, wording
from portal.consent.models import Consent, SigningMethod
from portal.consent.rules import GuardianBasis, Scope
from portal.core import clock
from portal.core.actor import Actor
from portal.web import access, language
from portal.web.dates import full_date
from portal.web.scopes import BOXES
from portal.workflows import consent_signed
from portal.workflows.consent_signed import Guardian

MONTHS_OFFERED = (1, 3, 6, 12)
CHOICES = [SelectChoice(scope.value, box.label) for scope, box in BOXES.items()]


class ButtonForm(FlaskForm):
    """A button with a page of its own."""


class ScopesField(SelectMultipleField):
    """The six boxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    @property
    def scopes(self) -> frozenset[Scope]:
        """What is ticked."""
        return frozenset(Scope(value) for value in self.data or ())


class WhatForm(FlaskForm):
    """One box for each kind of information; none is ticked beforehand."""

    scopes = ScopesField(
        _("What may this person see?"),
        choices=CHOICES,
        validators=[InputRequired(_("No box is ticked. Tick at least one, or go back and say no."))],
    )


class UntilForm(FlaskForm):
    """The last day, from a short list."""

    until = RadioField(
        _("Until when?"), validators=[InputRequired(_("Nothing is chosen. Choose the last day."))]
    )


class SignForm(FlaskForm):
    """The typed name and the will to sign. `read_digest` ties them to the text on the page."""

    read_digest = HiddenField()
    typed_name = StringField(_("Your full name"), validators=[Length(max=170)])
    agreed = BooleanField(_("I agree"))


RELATIONSHIPS = {
    "mother": _("Mother"),
    "father": _("Father"),
    "grandparent": _("Grandparent"),
    "other_relative": _("Other relative"),
    "guardian": _("Guardian"),
}

BASES = {
    GuardianBasis.PARENT.value: _("Parent"),
    GuardianBasis.COURT_GUARDIAN.value: _("Guardian named by a court"),
    GuardianBasis.OTHER_AUTHORITY.value: _("Another authority under the law, with papers"),
}


def _choices(words: Mapping[str, str]) -> list[SelectChoice]:
    return [SelectChoice("", _("Choose")), *(SelectChoice(code, label) for code, label in words.items())]


class GuardianFields:
    """Who signs beside a client under 18 (42 CFR 2.14), mixed into a form."""

    guardian_name = StringField(_("Full name of the parent or guardian"), validators=[Length(max=170)])
    guardian_relationship = SelectField(_("To the client"), choices=_choices(RELATIONSHIPS))
    guardian_basis = SelectField(_("Why this person may sign"), choices=_choices(BASES))

    def without_guardian(self) -> None:
        """The client signs alone: nothing of this is asked."""
        for name in ("guardian_name", "guardian_relationship", "guardian_basis"):
            delattr(self, name)

    def guardian(self) -> Guardian:
        """What was typed and chosen."""
        return Guardian(
            self.guardian_name.data or "", self.guardian_relationship.data, self.guardian_basis.data
        )


class GuardianForm(GuardianFields, FlaskForm):
    """A parent or guardian signs what the client has signed."""

    read_digest = HiddenField()
    agreed = BooleanField(_("I agree, and I may sign for this client"))


def examples() -> Mapping[str, str]:
    """Under each box: an example and its side effect."""
    return {scope.value: f"{box.example} {box.side_effect}" for scope, box in BOXES.items()}


def what_form(consent: Consent) -> WhatForm:
    """The boxes as the client left them; empty as long as the client has not ticked any."""
    ticked = standing.granted(consent, access.now()) if consent.chosen_at else ()
    return WhatForm(scopes=[scope.value for scope in ticked])


def until_form(consent: Consent) -> UntilForm:
    """The days to choose from; the one that was prepared is among them and chosen."""
    today = clock.local_date(access.now(), consent.client.location.timezone)
    days = {rules.months_later(today, months): months for months in MONTHS_OFFERED}
    if standing.needs_guardian(consent.client, access.now()):
        birthday = rules.of_age_on(consent.client.birth_on)
        days = {day: months for day, months in days.items() if day < birthday}
    if consent.expires_on:
        days.setdefault(consent.expires_on, 0)
    form = UntilForm(until=consent.expires_on.isoformat() if consent.expires_on else None)
    form.until.choices = [SelectChoice(day.isoformat(), _day_label(day, days[day])) for day in sorted(days)]
    return form


def _day_label(day: date, months: int) -> str:
    if months == 0:
        return gettext("Until %(day)s", day=full_date(day))
    if months == 1:
        return gettext("1 month, until %(day)s", day=full_date(day))
    return gettext("%(months)s months, until %(day)s", months=months, day=full_date(day))


def choose_scopes(consent: Consent, form: WhatForm, actor: Actor | None = None) -> None:
    """Keep the ticked boxes."""
    preparing.choose(
        consent=consent, scopes=form.scopes.scopes, actor=actor or access.actor(), now=access.now()
    )


def choose_end(consent: Consent, form: UntilForm, actor: Actor | None = None) -> None:
    """Keep the chosen day."""
    ends_on = date.fromisoformat(form.until.data)
    preparing.choose(consent=consent, expires_on=ends_on, actor=actor or access.actor(), now=access.now())


def text_language() -> str:
    """The language of the text: the page's, or the other one on request."""
    asked = request.args.get("text", "")
    return asked if asked in wording.LANGUAGES else language.current()


def to_read(consent: Consent, form: SignForm) -> dict[str, object]:
    """What the page of the last step shows; the form takes the digest of exactly that text."""
    shown = text_language()
    text = preparing.text_to_sign(consent, shown)
    form.read_digest.data = texts.digest(text)
    return {"consent": consent, "form": form, "blocks": texts.blocks(text), "text_language": shown}


def sign(
    consent: Consent,
    form: SignForm,
    *,
    method: SigningMethod = SigningMethod.OWN_ACCOUNT,
    witness_id: int | None = None,
    actor: Actor | None = None,
) -> str:
    """Sign what was read, in the language in which it was read; returns the code to pass on."""
    actor, now = actor or access.actor(), access.now()
    preparing.choose(consent=consent, language=text_language(), actor=actor, now=now)
    return consent_signed.sign(
        consent=consent,
        typed_name=form.typed_name.data or "",
        agreed=form.agreed.data,
        method=method,
        witness_id=witness_id,
        actor=actor,
        now=now,
        code_key=code_key(),
        read_digest=form.read_digest.data or "",
    )


def code_key() -> str:
    """The key under which codes are stored."""
    return str(current_app.config["SECRET_KEY"])


def go_to(address: str) -> NoReturn:
    """Leave a step that no longer fits, such as signing what is signed."""
    abort(redirect(address))
