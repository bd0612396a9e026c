"""The forms of the schedule. Days and times are typed as they stand on the location's wall."""

from datetime import date, datetime, time

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TimeField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from portal.core.errors import Refused
from portal.people.models import LevelOfCare
from portal.schedule import recurrence
from portal.schedule.changes import Group
from portal.schedule.models import Block
from portal.web.terms import LEVELS

NEEDED = InputRequired(_("This is empty. Fill it in."))
DAYS = (
    _("Monday"),
    _("Tuesday"),
    _("Wednesday"),
    _("Thursday"),
    _("Friday"),
    _("Saturday"),
    _("Sunday"),
)
WEEKLY, SECOND, MONTHLY, ONCE, AS_IT_IS = "weekly", "second", "monthly", "once", "as_it_is"
REPEATS = {
    WEEKLY: _("Every week"),
    SECOND: _("Every second week"),
    MONTHLY: _("Once a month, on the same day of the week"),
    ONCE: _("Only once"),
}


def choices(pairs: dict[str, object]) -> list[SelectChoice]:
    """The choices of a list, in order."""
    return [SelectChoice(str(value), label) for value, label in pairs.items()]


def _levels() -> list[SelectChoice]:
    return [SelectChoice(level.value, label) for level, label in LEVELS.items()]


def day(field: DateField) -> date:
    """The day of a field that its validator has looked at."""
    assert field.data is not None
    return field.data


class TrackForm(FlaskForm):
    """A track: its name, how long clients stay, its level of care."""

    name = StringField(_("Name of the track"), validators=[NEEDED, Length(max=120)])
    weeks = IntegerField(
        _("Usual length in weeks"),
        validators=[NEEDED, NumberRange(1, 52, _("Enter 1 to 52 weeks."))],
        default=10,
    )
    level_of_care = SelectField(
        _("Level of care"), choices=_levels(), validators=[NEEDED], default=LevelOfCare.IOP.value
    )


class NewTrackForm(TrackForm):
    """A new track belongs to one program of one location."""

    program = SelectField(_("Location and program"), coerce=int)


class GroupForm(FlaskForm):
    """A group: what it is called and when it meets."""

    name = StringField(_("Name of the group"), validators=[NEEDED, Length(max=120)])
    from_on = DateField(_("First day"), validators=[NEEDED])
    start = TimeField(_("Begins at"), validators=[NEEDED])
    end = TimeField(_("Ends at"), validators=[NEEDED])
    repeats = SelectField(_("How often"), validators=[NEEDED])
    days = SelectMultipleField(
        _("Days of the week"),
        coerce=int,
        choices=[SelectChoice(number, name) for number, name in enumerate(DAYS)],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    until = DateField(_("Last day, if it is known"), validators=[Optional()])
    is_family_hour = BooleanField(_("This is the hour for families"))

    def offer(self, block: Block | None = None) -> None:
        """Fill the list of repetitions; a rule of another shape can stay as it is."""
        kept = {AS_IT_IS: _("As it is now")} if block and _shape(block.rrule) is None else {}
        self.repeats.choices = choices({**kept, **REPEATS})

    def group(self, block: Block | None = None) -> Group:
        """What was entered. Refused `days_missing` (field days), `length_not_possible`."""
        assert self.start.data
        assert self.end.data
        return Group(
            name=(self.name.data or "").strip(),
            start_time=self.start.data,
            minutes=minutes_between(self.start.data, self.end.data),
            rrule=block.rrule if block and self.repeats.data == AS_IT_IS else self._rule(),
            is_family_hour=bool(self.is_family_hour.data),
        )

    def _rule(self) -> str:
        first: date = self.from_on.data or date.max
        if self.repeats.data == ONCE:
            return "FREQ=DAILY;COUNT=1"
        if self.repeats.data == MONTHLY:
            return recurrence.monthly(first, self.until.data)
        if not self.days.data:
            raise Refused("days_missing", field="days")
        every = 2 if self.repeats.data == SECOND else 1
        return recurrence.weekly(self.days.data, self.until.data, every)


def values_of(block: Block, from_on: date) -> dict[str, object]:
    """What the form shows for a group that is there, to change from a day on."""
    start = datetime.combine(date.min, block.start_time)
    return {
        "name": block.name,
        "from_on": from_on,
        "start": block.start_time,
        "end": _end(start, block.minutes),
        "repeats": _shape(block.rrule) or AS_IT_IS,
        "days": sorted(recurrence.days_of(block.rrule)),
        "until": recurrence.until_of(block.rrule),
        "is_family_hour": block.is_family_hour,
    }


def minutes_between(start: time, end: time) -> int:
    """The minutes between two times of one day; Refused `length_not_possible` (field end)."""
    minutes = (end.hour - start.hour) * 60 + end.minute - start.minute
    if minutes < 1:
        raise Refused("length_not_possible", field="end")
    return minutes


def _end(start: datetime, minutes: int) -> time:
    total = start.hour * 60 + start.minute + minutes
    return time(total // 60 % 24, total % 60)


def _shape(rrule: str) -> str | None:
    """Which choice of the form a rule is; None: one that the form cannot say."""
    parts = dict(part.split("=", 1) for part in rrule.split(";"))
    parts.pop("UNTIL", None)
    if parts.pop("FREQ") != "WEEKLY" or set(parts) - {"BYDAY", "INTERVAL"} or "BYDAY" not in parts:
        return None
    return {"1": WEEKLY, "2": SECOND}.get(parts.get("INTERVAL", "1"))


class LastDayForm(FlaskForm):
    """The last day on which something takes place."""

    ends_on = DateField(_("Last day"), validators=[NEEDED])


class TimeForm(FlaskForm):
    """One time: a date, from, to."""

    on = DateField(_("Date"), validators=[NEEDED])
    start = TimeField(_("Begins at"), validators=[NEEDED])
    end = TimeField(_("Ends at"), validators=[NEEDED])

    def local(self) -> tuple[datetime, int]:
        """The local start and the minutes. Refused `length_not_possible` (field end)."""
        assert self.on.data
        assert self.start.data
        assert self.end.data
        return (
            datetime.combine(self.on.data, self.start.data),
            minutes_between(self.start.data, self.end.data),
        )


class AppointmentForm(TimeForm):
    """A one-off time of a client."""

    label = StringField(_("What it is, for staff only"), validators=[NEEDED, Length(max=120)])


class EnrolmentForm(FlaskForm):
    """From when to when a client follows a track."""

    from_on = DateField(_("First day"), validators=[NEEDED])
    to_on = DateField(_("Last day"), validators=[Optional()])


class NewEnrolmentForm(EnrolmentForm):
    """Which track, and when."""

    track = SelectField(_("Track"), coerce=int)


class CareForm(FlaskForm):
    """The level of care from a day on."""

    level_of_care = RadioField(_("Level of care"), choices=_levels(), validators=[NEEDED])
    from_on = DateField(_("From which day"), validators=[NEEDED])
