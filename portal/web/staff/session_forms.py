"""The forms of the staff's session pages. Times are typed in the location's own zone."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal.core.errors import Refused
from portal.schedule import rules as schedule_rules
from portal.sessions import approvals, beyond
from portal.sessions.models import FamilySession, Meeting, SessionKind
from portal.sessions.planning import CANCEL_REASONS, Plan
from portal.sessions.rules import AccessNeed, Attendance, Interpreter

KINDS = [
    (SessionKind.MULTI_FAMILY.value, _("Multi-family group")),
    (SessionKind.SINGLE_FAMILY.value, _("Single family")),
    (SessionKind.EDUCATION_EVENING.value, _("Education evening, open to all")),
    (SessionKind.OPEN_HOUSE.value, _("Open house, open to all")),
]
MEETINGS = [
    (Meeting.IN_PERSON.value, _("In person")),
    (Meeting.VIDEO.value, _("Online")),
    (Meeting.BOTH.value, _("In person or online")),
]
SPOKEN = [("en", _("English")), ("es", _("Spanish"))]
WAYS = [
    ("walk_in", _("Walk-in")),
    ("phone", _("Telephone")),
    ("email", _("E-mail")),
    ("in_person", _("In person")),
]
ATTENDANCE = [
    ("", _("Not ticked")),
    (Attendance.ARRIVED.value, _("Arrived")),
    (Attendance.NO_SHOW.value, _("Did not come")),
    (Attendance.LATE_CANCEL.value, _("Called off late")),
]
REASONS = dict(
    zip(
        CANCEL_REASONS,
        (_("Whoever leads it is away"), _("The building is closed"), _("Weather"), _("Change of planning")),
        strict=True,
    )
)
OUT_OF_TURN = [
    ("asked_by_therapist", _("The therapist asks for it")),
    ("travels_far", _("The person travels far")),
    ("could_not_be_reached", _("Whoever is before them could not be reached")),
]
BEYOND = dict(
    zip(
        beyond.REASONS,
        (
            _("The person is at the door"),
            _("The room holds more"),
            _("The therapist asks for it"),
            _("The person usually comes"),
        ),
        strict=True,
    )
)
"""Why somebody gets a place beyond the number there is."""
DECLINES = dict(
    zip(
        approvals.DECLINE_REASONS,
        (
            _("Another session fits better"),
            _("Talk with the person first"),
            _("The group is complete as it is"),
            _("The care team asks for it"),
        ),
        strict=True,
    )
)
INTERPRETERS = [
    ("", _("None")),
    (Interpreter.SPANISH.value, _("Spanish")),
    (Interpreter.ENGLISH.value, _("English")),
    (Interpreter.SIGN_LANGUAGE.value, _("Sign language")),
    (Interpreter.OTHER.value, _("Another language")),
]
ACCESS_NEEDS = [
    ("", _("None")),
    (AccessNeed.STEP_FREE.value, _("Step-free access")),
    (AccessNeed.HEARING.value, _("Hearing")),
    (AccessNeed.SIGHT.value, _("Sight")),
    (AccessNeed.OTHER.value, _("Something else")),
]
NEEDED = _("This is empty. Fill it in.")


class TimeForm(FlaskForm):
    """When a session is: a date, a time on the wall, and how long."""

    on = DateField(_("Date"), validators=[InputRequired(NEEDED)])
    at = TimeField(_("Begins at"), validators=[InputRequired(NEEDED)])
    minutes = IntegerField(
        _("Minutes"),
        validators=[InputRequired(NEEDED), NumberRange(15, 480, _("Enter 15 to 480 minutes."))],
        default=90,
    )

    def span(self, zone: str) -> tuple[datetime, datetime]:
        """Start and end (UTC). Raises Refused no_such_time for a time the clocks skip."""
        starts_at = wall(self.on.data or date.max, self.at.data or time.min, zone)
        return starts_at, starts_at + timedelta(minutes=self.minutes.data or 0)


class SessionForm(FlaskForm):
    """What a session is, apart from when."""

    kind = SelectField(_("Kind"), choices=KINDS)
    client_id = SelectField(_("Client, for a single family"), coerce=int)
    title_en = StringField(_("Title in English"), validators=[Length(max=120)])
    title_es = StringField(_("Title in Spanish"), validators=[Length(max=120)])
    bring_en = StringField(_("What to bring, in English"), validators=[Length(max=300)])
    bring_es = StringField(_("What to bring, in Spanish"), validators=[Length(max=300)])
    held_in = SelectField(_("Language spoken"), choices=SPOKEN)
    facilitator_id = SelectField(_("Who leads it"), coerce=int)
    meeting = SelectField(_("How people meet"), choices=MEETINGS)
    room = StringField(_("Room"), validators=[Length(max=120)])
    video_url = StringField(_("Video link"), validators=[Length(max=300)])
    dial_in = StringField(_("Telephone number to join"), validators=[Length(max=60)])
    capacity = IntegerField(
        _("Places"), validators=[InputRequired(NEEDED), NumberRange(0, 500, _("Enter 0 to 500 places."))]
    )
    cutoff_minutes = IntegerField(
        _("Sign-up closes, minutes before"),
        validators=[Optional(), NumberRange(0, 10080, _("Enter 0 to 10080 minutes."))],
        default=120,
    )

    module_code = SelectField(_("Lesson as topic"), filters=[lambda code: code or ""])
    with_client = BooleanField(_("The client takes part"))
    is_private = BooleanField(_("Only for people invited to it"))
    needs_approval = BooleanField(_("Staff decide on each request"))
    companions = IntegerField(
        _("People somebody may bring along"),
        validators=[Optional(), NumberRange(0, 9, _("Enter 0 to 9 people."))],
        default=0,
    )

    def plan(self, before: FamilySession | None = None) -> Plan:
        """What was entered; what the form does not show stays as it was."""
        return Plan(
            kind=SessionKind(self.kind.data),
            client_id=self.client_id.data or None,
            title_en=(self.title_en.data or "").strip(),
            title_es=(self.title_es.data or "").strip(),
            bring_en=(self.bring_en.data or "").strip(),
            bring_es=(self.bring_es.data or "").strip(),
            held_in=self.held_in.data,
            facilitator_id=self.facilitator_id.data or None,
            meeting=Meeting(self.meeting.data),
            room=(self.room.data or "").strip(),
            video_url=(self.video_url.data or "").strip(),
            dial_in=(self.dial_in.data or "").strip(),
            capacity=self.capacity.data or 0,
            cutoff_minutes=self.cutoff_minutes.data or 0,
            module_code=self.module_code.data or None,
            opens_at=before.opens_at if before else None,
            sign_up_until=before.sign_up_until if before else None,
            needs_approval=self.needs_approval.data,
            is_private=self.is_private.data,
            with_client=self.with_client.data,
            companions=self.companions.data or 0,
        )

    def offer(
        self,
        *,
        clients: list[tuple[int, str]],
        facilitators: list[tuple[int, str]],
        topics: list[tuple[str, str]],
    ) -> None:
        """Fill the lists whose choices depend on who is asking."""
        nobody = [(0, _("None"))]
        self.client_id.choices = nobody + clients
        self.facilitator_id.choices = nobody + facilitators
        self.module_code.choices = [("", _("None")), *topics]


class NewSessionForm(SessionForm, TimeForm):
    """A new session: what and when and where."""

    location_id = SelectField(_("Location"), coerce=int)


class CancelForm(FlaskForm):
    """Why a session does not take place; nobody outside staff is told the reason."""

    reason = RadioField(_("Reason"), choices=list(REASONS.items()), validators=[InputRequired(NEEDED)])


class EnterForm(FlaskForm):
    """Somebody's place, asked for by telephone, in person or at the door."""

    family_member_id = SelectField(_("Person"), coerce=int)
    way_of_contact = SelectField(_("How they asked"), choices=WAYS)
    interpreter = SelectField(_("Interpreter"), choices=INTERPRETERS, default="")
    access_need = SelectField(_("Access"), choices=ACCESS_NEEDS, default="")


class GivePlaceForm(FlaskForm):
    """Why somebody gets a place out of turn."""

    reason = SelectField(_("Reason"), choices=OUT_OF_TURN)


class BeyondForm(FlaskForm):
    """Why somebody gets a place beyond the number there is."""

    reason = SelectField(_("Reason"), choices=list(BEYOND.items()))


class DeclineForm(FlaskForm):
    """Why staff say no to a request; the person reads that the office will help."""

    reason = SelectField(_("Reason"), choices=list(DECLINES.items()))


class NoteForm(FlaskForm):
    """What has to be thought of on the day: keys, chairs, who opens the door."""

    text = TextAreaField(_("Logistics note"))


def wall(on: date, at: time, zone: str) -> datetime:
    """The instant (UTC) of a time on the wall in `zone`. Raises Refused no_such_time."""
    local = datetime.combine(on, at)
    instant = schedule_rules.instant(local, zone)
    if instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != local:
        raise Refused("no_such_time", field="at")
    return instant
