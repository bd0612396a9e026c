"""The wordings of the notice to clients: write, check, publish. A published one never changes."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import DateField, SelectMultipleField, StringField, TextAreaField, widgets
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, InputRequired, Length

from portal.center.models import NoticeVersion
from portal.core.errors import NotFound
from portal.disclosure import patient_notice
from portal.web import access, notices
from portal.web.pages import Pages
from portal.web.refusal import refused, submitted

pages = Pages()

_a_text = [DataRequired(lazy_gettext("The text is missing in one language. Write both.")), Length(max=40_000)]
_a_contact = [
    DataRequired(lazy_gettext("The contact is missing in one language. Write both.")),
    Length(max=300),
]


class NoticeForm(FlaskForm):
    """One wording. The ticks say what its writer found in the text."""

    body_en = TextAreaField(lazy_gettext("Text in English"), _a_text)
    body_es = TextAreaField(lazy_gettext("Text in Spanish"), _a_text)
    contact_en = StringField(lazy_gettext("Contact, in English"), _a_contact)
    contact_es = StringField(lazy_gettext("Contact, in Spanish"), _a_contact)
    effective_on = DateField(
        lazy_gettext("In force from"), [InputRequired(lazy_gettext("The date is missing. Choose a day."))]
    )
    groups = SelectMultipleField(
        lazy_gettext("What stands in the text, in both languages"),
        choices=[SelectChoice(*one) for one in notices.GROUPS.items()],
        widget=widgets.ListWidget(prefix_label=False),
        option_widget=widgets.CheckboxInput(),
    )


@pages.get("/notices")
def notices_list() -> str:
    """Every wording, and the one in force."""
    return render_template(
        "privacy/notices/list.html",
        versions=patient_notice.versions(),
        in_force=patient_notice.in_force(access.now()),
    )


@pages.form("/notices/new")
def new_notice() -> ResponseReturnValue:
    """A new draft, from the newest wording or, at first, from the portal's own text."""
    newest = next(iter(patient_notice.versions()), None)
    form = NoticeForm(obj=newest, groups=[]) if newest else NoticeForm(**_seed())
    if submitted(form):
        return _keep(form, None)
    return render_template("privacy/notices/write.html", form=form, is_seed=newest is None)


@pages.get("/notices/<int:version_id>")
def one_notice(version_id: int) -> str:
    """One wording as clients see it; for a draft, what is missing."""
    found = patient_notice.version(version_id)
    missing = [notices.GROUPS[group] for group in patient_notice.missing_groups(found)]
    return render_template(
        "privacy/notices/one.html",
        shown=notices.shown(found),
        missing=missing,
        for_counsel=patient_notice.FOR_COUNSEL,
    )


@pages.form("/notices/<int:version_id>/change")
def change_notice(version_id: int) -> ResponseReturnValue:
    """Change a draft."""
    found = patient_notice.version(version_id)
    if found.published_at is not None:
        raise NotFound
    form = NoticeForm(obj=found)
    if submitted(form):
        return _keep(form, found)
    return render_template("privacy/notices/write.html", form=form, is_seed=False)


@pages.post("/notices/<int:version_id>/publish")
def publish_notice(version_id: int) -> ResponseReturnValue:
    """Freeze it. Refused while a content group is missing."""
    found = patient_notice.version(version_id)
    if not refused():
        patient_notice.publish(notice=found, actor=access.actor(), now=access.now())
        flash(_("Published. It cannot be changed any more; write a new version instead."), "good")
    return redirect(url_for(".one_notice", version_id=version_id))


def _keep(form: NoticeForm, draft: NoticeVersion | None) -> ResponseReturnValue:
    assert form.effective_on.data is not None, "its validator asks for it"
    kept = patient_notice.write(
        draft=draft,
        body_en=form.body_en.data or "",
        body_es=form.body_es.data or "",
        contact_en=form.contact_en.data or "",
        contact_es=form.contact_es.data or "",
        effective_on=form.effective_on.data,
        groups=form.groups.data or [],
        actor=access.actor(),
        now=access.now(),
    )
    flash(_("Kept as a draft. Read it once more, then publish it."), "good")
    return redirect(url_for(".one_notice", version_id=kept.id))


def _seed() -> dict[str, object]:
    return {"body_en": patient_notice.seed("en"), "body_es": patient_notice.seed("es")}
