"""Consents of one's own clients: the lists, one consent, preparing, holding, recording a withdrawal."""

from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, HiddenField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, Optional

from portal.consent import holding, preparing, queries, standing, texts, wording
from portal.consent.models import Consent, HoldKind
from portal.consent.rules import State
from portal.core import clock
from portal.core.errors import NotFound
from portal.people import queries as people
from portal.people.models import Relationship
from portal.web import access, ledger, signing
from portal.web.language import LANGUAGES
from portal.web.pages import Pages
from portal.web.refusal import refused, submitted
from portal.workflows import access_ended, consent_signed, entered_in_error

pages = Pages()

LISTS = {
    "to_sign": lazy_gettext("To sign"),
    "ends_soon": lazy_gettext("Ends soon"),
    "on_hold": lazy_gettext("On hold"),
    "scan_due": lazy_gettext("Scan due"),
    "active": lazy_gettext("Active"),
    "ended": lazy_gettext("Ended"),
}

EVENTS = {
    "send_to_sign": lazy_gettext("Prepared, waits for the signature"),
    "sign_first": lazy_gettext("Signed by the client; a guardian signs as well"),
    "sign": lazy_gettext("Signed"),
    "lapse": lazy_gettext("Put away unsigned"),
    "revoke": lazy_gettext("Stopped by the client"),
    "hold": lazy_gettext("Put on hold"),
    "lift_hold": lazy_gettext("Agreed to the end of the hold"),
    "expire": lazy_gettext("Expired"),
    "supersede": lazy_gettext("Replaced by a newer one"),
    "mark_entered_in_error": lazy_gettext("Entered in error"),
}

REASONS = {
    "wrong_row": lazy_gettext("wrong row"),
    "client_declined": lazy_gettext("the client said no"),
    "office_may_tell": lazy_gettext("the client wants the office to tell this person"),
    "waited_too_long": lazy_gettext("14 days without a signature"),
    "replaced": lazy_gettext("the client changed what is shared"),
    "client_died": lazy_gettext("the client died"),
    "wrong_person": lazy_gettext("it was recorded for the wrong person"),
    "birth_date_corrected": lazy_gettext("the birth date was corrected, and a signature is missing"),
    "written_note": lazy_gettext("in a written note, which is on file"),
}


class PrepareForm(FlaskForm):
    """What to ask the client for. The client ticks and signs; nothing is granted here."""

    scopes = signing.ScopesField(lazy_gettext("What to ask for"), choices=signing.CHOICES)
    expires_on = DateField(lazy_gettext("Last day"), validators=[Optional()])
    purpose = RadioField(
        lazy_gettext("Purpose"),
        choices=[
            SelectChoice("family_program", lazy_gettext("To take part in the family program")),
            SelectChoice("own_request", lazy_gettext("At the client's own request")),
        ],
        default="family_program",
    )
    language = SelectField(
        lazy_gettext("Language of the text"), choices=[SelectChoice(*one) for one in LANGUAGES.items()]
    )


class HoldForm(FlaskForm):
    """Works at once; one box for the note."""

    kind = RadioField(
        lazy_gettext("Why"),
        choices=[
            SelectChoice(HoldKind.SPOKEN.value, lazy_gettext("The client said so")),
            SelectChoice(HoldKind.SAFETY.value, lazy_gettext("Somebody's safety")),
        ],
        default=HoldKind.SPOKEN.value,
    )
    note = StringField(lazy_gettext("Note"), validators=[Length(max=200)])


class WithdrawalForm(FlaskForm):
    """A writing of the client's that is in the staff member's hands."""

    on_file = BooleanField(
        lazy_gettext("I have the client's signed note, and it is on file"),
        validators=[InputRequired(lazy_gettext("Tick this only with the note in your hands."))],
    )


class ErrorForm(FlaskForm):
    """It names the wrong client or the wrong person."""

    sure = BooleanField(
        lazy_gettext("This consent was recorded for the wrong person"),
        validators=[InputRequired(lazy_gettext("The box is empty. Tick it only if you are sure."))],
    )


class PaperForm(signing.GuardianFields, FlaskForm):
    """A paper with the client's signature that is in the staff member's hands."""

    read_digest = HiddenField()
    paper_signed_on = DateField(lazy_gettext("Date on the paper"), validators=[Optional()])
    attested = BooleanField(
        lazy_gettext("I have the signed original, it says exactly this, and it is on file"),
        validators=[InputRequired(lazy_gettext("Tick this only with the paper in your hands."))],
    )


@pages.get("/consents")
def consents() -> str:
    """One list at a time; the list is named in the address."""
    name = request.args.get("list", "to_sign")
    found = queries.listed(staff=access.staff(), name=name, now=access.now())
    return render_template(
        "staff/consents/consents.html", consents=found, current=name, lists=LISTS, today=_today
    )


@pages.form("/consents/new")
def prepare_consent() -> ResponseReturnValue:
    """Prepare a consent for one person of one client."""
    relationship = _relationship()
    form = PrepareForm(language=relationship.client.language)
    if submitted(form):
        made = preparing.prepare(
            relationship=relationship,
            scopes=form.scopes.scopes,
            expires_on=form.expires_on.data,
            purpose=form.purpose.data,
            language=form.language.data,
            actor=access.actor(),
            now=access.now(),
        )
        flash(_("Prepared. Now the client reads and signs it."), "good")
        return redirect(url_for(".consent", consent_id=made.id))
    return render_template(
        "staff/consents/new.html", form=form, relationship=relationship, examples=signing.examples
    )


@pages.get("/consents/<int:consent_id>")
def consent(consent_id: int) -> str:
    """Where it stands, what it allows, its history, its text."""
    found = _consent(consent_id)
    ledger.viewed(found.client_id, "consent")
    text = found.signed_text or preparing.text_to_sign(found)
    return render_template(
        "staff/consents/consent.html",
        consent=found,
        granted=queries.granted(found, access.now()),
        steps=queries.history(found),
        events=EVENTS,
        reasons=REASONS,
        blocks=texts.blocks(text),
        for_counsel=wording.FOR_COUNSEL,
        may_undo=holding.may_undo_hold(found, actor=access.actor(), at=access.now()),
    )


@pages.form("/consents/<int:consent_id>/paper")
def paper_consent(consent_id: int) -> ResponseReturnValue:
    """Attest a consent that was signed on paper; the code to pass on is shown once."""
    found = _consent(consent_id)
    if found.state is not State.PENDING_SIGNATURE:
        return redirect(url_for(".consent", consent_id=consent_id))
    form = PaperForm()
    needs_guardian = standing.needs_guardian(found.client, access.now())
    if not needs_guardian:
        form.without_guardian()
    if submitted(form):
        code = consent_signed.attest_paper(
            consent=found,
            signed_on=form.paper_signed_on.data,
            guardian=form.guardian() if needs_guardian else None,
            witness_id=access.staff().id,
            actor=access.actor(),
            now=access.now(),
            code_key=signing.code_key(),
            read_digest=form.read_digest.data or "",
        )
        return render_template("staff/consents/paper_filed.html", consent=found, code=code)
    text = preparing.text_to_sign(found)
    form.read_digest.data = texts.digest(text)
    return render_template(
        "staff/consents/paper.html",
        consent=found,
        form=form,
        blocks=texts.blocks(text),
        needs_guardian=needs_guardian,
    )


@pages.post("/consents/<int:consent_id>/scan")
def file_scan(consent_id: int) -> ResponseReturnValue:
    """The scan of the paper is on file."""
    found = _consent(consent_id)
    if not refused():
        consent_signed.file_scan(consent=found, actor=access.actor(), now=access.now())
        flash(_("The scan is noted as filed."), "good")
    return redirect(url_for(".consent", consent_id=consent_id))


@pages.post("/consents/<int:consent_id>/renew")
def renew_consent(consent_id: int) -> ResponseReturnValue:
    """A new consent that asks for the same; the client reads and signs it."""
    found = _consent(consent_id)
    if refused():
        return redirect(url_for(".consent", consent_id=consent_id))
    waiting = queries.person_of(found.client, found.relationship_id, access.now()).waiting
    made = waiting or preparing.renew(consent=found, actor=access.actor(), now=access.now())
    flash(_("Prepared. Now the client reads and signs it."), "good")
    return redirect(url_for(".consent", consent_id=made.id))


@pages.get("/consents/<int:consent_id>/withdrawals/<int:withdrawal_id>")
def withdrawal(consent_id: int, withdrawal_id: int) -> str:
    """The document of a withdrawal, word for word."""
    found = _consent(consent_id)
    ledger.viewed(found.client_id, "withdrawal")
    document_of = queries.withdrawal_of(found, withdrawal_id)
    return render_template(
        "staff/consents/withdrawn.html",
        consent=found,
        withdrawal=document_of,
        blocks=texts.blocks(document_of.text),
    )


@pages.form("/consents/<int:consent_id>/hold")
def hold_consent(consent_id: int) -> ResponseReturnValue:
    """Hold now."""
    found = _consent(consent_id)
    form = HoldForm()
    if submitted(form):
        access_ended.hold(
            consent=found,
            kind=form.kind.data,
            actor=access.actor(),
            now=access.now(),
            note=form.note.data,
        )
        flash(_("On hold from now on. Ask the client for a written note within one working day."), "good")
        return redirect(url_for(".consent", consent_id=found.id))
    return render_template("staff/consents/hold.html", consent=found, form=form)


@pages.post("/consents/<int:consent_id>/undo-hold")
def undo_hold(consent_id: int) -> ResponseReturnValue:
    """ "Wrong row": within 10 minutes, by whoever pressed it."""
    found = _consent(consent_id)
    if not refused():
        holding.undo_hold(consent=found, actor=access.actor(), now=access.now())
        flash(_("The hold is undone."), "good")
    return redirect(url_for(".consent", consent_id=consent_id))


@pages.post("/consents/<int:consent_id>/agree-to-resume")
def agree_to_resume(consent_id: int) -> ResponseReturnValue:
    """The clinician's yes to the end of a safety hold; the client's is needed as well."""
    found = _consent(consent_id)
    if not refused():
        holding.lift_hold(consent=found, actor=access.actor(), now=access.now())
        flash(_("Your yes is recorded."), "good")
    return redirect(url_for(".consent", consent_id=consent_id))


@pages.form("/consents/<int:consent_id>/withdrawal")
def record_withdrawal(consent_id: int) -> ResponseReturnValue:
    """Record the client's written withdrawal."""
    found = _consent(consent_id)
    form = WithdrawalForm()
    if submitted(form):
        access_ended.stop(consent=found, actor=access.actor(), now=access.now(), reason="written_note")
        flash(_("Recorded. Nothing is shared from now on, and nobody was told."), "good")
        return redirect(url_for(".consent", consent_id=found.id))
    return render_template("staff/consents/withdrawal.html", consent=found, form=form)


@pages.form("/consents/<int:consent_id>/error")
def mark_in_error(consent_id: int) -> ResponseReturnValue:
    """Recorded for the wrong person: it must never have counted."""
    found = _consent(consent_id)
    form = ErrorForm()
    if submitted(form):
        entered_in_error.mark(
            consent=found, reason=entered_in_error.WRONG_PERSON, actor=access.actor(), now=access.now()
        )
        flash(_("Marked. It counts no more, and the privacy office sees to what was shared."), "good")
        return redirect(url_for(".consent", consent_id=found.id))
    return render_template("staff/consents/error.html", consent=found, form=form)


def _today(zone: str) -> date:
    return clock.local_date(access.now(), zone)


def _consent(consent_id: int) -> Consent:
    return queries.for_staff(staff=access.staff(), consent_id=consent_id, now=access.now())


def _relationship() -> Relationship:
    relationship_id = request.args.get("relationship", type=int)
    if relationship_id is None:
        raise NotFound
    return people.relationship_for(staff=access.staff(), relationship_id=relationship_id, now=access.now())
