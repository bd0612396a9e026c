"""The forms of the intake page: the client, and each relative with a draft consent."""

from collections.abc import Iterator
from datetime import date
from itertools import chain
from typing import Any, Self

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    DateField,
    EmailField,
    Field,
    HiddenField,
    SelectField,
    SelectMultipleField,
    StringField,
    TelField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, Email, InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from portal.consent.rules import Scope, end_problem, missing_needs, months_later
from portal.core.db import random_id
from portal.people.models import RelationshipCode
from portal.web.birth_date import BirthDateField
from portal.web.language import LANGUAGES
from portal.web.terms import RELATIONS, SCOPES
from portal.workflows.intake import Intake, Relative

Choices = list[tuple[str, str]]

NAME_LENGTH = 80
EARLIEST_BIRTH = date(1900, 1, 1)
_too_long = Length(max=NAME_LENGTH, message=_("This name is too long. Use at most 80 letters."))
_email = [
    Optional(),
    Email(message=_("This does not look like an e-mail address. Type it again, such as ana@mail.example.")),
    Length(max=254),
]


class RelativeForm(FlaskForm):
    """One relative. Left empty as a whole, it stands for nobody."""

    class Meta:
        """No token here."""

        csrf = False  # the page's own form carries the token

    given_name = StringField(_("First name"), [_too_long])
    family_name = StringField(_("Last name"), [_too_long])
    relation = SelectField(
        _("What they are to the client"),
        choices=[SelectChoice("", ""), *(SelectChoice(code.value, text) for code, text in RELATIONS.items())],
    )
    email = EmailField(_("E-mail"), _email)
    phone = TelField(_("Phone"), [Length(max=40, message=_("This phone number is too long. Check it."))])
    language = SelectField(_("Language"), choices=[SelectChoice(*one) for one in LANGUAGES.items()])
    scopes = SelectMultipleField(
        _("What the draft consent asks for"),
        choices=[SelectChoice(scope.value, text) for scope, text in SCOPES.items()],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    until_on = DateField(_("Until when"), [Optional()])

    today: date = date.min

    @classmethod
    def shown(cls, prefix: str, today: date, months: int) -> Self:
        """The form with its defaults: six months, or what the center has set."""
        form = cls(prefix=prefix)
        form.today = today
        if not form.is_submitted():
            form.until_on.data = months_later(today, months)
        return form

    @property
    def is_empty(self) -> bool:
        """Whether nobody is named here."""
        return not any(
            (one.data or "").strip() for one in (self.given_name, self.family_name, self.email, self.phone)
        )

    def validate(self, extra_validators: Any = None) -> bool:
        """Everything that is wrong, at once; an empty form is right."""
        if self.is_empty:
            return True
        right = super().validate(extra_validators)
        return not any(list(self._problems())) and right

    def _problems(self) -> Iterator[bool]:
        """Each rule that spans fields or depends on the day; the sentence lands at its field."""
        yield self._say(self.given_name, not self._has(self.given_name), _("Type the person's first name."))
        yield self._say(self.family_name, not self._has(self.family_name), _("Type the person's last name."))
        yield self._say(self.relation, not self.relation.data, _("Choose what this person is to the client."))
        yield self._say(
            self.scopes,
            bool(missing_needs(self.wanted)),
            _("Names of groups need the program times too. Tick both, or untick the names."),
        )
        yield self._say(
            self.until_on,
            bool(self.until_on.data and end_problem(self.until_on.data, today=self.today)),
            _("Choose a day from today on, at most 12 months ahead."),
        )

    @property
    def wanted(self) -> frozenset[Scope]:
        """The ticked boxes."""
        return frozenset(Scope(code) for code in self.scopes.data or ())

    def content(self) -> Relative:
        """What was typed, for the workflow."""
        return Relative(
            given_name=self.given_name.data or "",
            family_name=self.family_name.data or "",
            code=RelationshipCode(self.relation.data),
            email=self.email.data,
            phone=self.phone.data,
            language=self.language.data,
            scopes=self.wanted,
            until_on=self.until_on.data,
        )

    @staticmethod
    def _has(one: Field) -> bool:
        return bool((one.data or "").strip())

    @staticmethod
    def _say(one: Field, is_wrong: bool, sentence: str) -> bool:
        if is_wrong:
            one.errors = [*one.errors, sentence]
        return is_wrong


class OneRelativeForm(RelativeForm):
    """The same on a page of its own, where somebody must be named."""

    class Meta:
        """With the token."""

        csrf = True

    @property
    def is_empty(self) -> bool:
        """Never: an empty page is a mistake here."""
        return False


class IntakeForm(FlaskForm):
    """The client, the track and the therapist; two relatives stand in `relatives`."""

    client_key = HiddenField()
    given_name = StringField(_("First name"), [DataRequired(_("Type the client's first name.")), _too_long])
    family_name = StringField(_("Last name"), [DataRequired(_("Type the client's last name.")), _too_long])
    birth_on = BirthDateField(_("Birth date"))
    email = EmailField(_("E-mail"), _email)
    language = SelectField(_("Language"), choices=[SelectChoice(*one) for one in LANGUAGES.items()])
    track = SelectField(_("Program and track"), [InputRequired(_("Choose the track."))])
    start_on = DateField(_("First day"), [InputRequired(_("Choose the first day on the track."))])
    therapist = SelectField(_("Therapist"), [InputRequired(_("Choose the therapist."))])

    relatives: list[RelativeForm]
    today: date

    @classmethod
    def shown(cls, *, tracks: Choices, therapists: Choices, today: date, months: int) -> Self:
        """The form with its choices and defaults; `today` is the day at the location."""
        form = cls()
        form.today = today
        form.track.choices = [SelectChoice("", ""), *(SelectChoice(*one) for one in tracks)]
        form.therapist.choices = [SelectChoice("", ""), *(SelectChoice(*one) for one in therapists)]
        form.relatives = [RelativeForm.shown(f"relative{number}", today, months) for number in (1, 2)]
        if not form.is_submitted():
            form.client_key.data = str(random_id())
            form.start_on.data = today
        return form

    def __iter__(self) -> Iterator[Field]:
        """Every field of the page, so that the summary on top links to all of them."""
        return chain(super().__iter__(), *self.relatives)

    @property
    def errors(self) -> dict[Any, Any]:
        """What is wrong anywhere on the page."""
        found = dict(super().errors)
        for relative in self.relatives:
            found.update({one.name: one.errors for one in relative if one.errors})
        return found

    def validate(self, extra_validators: Any = None) -> bool:
        """Everything that is wrong, on the whole page, at once."""
        right = [super().validate(extra_validators), *(one.validate() for one in self.relatives)]
        return all(right) & self._has_birth_date() & self._has_key()

    def content(self) -> Intake:
        """What was typed, for the workflow."""
        assert self.birth_on.data
        assert self.start_on.data
        return Intake(
            client_id=int(self.client_key.data or 0),
            given_name=self.given_name.data or "",
            family_name=self.family_name.data or "",
            birth_on=self.birth_on.data,
            email=self.email.data,
            language=self.language.data,
            track_id=int(self.track.data),
            start_on=self.start_on.data,
            therapist_id=int(self.therapist.data),
            relatives=tuple(one.content() for one in self.relatives if not one.is_empty),
        )

    def _has_birth_date(self) -> bool:
        born = self.birth_on.data
        if born and EARLIEST_BIRTH <= born <= self.today:
            return True
        self.birth_on.errors = [_("Type the birth date as three numbers, such as 5, 17 and 1990.")]
        return False

    def _has_key(self) -> bool:
        key = self.client_key.data or ""
        if key.isdecimal() and len(key) == 15:
            return True
        self.client_key.data = str(random_id())
        return True
