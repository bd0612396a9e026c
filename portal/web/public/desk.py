"""The desk's tablet: signed in as nobody, opened by a one-time code, locked again afterwards.

Whatever is wrong with a code, the answer is one neutral page: used, over, unknown, or
begun in another browser.
"""

from dataclasses import dataclass

from flask import flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import Length

from portal.consent import desk, holding, queries, texts
from portal.consent.models import Consent, DeskSigning, SigningMethod
from portal.consent.rules import State
from portal.core.actor import Actor
from portal.core.errors import NotFound
from portal.web import access, pdf, signing
from portal.web.pages import Pages
from portal.web.refusal import refused, submitted
from portal.workflows import consent_signed

pages = Pages()

COOKIE = "desk"


class CodeForm(FlaskForm):
    """The code that the staff member reads out or types."""

    code = StringField(_("Code"), validators=[Length(max=40)])


@dataclass(frozen=True)
class Sitting:
    """A sitting that this browser has begun, with its address."""

    code: str
    row: DeskSigning

    @property
    def actor(self) -> Actor:
        """The client in person, at the desk."""
        return Actor("desk", self.row.id)


@pages.form("/desk")
def desk_code() -> ResponseReturnValue:
    """Where the tablet waits for the next code."""
    form = CodeForm()
    if submitted(form):
        return _begin(form.code.data or "")
    return render_template("public/desk/code.html", form=form)


@pages.form("/desk/<code>")
def desk_sitting(code: str) -> ResponseReturnValue:
    """Begin with a button; then the list of what there is to sign."""
    if signing.ButtonForm().validate_on_submit():
        return _begin(code)
    found = _find(code)
    if found is None:
        return render_template("public/desk/begin.html", code=code)
    return render_template(
        "public/desk/sitting.html",
        sitting=found,
        waiting=queries.waiting_of(found.row.client, access.now()),
        suspended=queries.suspended_of(found.row.client, access.now()),
    )


@pages.post("/desk/<code>/<int:consent_id>/share-again")
def desk_share_again(code: str, consent_id: int) -> ResponseReturnValue:
    """After a return: the client, in person, shares with this person again."""
    sitting = _sitting(code)
    consent = _suspended(sitting, consent_id)
    if not refused():
        holding.lift_hold(consent=consent, actor=sitting.actor, now=access.now())
        flash(_("You share again as before."), "good")
    return redirect(url_for(".desk_sitting", code=code))


@pages.get("/desk/<code>/<int:consent_id>")
def desk_who(code: str, consent_id: int) -> ResponseReturnValue:
    """Step 1: who."""
    sitting = _sitting(code)
    return render_template(
        "public/desk/who.html", sitting=sitting, consent=_waiting(sitting, consent_id), step=1
    )


@pages.form("/desk/<code>/<int:consent_id>/what")
def desk_what(code: str, consent_id: int) -> ResponseReturnValue:
    """Step 2: what."""
    sitting = _sitting(code)
    consent = _waiting(sitting, consent_id)
    form = signing.what_form(consent)
    if submitted(form):
        signing.choose_scopes(consent, form, actor=sitting.actor)
        return redirect(url_for(".desk_until", code=code, consent_id=consent_id))
    return render_template(
        "public/desk/what.html",
        sitting=sitting,
        consent=consent,
        form=form,
        step=2,
        examples=signing.examples,
    )


@pages.form("/desk/<code>/<int:consent_id>/until")
def desk_until(code: str, consent_id: int) -> ResponseReturnValue:
    """Step 3: until when."""
    sitting = _sitting(code)
    consent = _waiting(sitting, consent_id)
    form = signing.until_form(consent)
    if submitted(form):
        signing.choose_end(consent, form, actor=sitting.actor)
        return redirect(url_for(".desk_read", code=code, consent_id=consent_id))
    return render_template("public/desk/until.html", sitting=sitting, consent=consent, form=form, step=3)


@pages.form("/desk/<code>/<int:consent_id>/read")
def desk_read(code: str, consent_id: int) -> ResponseReturnValue:
    """Step 4: the entire text, the name, the box, the button; then the code and the copy."""
    sitting = _sitting(code)
    consent = _waiting(sitting, consent_id)
    form = signing.SignForm()
    if submitted(form):
        passed_on = signing.sign(
            consent,
            form,
            method=SigningMethod.DESK,
            witness_id=sitting.row.witness_id,
            actor=sitting.actor,
        )
        if consent.state is State.PENDING_GUARDIAN:
            return redirect(url_for(".desk_guardian", code=code, consent_id=consent_id))
        return _signed(sitting, consent, passed_on)
    return render_template("public/desk/read.html", sitting=sitting, step=4, **signing.to_read(consent, form))


@pages.form("/desk/<code>/<int:consent_id>/guardian")
def desk_guardian(code: str, consent_id: int) -> ResponseReturnValue:
    """The second step where a client under 18 does not sign alone: a parent or guardian signs."""
    sitting = _sitting(code)
    consent = _waiting(sitting, consent_id, State.PENDING_GUARDIAN)
    form = signing.GuardianForm()
    if submitted(form):
        guardian = form.guardian()
        passed_on = consent_signed.sign_as_guardian(
            consent=consent,
            name=guardian.name,
            relationship=guardian.relationship,
            basis=guardian.basis,
            agreed=form.agreed.data,
            method=SigningMethod.DESK,
            witness_id=sitting.row.witness_id,
            actor=sitting.actor,
            now=access.now(),
            code_key=signing.code_key(),
            read_digest=form.read_digest.data or "",
        )
        return _signed(sitting, consent, passed_on)
    form.read_digest.data = consent.signed_text_digest
    blocks = texts.blocks(consent.signed_text or "")
    return render_template(
        "public/desk/guardian.html", sitting=sitting, consent=consent, form=form, blocks=blocks
    )


@pages.get("/desk/<code>/<int:consent_id>/copy")
def desk_copy(code: str, consent_id: int) -> ResponseReturnValue:
    """The copy, to print before the sitting ends."""
    sitting = _sitting(code)
    consent = queries.own_signed(sitting.row.client, consent_id)
    if consent.signed_at is None or consent.signed_at < sitting.row.created_at:
        raise NotFound
    blocks = texts.blocks(consent.signed_text or "")
    return render_template("public/desk/copy.html", sitting=sitting, consent=consent, blocks=blocks)


@pages.get("/desk/<code>/<int:consent_id>/copy.pdf")
def desk_copy_pdf(code: str, consent_id: int) -> ResponseReturnValue:
    """The same copy as a tagged PDF."""
    sitting = _sitting(code)
    consent = queries.own_signed(sitting.row.client, consent_id)
    if consent.signed_at is None or consent.signed_at < sitting.row.created_at:
        raise NotFound
    return pdf.signed_copy(consent)


@pages.post("/desk/<code>/finish")
def desk_finish(code: str) -> ResponseReturnValue:
    """End the sitting and lock the tablet."""
    sitting = _sitting(code)
    desk.finish(sitting=sitting.row, actor=sitting.actor, now=access.now())
    session.clear()
    return redirect(url_for(".desk_done"))


@pages.get("/desk/done")
def desk_done() -> str:
    """Nothing to see: thank you, and hand the tablet back."""
    return render_template("public/desk/done.html")


def _begin(code: str) -> ResponseReturnValue:
    try:
        sitting, secret = desk.begin(code=code, key=signing.code_key(), now=access.now())
    except NotFound:
        return redirect(url_for(".desk_done"))
    session.clear()  # the tablet is nobody: whoever was signed in here is out
    session["language"] = sitting.client.language
    session[COOKIE] = secret
    return redirect(url_for(".desk_sitting", code=code.strip()))


def _find(code: str) -> Sitting | None:
    try:
        row = desk.sitting_of(
            code=code, secret=session.get(COOKIE, ""), key=signing.code_key(), at=access.now()
        )
    except NotFound:
        return None
    return Sitting(code, row)


def _sitting(code: str) -> Sitting:
    """The sitting this browser began, or away to the neutral page."""
    return _find(code) or signing.go_to(url_for(".desk_done"))


def _signed(sitting: Sitting, consent: Consent, passed_on: str) -> str:
    """The code to pass on, and the copy."""
    return render_template(
        "public/desk/signed.html",
        sitting=sitting,
        consent=consent,
        passed_on=passed_on,
        blocks=texts.blocks(consent.signed_text or ""),
    )


def _suspended(sitting: Sitting, consent_id: int) -> Consent:
    for consent in queries.suspended_of(sitting.row.client, access.now()):
        if consent.id == consent_id:
            return consent
    return signing.go_to(url_for(".desk_sitting", code=sitting.code))


def _waiting(sitting: Sitting, consent_id: int, state: State = State.PENDING_SIGNATURE) -> Consent:
    consent = queries.own(sitting.row.client, consent_id)
    if consent.state is not state:
        signing.go_to(url_for(".desk_sitting", code=sitting.code))
    return consent
