"""One permission: sign it in four steps, change it, stop it, pause's end, and its copy."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, StringField
from wtforms.validators import Length

from portal.consent import ending, holding, preparing, queries, rules, standing, texts
from portal.consent.models import Consent
from portal.consent.rules import State
from portal.web import access, signing
from portal.web.pages import Pages
from portal.web.refusal import refused, submitted
from portal.workflows import access_ended, permission_changed

pages = Pages()


class ChangeForm(FlaskForm):
    """Untick to take away at once; tick to add, which is signed anew."""

    scopes = signing.ScopesField(lazy_gettext("What may this person see?"), choices=signing.CHOICES)
    typed_name = StringField(lazy_gettext("Your full name"), validators=[Length(max=170)])


class StopForm(FlaskForm):
    """Stopping needs no reason."""

    office_may_tell = BooleanField(lazy_gettext("Let the office tell this person that I stopped"))


@pages.get("/permissions/<int:consent_id>/sign")
def sign(consent_id: int) -> ResponseReturnValue:
    """Step 1: who."""
    return render_template("client/permissions/who.html", consent=_waiting(consent_id), step=1)


@pages.form("/permissions/<int:consent_id>/sign/what")
def sign_what(consent_id: int) -> ResponseReturnValue:
    """Step 2: what."""
    consent = _waiting(consent_id)
    form = signing.what_form(consent)
    if submitted(form):
        signing.choose_scopes(consent, form)
        return redirect(url_for(".sign_until", consent_id=consent.id))
    return render_template(
        "client/permissions/what.html", consent=consent, form=form, step=2, examples=signing.examples
    )


@pages.form("/permissions/<int:consent_id>/sign/until")
def sign_until(consent_id: int) -> ResponseReturnValue:
    """Step 3: until when."""
    consent = _waiting(consent_id)
    form = signing.until_form(consent)
    if submitted(form):
        signing.choose_end(consent, form)
        return redirect(url_for(".sign_read", consent_id=consent.id))
    return render_template("client/permissions/until.html", consent=consent, form=form, step=3)


@pages.form("/permissions/<int:consent_id>/sign/read")
def sign_read(consent_id: int) -> ResponseReturnValue:
    """Step 4: the entire text, the name, the box, the button."""
    consent = _waiting(consent_id)
    form = signing.SignForm()
    if submitted(form):
        code = signing.sign(consent, form)
        return render_template("client/permissions/signed.html", consent=consent, code=code)
    return render_template("client/permissions/read.html", step=4, **signing.to_read(consent, form))


@pages.post("/permissions/<int:consent_id>/renew")
def renew(consent_id: int) -> ResponseReturnValue:
    """A new permission that asks for the same; what waits already is taken up again."""
    consent = _in_state(consent_id, State.ACTIVE)
    if refused():
        return redirect(url_for(".person", relationship_id=consent.relationship_id))
    person = queries.person_of(access.client(), consent.relationship_id, access.now())
    waiting = person.waiting or preparing.renew(consent=consent, actor=access.actor(), now=access.now())
    return redirect(url_for(".sign", consent_id=waiting.id))


@pages.post("/permissions/<int:consent_id>/decline")
def decline(consent_id: int) -> ResponseReturnValue:
    """Say no to a permission that waits; nothing else changes."""
    consent = _in_state(consent_id, *rules.WAITING)
    if not refused():
        ending.lapse(consent=consent, actor=access.actor(), now=access.now(), reason="client_declined")
        flash(_("You said no. Nothing is shared because of this."), "good")
    return redirect(url_for(".people"))


@pages.form("/permissions/<int:consent_id>/change")
def change(consent_id: int) -> ResponseReturnValue:
    """Take away at once, or add and sign anew."""
    consent = _in_state(consent_id, State.ACTIVE)
    form = ChangeForm(scopes=[scope.value for scope in standing.granted(consent, access.now())])
    if submitted(form):
        to_sign = permission_changed.change(
            consent=consent,
            chosen=form.scopes.scopes,
            typed_name=form.typed_name.data or "",
            actor=access.actor(),
            now=access.now(),
        )
        return _after_change(consent, to_sign)
    return render_template(
        "client/permissions/change.html", consent=consent, form=form, examples=signing.examples
    )


@pages.form("/permissions/<int:consent_id>/stop")
def stop(consent_id: int) -> ResponseReturnValue:
    """Stop sharing with one person."""
    consent = _in_state(consent_id, State.ACTIVE, State.ON_HOLD)
    form = StopForm()
    if submitted(form):
        reason = access_ended.OFFICE_MAY_TELL if form.office_may_tell.data else None
        access_ended.stop(consent=consent, actor=access.actor(), now=access.now(), reason=reason)
        flash(_("You stopped sharing with %(name)s.", name=consent.family_member.full_name), "good")
        return redirect(url_for(".people"))
    return render_template("client/permissions/stop.html", consent=consent, form=form)


@pages.post("/permissions/<int:consent_id>/resume")
def resume(consent_id: int) -> ResponseReturnValue:
    """The client ends a pause."""
    consent = _in_state(consent_id, State.ON_HOLD, State.ACTIVE)
    if not refused():
        holding.lift_hold(consent=consent, actor=access.actor(), now=access.now())
        flash(_resumed(consent), "good")
    return redirect(url_for(".person", relationship_id=consent.relationship_id))


@pages.get("/permissions/<int:consent_id>/copy")
def copy(consent_id: int) -> ResponseReturnValue:
    """The signed text, word for word, to read and print."""
    consent = queries.own_signed(access.client(), consent_id)
    blocks = texts.blocks(consent.signed_text or "")
    return render_template("client/permissions/copy.html", consent=consent, blocks=blocks)


@pages.get("/permissions/<int:consent_id>/withdrawals/<int:withdrawal_id>")
def withdrawal(consent_id: int, withdrawal_id: int) -> ResponseReturnValue:
    """The document of a withdrawal, word for word, to read and print."""
    found = queries.withdrawal_of(queries.own_signed(access.client(), consent_id), withdrawal_id)
    blocks = texts.blocks(found.text)
    return render_template("client/permissions/withdrawal.html", withdrawal=found, blocks=blocks)


def _waiting(consent_id: int) -> Consent:
    return _in_state(consent_id, State.PENDING_SIGNATURE)


def _in_state(consent_id: int, *states: State) -> Consent:
    """An own consent in one of `states`; in any other state the person's page is the answer."""
    consent = queries.own(access.client(), consent_id)
    if consent.state not in states:
        signing.go_to(url_for(".person", relationship_id=consent.relationship_id))
    return consent


def _after_change(consent: Consent, to_sign: Consent | None) -> ResponseReturnValue:
    if to_sign is not None:
        flash(_("Read the new permission and sign it. Until then nothing is added."), "soon")
        return redirect(url_for(".sign_read", consent_id=to_sign.id))
    flash(_("Saved. It counts from now on."), "good")
    return redirect(url_for(".person", relationship_id=consent.relationship_id))


def _resumed(consent: Consent) -> str:
    if consent.state is State.ACTIVE:
        return _("You share again as before.")
    return _("You said yes. Sharing starts again when your therapist says yes, too.")
