"""The settings of the whole center, each with its effect in a sentence; every change is kept."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField, IntegerField, StringField, TelField, TimeField, URLField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, Regexp

from portal.center import settings as center
from portal.center.settings import CenterSettings
from portal.core.errors import TooLate
from portal.people import queries as people
from portal.sessions.rules import SessionKind
from portal.web import access
from portal.web.pages import Pages
from portal.web.refusal import submitted

pages = Pages()

_a_name = [DataRequired(lazy_gettext("Type a name.")), Length(max=80)]
_a_time = [InputRequired(lazy_gettext("Type a time, such as 21:00."))]


LEADS = r"\s*(\d{1,3}(\s*,\s*\d{1,3}){0,3})?\s*"


def _kind_leads(label: str) -> StringField:
    return StringField(
        label,
        [
            Optional(),
            Regexp(LEADS + "$", message=lazy_gettext("Type hours with commas between, such as 72, 24.")),
        ],
        description=lazy_gettext("Hours before, such as 72, 24. Empty: as above."),
    )


class SettingsForm(FlaskForm):
    """What staff may set. `version` is the one that the page showed."""

    version = HiddenField()
    product_name = StringField(
        lazy_gettext("Name of this site"),
        _a_name,
        description=lazy_gettext("Stands on every page and in every browser tab. Keep it neutral."),
    )
    discreet_name = StringField(
        lazy_gettext("Discreet name"),
        _a_name,
        description=lazy_gettext("Every e-mail comes from this name. It says nothing about care."),
    )
    phone = TelField(
        lazy_gettext("Office phone"),
        [DataRequired(lazy_gettext("Type the office's phone number.")), Length(max=40)],
        description=lazy_gettext("Stands in every e-mail and at the foot of every page."),
    )
    leave_url = URLField(
        lazy_gettext("Where “Leave this site” goes"),
        [
            Regexp(
                r"https?://[^\s/]+",
                message=lazy_gettext("Type a whole address, such as https://www.weather.gov/."),
            )
        ],
        description=lazy_gettext("A page that anybody may have open, such as the weather."),
    )
    consent_months = IntegerField(
        lazy_gettext("How long a consent lasts, in months"),
        [NumberRange(1, 12, message=lazy_gettext("Type a number from 1 to 12."))],
        description=lazy_gettext("New drafts end after this time; the client can choose another day."),
    )
    first_lead = IntegerField(
        lazy_gettext("First reminder, hours before"),
        [NumberRange(2, 168, message=lazy_gettext("Type a number from 2 to 168."))],
        description=lazy_gettext("People who opted in are reminded this long before a session."),
    )
    last_lead = IntegerField(
        lazy_gettext("Last reminder, hours before"),
        [NumberRange(2, 168, message=lazy_gettext("Type a number from 2 to 168."))],
        description=lazy_gettext("The same number as above means one reminder."),
    )
    single_family_leads = _kind_leads(lazy_gettext("Single family sessions"))
    multi_family_leads = _kind_leads(lazy_gettext("Multi-family groups"))
    education_evening_leads = _kind_leads(lazy_gettext("Education evenings"))
    open_house_leads = _kind_leads(lazy_gettext("Open houses"))
    quiet_from = TimeField(
        lazy_gettext("Quiet from"),
        _a_time,
        description=lazy_gettext("From this time of the reader's day no reminder is sent."),
    )
    quiet_until = TimeField(
        lazy_gettext("Quiet until"),
        _a_time,
        description=lazy_gettext("From this time on reminders go again."),
    )
    crisis_reviewed_on = DateField(
        lazy_gettext("Crisis lines last dialed on"),
        [Optional()],
        description=lazy_gettext("Somebody called 988 and the office number and heard an answer."),
    )

    def validate(self, extra_validators: Any = None) -> bool:
        """Also: reminders come in order."""
        right = super().validate(extra_validators)
        if right and self.leads[0] < self.leads[1]:
            self.last_lead.errors = [_("The last reminder comes after the first. Type a smaller number.")]
            return False
        return right

    @classmethod
    def shown(cls, now: CenterSettings) -> "SettingsForm":
        """The form with what is in force."""
        form = cls(obj=now)
        if not form.is_submitted():
            form.version.data = str(now.version)
            form.first_lead.data, form.last_lead.data = now.lead_hours[0], now.lead_hours[-1]
            for kind, hours in now.lead_hours_by_kind.items():
                form[f"{kind}_leads"].data = ", ".join(str(each) for each in hours)
        return form

    def content(self) -> dict[str, Any]:
        """The values by the names of `CenterSettings`."""
        plain = {one.name: one.data for one in self if one.name in center.NAMES}
        return plain | {
            "lead_hours": tuple(sorted(set(self.leads), reverse=True)),
            "lead_hours_by_kind": self.leads_by_kind,
        }

    @property
    def leads(self) -> tuple[int, int]:
        """Hours before a session, as typed."""
        return self.first_lead.data or 0, self.last_lead.data or 0

    @property
    def leads_by_kind(self) -> dict[str, list[int]]:
        """Kind of session → its own hours, longest first; a week at most, two hours at least."""
        typed = {kind.value: (self[f"{kind.value}_leads"].data or "").strip() for kind in SessionKind}
        return {
            kind: sorted({min(168, max(2, int(each))) for each in text.split(",")}, reverse=True)
            for kind, text in typed.items()
            if text
        }

    @property
    def seen_version(self) -> int:
        """The version that the page showed; a number that was tampered with is too late."""
        data = self.version.data or ""
        if not data.isdecimal():
            raise TooLate
        return int(data)


@pages.form("/settings")
def settings() -> ResponseReturnValue:
    """Look and change; who saves over somebody else's change is told so."""
    form = SettingsForm.shown(center.current())
    if submitted(form):
        center.change(
            seen_version=form.seen_version,
            values=form.content(),
            actor=access.actor(),
            now=access.now(),
        )
        flash(_("Saved. It is in force from now on."), "good")
        return redirect(url_for(".settings"))
    versions = center.versions()
    names = people.staff_names([row.changed_by_id for row, _names in versions])
    return render_template("admin/settings.html", form=form, versions=versions, staff_names=names)
