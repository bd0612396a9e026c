"""A client or staff member opens their account with a one-time link."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from portal.accounts import service
from portal.core import clock
from portal.core.db import reading, writing
from portal.core.errors import NotFound
from portal.people import account_invitations
from portal.web.pages import Pages
from portal.web.refusal import submitted
from portal.web.signin import browser

pages = Pages()


class WelcomeForm(FlaskForm):
    """The first passphrase, and the name to sign in with."""

    sign_in_name = StringField(
        lazy_gettext("Sign-in name"),
        validators=[InputRequired(lazy_gettext("Type a sign-in name.")), Length(max=254)],
    )
    passphrase = PasswordField(
        lazy_gettext("Passphrase"),
        validators=[InputRequired(lazy_gettext("Type a passphrase.")), Length(max=1000)],
    )


@pages.form("/welcome/<token>")
def welcome(token: str) -> ResponseReturnValue:
    """Choose a sign-in name and a passphrase; then sign in with them."""
    form = WelcomeForm()
    name = form.sign_in_name.data or ""
    try:
        with reading():
            account_invitations.by_link(token, now=clock.now())
        if submitted(form):
            stored = service.hashed_passphrase(form.passphrase.data or "", sign_in_name=name)
            with writing():
                account_invitations.accept(token=token, sign_in_name=name, stored=stored, now=clock.now())
            browser.drop()
            flash(_("Your account is ready. Sign in with it."), "good")
            return redirect(url_for("signin.sign_in"), 303)
    except NotFound:
        return render_template("public/signin/dead_link.html"), 404
    return render_template("public/signin/welcome.html", form=form)


welcome.opens_transactions = True  # type: ignore[attr-defined]
