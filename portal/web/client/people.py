"""Who can see what: each person of the client, with what they may see and until when."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import Length

from portal.consent import preparing, queries
from portal.consent.queries import Person
from portal.core.errors import NotFound
from portal.people import phone_words
from portal.web import access, language, signing
from portal.web.pages import Pages
from portal.web.refusal import refused, submitted
from portal.workflows import access_ended, consent_signed

pages = Pages()


class PhoneWordForm(FlaskForm):
    """A word that two people know."""

    word = StringField(lazy_gettext("Word for the telephone"), [Length(max=80)])


@pages.get("/people")
def people() -> str:
    """One card a person."""
    everybody = queries.people_of(access.client(), access.now())
    return render_template("client/people/people.html", people=everybody)


@pages.get("/people/<int:relationship_id>")
def person(relationship_id: int) -> str:
    """One person: what they may see, and every way to change it."""
    return render_template("client/people/person.html", person=_person(relationship_id))


@pages.post("/people/<int:relationship_id>/permission")
def new_permission(relationship_id: int) -> ResponseReturnValue:
    """A new permission to fill in and sign; what waits already is taken up again."""
    found = _person(relationship_id)
    if refused():
        return redirect(url_for(".person", relationship_id=relationship_id))
    waiting = found.waiting or preparing.prepare(
        relationship=found.relationship,
        scopes=found.allowed(access.now()),
        expires_on=None,
        purpose="own_request",
        language=language.current(),
        actor=access.actor(),
        now=access.now(),
    )
    return redirect(url_for(".sign", consent_id=waiting.id))


@pages.post("/people/<int:relationship_id>/code")
def new_code(relationship_id: int) -> ResponseReturnValue:
    """A new code to pass on; the one before no longer works."""
    found = _person(relationship_id)
    if found.live is None or found.family_member.user_id is not None:
        raise NotFound
    code = consent_signed.new_code(
        consent=found.live, actor=access.actor(), now=access.now(), code_key=signing.code_key()
    )
    return render_template("client/people/code.html", person=found, code=code)


@pages.form("/people/<int:relationship_id>/phone-word")
def phone_word(relationship_id: int) -> ResponseReturnValue:
    """The word that this person says on the telephone; an empty one takes it back."""
    found, form = _person(relationship_id), PhoneWordForm()
    if submitted(form):
        phone_words.set_word(
            found.relationship,
            word=form.word.data or "",
            key=signing.code_key(),
            actor=access.actor(),
            now=access.now(),
        )
        flash(_("Saved. Tell the word to nobody else."), "good")
        return redirect(url_for(".person", relationship_id=relationship_id), 303)
    return render_template("client/people/phone_word.html", person=found, form=form)


@pages.form("/people/stop")
def stop_everybody() -> ResponseReturnValue:
    """Stop sharing with everybody: this page, one button."""
    form = signing.ButtonForm()
    live = queries.live_of(access.client())
    if form.validate_on_submit():
        for consent in live:
            access_ended.stop(consent=consent, actor=access.actor(), now=access.now())
        flash(_("You share nothing with anybody now."), "good")
        return redirect(url_for(".people"))
    return render_template("client/people/stop_everybody.html", form=form, live=live)


def _person(relationship_id: int) -> Person:
    return queries.person_of(access.client(), relationship_id, access.now())
