"""A forgotten passphrase: ask for a link, then choose a new passphrase with it."""

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from portal.accounts import resets, service
from portal.core import clock
from portal.core.db import reading, writing
from portal.core.errors import NotFound
from portal.web import access
from portal.web.pages import Pages
from portal.web.refusal import submitted
from portal.web.signin import browser

pages = Pages()


class ForgotForm(FlaskForm):
    """The sign-in name."""

    sign_in_name = StringField(
        lazy_gettext("Sign-in name"),
        validators=[InputRequired(lazy_gettext("Type your sign-in name.")), Length(max=254)],
    )


class ResetForm(FlaskForm):
    """The new passphrase, shown on wish, so typed once."""

    passphrase = PasswordField(
        lazy_gettext("New passphrase"),
        validators=[InputRequired(lazy_gettext("Type a new passphrase.")), Length(max=1000)],
    )


@pages.form("/password/forgot")
def forgot() -> ResponseReturnValue:
    """Ask for the link. The answer is the same for every name."""
    form = ForgotForm()
    if submitted(form):
        key = str(current_app.secret_key)
        resets.ask(sign_in_name=form.sign_in_name.data or "", key=key, now=access.now())
        return render_template("public/signin/forgot_sent.html")
    return render_template("public/signin/forgot.html", form=form)


@pages.form("/password/reset/<token>")
def reset(token: str) -> ResponseReturnValue:
    """Choose a new passphrase. Opening the page changes nothing: mail scanners open links."""
    form = ResetForm()
    try:
        name = _name(token)
        if submitted(form):
            stored = service.hashed_passphrase(form.passphrase.data or "", sign_in_name=name)
            with writing():
                resets.reset(token=token, stored=stored, now=clock.now())
            browser.drop()
            flash(_("Your passphrase is changed. Sign in with the new one."), "good")
            return redirect(url_for("signin.sign_in"), 303)
    except NotFound:
        return render_template("public/signin/dead_link.html"), 404
    return render_template("public/signin/reset.html", form=form)


reset.opens_transactions = True  # type: ignore[attr-defined]


def _name(token: str) -> str:
    with reading():
        return resets.user_of(token, now=clock.now()).sign_in_name
