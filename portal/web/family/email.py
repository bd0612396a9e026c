"""E-mails from us: whose yes, which kinds, when, to which address; and what is coming."""

from collections.abc import Iterable

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, SelectField, SelectMultipleField, widgets
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import Length

from portal.center import settings as center
from portal.mail import queries, service
from portal.mail.models import MailAddress, ReaderKind
from portal.reminders import mails
from portal.reminders import queries as reminders
from portal.web import access, language
from portal.web.pages import Pages
from portal.web.refusal import submitted

pages = Pages()

KINDS = {
    "session_reminders": lazy_gettext("Reminders before a session that I have a place in"),
    "places": lazy_gettext("News about my place: saved, changed, cancelled, free"),
    "program_times": lazy_gettext("The day before an entry on my calendar"),
    "weekly_digest": lazy_gettext("On Sunday: how many appointments and entries my week has"),
    "lesson_nudges": lazy_gettext("When something to read is waiting for me, at most once a week"),
}
"""What a person may switch on; all off by default."""


class Form(FlaskForm):
    """Every choice about e-mail, on one page."""

    address = EmailField(lazy_gettext("My e-mail address"), [Length(max=254)])
    is_shared = BooleanField(lazy_gettext("Somebody else reads this e-mail too"))
    kinds = SelectMultipleField(
        lazy_gettext("Send me"),
        choices=[SelectChoice(*one) for one in KINDS.items()],
        widget=widgets.ListWidget(prefix_label=False),
        option_widget=widgets.CheckboxInput(),
    )
    lead_hours = SelectMultipleField(
        lazy_gettext("Reminders come"),
        coerce=int,
        widget=widgets.ListWidget(prefix_label=False),
        option_widget=widgets.CheckboxInput(),
    )
    language = SelectField(
        lazy_gettext("Language of the e-mails"),
        choices=[SelectChoice(*one) for one in language.LANGUAGES.items()],
    )


@pages.get("/settings")
def settings() -> str:
    """Where everything about the person's own account is found."""
    return render_template("family/settings/index.html")


@pages.form("/settings/email")
def email_settings() -> ResponseReturnValue:
    """All off until the person says yes to each kind, after the sentence about the risk."""
    person, row = access.family_member(), _address()
    form = _filled(Form(), row)
    if submitted(form):
        chosen = [kind for kind in KINDS if kind in (form.kinds.data or [])]
        saved = service.choose(
            reader_kind=ReaderKind.FAMILY,
            reader_id=person.id,
            address=form.address.data or "",
            language=form.language.data,
            is_shared=bool(form.is_shared.data),
            kinds=chosen,
            lead_hours=_own_leads(form),
            actor=access.actor(),
            now=access.now(),
        )
        _say_what_was_saved(chosen, saved)
        return redirect(url_for(".email_settings"))
    return render_template("family/settings/email.html", form=form, address=row, example=_example(row))


@pages.post("/settings/email/stop")
def stop_emails() -> ResponseReturnValue:
    """Stop every kind at once."""
    service.set_preferences(
        reader_kind=ReaderKind.FAMILY,
        reader_id=access.family_member().id,
        kinds=(),
        actor=access.actor(),
        now=access.now(),
    )
    flash(_("All e-mails are stopped. Only mail about the safety of your account still comes."), "good")
    return redirect(url_for(".email_settings"))


@pages.post("/settings/email/confirm")
def ask_to_confirm() -> ResponseReturnValue:
    """Send the confirming link once more."""
    row = _address()
    if row is not None and row.confirmed_at is None:
        service.ask_to_confirm(row, now=access.now())
        flash(_("We sent the link to %(address)s once more.", address=row.address), "good")
    return redirect(url_for(".email_settings"))


@pages.get("/settings/reminders")
def upcoming_reminders() -> str:
    """What the worker will send, by the very function that it uses."""
    person = access.family_member()
    return render_template(
        "family/settings/reminders.html",
        reminders=reminders.upcoming_for(family_member_id=person.id, now=access.now()),
        zone=person.timezone,
    )


def _address() -> MailAddress | None:
    return queries.address_of(ReaderKind.FAMILY, access.family_member().id)


def _filled(form: Form, row: MailAddress | None) -> Form:
    usual = center.current().lead_hours
    form.lead_hours.choices = [SelectChoice(hours, _before(hours)) for hours in usual]
    if request.method == "GET":
        person = access.family_member()
        chosen = queries.preferences(ReaderKind.FAMILY, person.id)
        form.address.data = row.address if row else person.email or ""
        form.is_shared.data = bool(row and row.is_shared)
        form.language.data = row.language if row else language.current()
        form.kinds.data = list(chosen)
        reminded = chosen.get("session_reminders")
        form.lead_hours.data = list(reminded.lead_hours if reminded and reminded.lead_hours else usual)
    return form


def _own_leads(form: Form) -> list[int] | None:
    """The person's own choice; all of them or none: as the center has it for each kind of session."""
    chosen = form.lead_hours.data or []
    return chosen if chosen and set(chosen) != set(center.current().lead_hours) else None


def _before(hours: int) -> str:
    if hours % 24 == 0:
        return ngettext("%(num)s day before", "%(num)s days before", hours // 24)
    return ngettext("%(num)s hour before", "%(num)s hours before", hours)


def _example(row: MailAddress | None) -> object:
    return mails.example(
        language=row.language if row else language.current(),
        name=access.family_member().given_name,
        base_url=current_app.config["PORTAL_BASE_URL"],
        now=access.now(),
    )


def _say_what_was_saved(chosen: Iterable[str], row: MailAddress | None) -> None:
    kinds = "; ".join(str(KINDS[kind]) for kind in chosen)
    if kinds:
        flash(_("Saved. You will get e-mails about: %(kinds)s.", kinds=kinds), "good")
    else:
        flash(_("Saved. You will get no e-mails but those about the safety of your account."), "good")
    if row is not None and row.confirmed_at is None:
        flash(_("Open the link that we sent to %(address)s. Nothing else comes before.", address=row.address))
