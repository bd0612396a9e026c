"""The forms of a series: when its evenings are, and how far a change reaches."""

from datetime import date, time

from flask_babel import lazy_gettext as _
from wtforms import (
    DateField,
    Field,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    TimeField,
    ValidationError,
    widgets,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, NumberRange, Optional

from portal.schedule import recurrence
from portal.schedule.models import Block
from portal.sessions.series import Rhythm
from portal.web.staff.session_forms import NEEDED, CancelForm, SessionForm, TimeForm

ONE, LATER = "one", "later"
REACH = [(ONE, _("Only this one")), (LATER, _("This one and all later ones"))]
DAYS = [
    SelectChoice(number, label)
    for number, label in enumerate(
        (
            _("Monday"),
            _("Tuesday"),
            _("Wednesday"),
            _("Thursday"),
            _("Friday"),
            _("Saturday"),
            _("Sunday"),
        )
    )
]


class SeriesForm(SessionForm):
    """A series: what its evenings are, and when. `skip` holds the days left out on purpose."""

    location_id = SelectField(_("Location"), coerce=int)
    starts_on = DateField(_("First day"), validators=[InputRequired(NEEDED)])
    start_time = TimeField(_("Begins at"), validators=[InputRequired(NEEDED)])
    minutes = IntegerField(
        _("Minutes"),
        validators=[InputRequired(NEEDED), NumberRange(15, 480, _("Enter 15 to 480 minutes."))],
        default=90,
    )
    days = SelectMultipleField(
        _("On these days of the week"),
        choices=DAYS,
        coerce=int,
        option_widget=widgets.CheckboxInput(),
        widget=widgets.ListWidget(prefix_label=False),
    )
    every = SelectField(
        _("How often"),
        choices=[SelectChoice(1, _("Every week")), SelectChoice(2, _("Every other week"))],
        coerce=int,
        default=1,
    )
    until = DateField(_("Last day"), validators=[Optional()])
    standing_places = IntegerField(
        _("Standing places"),
        validators=[Optional(), NumberRange(0, 500, _("Enter 0 to 500 places."))],
        default=0,
    )

    def validate_days(self, field: Field) -> None:
        """At least one day of the week."""
        if not field.data:
            raise ValidationError(_("No day of the week is ticked. Tick at least one."))

    def rhythm(self, skip_on: frozenset[date] = frozenset()) -> Rhythm:
        """When the evenings are; the form is valid."""
        return Rhythm(
            starts_on=self.starts_on.data or date.max,
            start_time=self.start_time.data or time.min,
            minutes=self.minutes.data or 0,
            rrule=recurrence.weekly(self.days.data or [], self.until.data, self.every.data),
            skip_on=skip_on,
        )


class SeriesSessionForm(SessionForm):
    """Change one evening of a series, or this one and all later ones."""

    reach = RadioField(_("How far the change reaches"), choices=REACH, default=ONE)


class SeriesTimeForm(TimeForm):
    """Move one evening of a series, or this one and all later ones by as much."""

    reach = RadioField(_("How far the move reaches"), choices=REACH, default=ONE)


class SeriesCancelForm(CancelForm):
    """Cancel one evening, or end the series with it."""

    reach = RadioField(_("How far it reaches"), choices=REACH, default=ONE)


def of_block(block: Block) -> dict[str, object]:
    """The times of a group of the timetable, to begin a series with."""
    return {
        "starts_on": block.starts_on,
        "start_time": block.start_time,
        "minutes": block.minutes,
        "days": sorted(recurrence.days_of(block.rrule)),
        "until": recurrence.until_of(block.rrule),
    }
