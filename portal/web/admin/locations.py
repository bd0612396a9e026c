"""The places of care: name, address, phone, clock, and the state's rule for clients under 18."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, StringField, TelField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import Length

from portal.center import locations as places
from portal.center.models import Location
from portal.consent.rules import Signers
from portal.web import access
from portal.web.pages import Pages
from portal.web.refusal import submitted

pages = Pages()

ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
)
"""Of the country's places; another zone that a place has already is offered, too."""

RULES = {
    "": lazy_gettext("Not looked up yet: consents of clients under 18 are refused"),
    Signers.MINOR_ALONE.value: lazy_gettext("The client signs alone"),
    Signers.MINOR_AND_GUARDIAN.value: lazy_gettext("The client and a parent or guardian both sign"),
}


class LocationForm(FlaskForm):
    """One place."""

    name = StringField(lazy_gettext("Name"), [Length(max=120)])
    address = StringField(
        lazy_gettext("Address"),
        [Length(max=200)],
        description=lazy_gettext("Consents print it: a note that stops one can be sent there."),
    )
    phone = TelField(lazy_gettext("Phone"), [Length(max=40)])
    timezone = SelectField(
        lazy_gettext("Time zone"),
        description=lazy_gettext("New times and end dates follow it. What is signed keeps its own."),
    )
    minor_rule = RadioField(
        lazy_gettext("How does a client under 18 sign here?"),
        choices=[SelectChoice(*pair) for pair in RULES.items()],
        default="",
        description=lazy_gettext("The law of the state decides (42 CFR 2.14). Ask your counsel."),
    )
    minor_basis = TextAreaField(
        lazy_gettext("The law that this rests on"),
        [Length(max=400)],
        description=lazy_gettext("The state, the section, who looked it up, and when."),
    )

    @classmethod
    def of(cls, location: Location | None) -> "LocationForm":
        """The form with what is in force."""
        form = cls(obj=location)
        if location is not None and location.minor_rule is None and not form.is_submitted():
            form.minor_rule.data = ""
        zones = list(ZONES)
        if location is not None and location.timezone not in zones:
            zones.append(location.timezone)
        form.timezone.choices = [SelectChoice(zone, zone.replace("_", " ")) for zone in zones]
        return form

    def content(self) -> dict[str, Any]:
        """The values by their names."""
        return {name: self[name].data for name in places.NAMES}


@pages.get("/locations")
def locations() -> str:
    """Every place with its rule."""
    return render_template("admin/locations/locations.html", locations=places.every(), rules=RULES)


@pages.form("/locations/new")
def add_location() -> ResponseReturnValue:
    """A new place."""
    form = LocationForm.of(None)
    if submitted(form):
        places.add(values=form.content(), actor=access.actor(), now=access.now())
        flash(_("Saved. It is in force from now on."), "good")
        return redirect(url_for(".locations"))
    return render_template("admin/locations/location.html", form=form)


@pages.form("/locations/<int:location_id>")
def location(location_id: int) -> ResponseReturnValue:
    """Look and change."""
    found = places.one(location_id)
    form = LocationForm.of(found)
    if submitted(form):
        places.change(location=found, values=form.content(), actor=access.actor(), now=access.now())
        flash(_("Saved. It is in force from now on."), "good")
        return redirect(url_for(".locations"))
    return render_template("admin/locations/location.html", form=form)
