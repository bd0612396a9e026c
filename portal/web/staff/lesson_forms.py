"""The form that picks lessons: single ones, or a pack with its pace."""

from datetime import date

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import DateField, IntegerField, SelectField, SelectMultipleField, SubmitField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from portal.education import packs
from portal.education.assigning import Wish
from portal.education.queries import Listed

PACES = [
    SelectChoice("", _("No day")),
    SelectChoice("program", _("By the week of the program")),
    SelectChoice("start", _("From a day that I choose")),
]


WEEKS_MAX = 52
NOT_A_WEEK = _("Write the week as a number from 1 to 52, or leave it empty.")


class Checkboxes(SelectMultipleField):
    """Several choices as a list of boxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class DayField(DateField):
    """A day; typed ones are read on the server too."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the day, or say how to write one."""
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(gettext("Write the day like 2026-06-20, or leave it empty.")) from error


class WeekField(IntegerField):
    """A week of the program, counted from 1."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number, or say how to write one."""
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(
                gettext("Write the week as a number from 1 to 52, or leave it empty.")
            ) from error


class AssignForm(FlaskForm):
    """Who, which lessons, by when, with which note; then a look, then the button."""

    program_from: date | None = None
    """The first day of the course of care that runs, at the client's location; None: none runs."""
    today: date = date.min
    """The day at the client's location."""

    relationships = Checkboxes(
        _("Who"), coerce=int, validators=[DataRequired(_("Nobody is chosen. Choose at least one person."))]
    )
    pack = SelectField(_("A pack"), default="")
    pace = SelectField(_("When the lessons of the pack are suggested"), choices=PACES, default="")
    starts_on = DayField(_("Week 1 begins on"), validators=[Optional()])
    modules = Checkboxes(_("Lessons"), coerce=int)
    suggested_by_on = DayField(_("Suggested by"), validators=[Optional()])
    suggested_week = WeekField(_("Or by the end of this week of the program"), validators=[Optional()])
    note_code = SelectField(_("Note to the family"))
    review = SubmitField(_("Review"))
    assign = SubmitField(_("Assign"))
    change = SubmitField(_("Change"))

    def validate_modules(self, field: Checkboxes) -> None:
        """A lesson or a pack: one of them is there."""
        if not field.data and not self.pack.data:
            raise ValidationError(gettext("No lesson is chosen. Choose at least one lesson or a pack."))

    def validate_pace(self, field: SelectField) -> None:
        """Who counts from a day names it."""
        if self.pack.data and field.data == "start" and not self.starts_on.data:
            raise ValidationError(gettext("The day is missing. Say on which day week 1 begins."))

    def validate_suggested_week(self, field: WeekField) -> None:
        """A week needs a course of care that runs, no day beside it, and an end that is still to come."""
        if self.suggested_by_on.data:
            raise ValidationError(gettext("There is a day and a week. Keep one of them."))
        if not 1 <= (field.data or 0) <= WEEKS_MAX:
            raise ValidationError(str(NOT_A_WEEK))
        if self.program_from is None:
            raise ValidationError(gettext("No course of care runs for this client. Choose a day instead."))
        if self.single_day is None:
            raise ValidationError(gettext("This week lies behind. Choose a later one, or leave it empty."))

    @property
    def single_day(self) -> date | None:
        """By when single lessons are suggested: the day chosen, or the last day of the week chosen."""
        if self.suggested_week.data and self.program_from:
            return packs.last_day(self.program_from, self.suggested_week.data, self.today)
        day: date | None = self.suggested_by_on.data
        return day

    def wishes(self, modules: list[Listed]) -> list[Wish]:
        """Every lesson once: those of the pack in its order, then single ones."""
        single = {id: Wish(id, self.single_day) for id in self.modules.data or []}
        in_pack = self._of_pack(modules)
        return [*in_pack.values(), *(wish for id, wish in single.items() if id not in in_pack)]

    def _of_pack(self, modules: list[Listed]) -> dict[int, Wish]:
        if not self.pack.data:
            return {}
        pack, ids = packs.pack(self.pack.data), {one.code: one.module_id for one in modules}
        first_day = {"program": self.program_from, "start": self.starts_on.data}.get(self.pace.data)
        by_code = packs.days(pack, first_day=first_day, today=self.today)
        return {ids[code]: Wish(ids[code], day, pack.code) for code, day in by_code.items() if code in ids}
