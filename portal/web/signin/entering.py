"""Signing in and out: name and passphrase."""

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import BooleanField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from portal.accounts import service, tries
from portal.accounts.models import Audience, User
from portal.accounts.passphrases import passphrases
from portal.audit import service as audit
from portal.core import clock
from portal.core.actor import VISITOR
from portal.core.db import db, writing
from portal.core.errors import Refused
from portal.people import queries as people
from portal.web import access
from portal.web.pages import Pages
from portal.web.refusal import submitted
from portal.web.signin import browser

pages = Pages()


class SignInForm(FlaskForm):
    """Name and passphrase."""

    sign_in_name = StringField(
        lazy_gettext("Sign-in name"),
        validators=[InputRequired(lazy_gettext("Type your sign-in name.")), Length(max=254)],
    )
    passphrase = PasswordField(
        lazy_gettext("Passphrase"),
        validators=[InputRequired(lazy_gettext("Type your passphrase.")), Length(max=1000)],
    )
    kept = BooleanField(lazy_gettext("Keep me signed in on this phone"))


@pages.form("/sign-in")
def sign_in() -> ResponseReturnValue:
    """The door. Unknown, wrong, disabled and too soon are one answer, and take one time."""
    form = SignInForm()
    wanted = request.args.get("next")
    if submitted(form):
        audience, secret, kept = _enter(form)
        browser.carry(secret, kept=kept)
        return redirect(browser.onward(wanted, audience), 303)
    if current_user.is_authenticated and request.method == "GET":
        return redirect(browser.onward(wanted, access.viewer().audience))
    return render_template("public/signin/sign_in.html", form=form)


sign_in.opens_transactions = True  # type: ignore[attr-defined]


@pages.get("/sign-in/invitation")
def invitation() -> str:
    """Where an invitation is found: the link is in the e-mail, the code with the person who invited."""
    return render_template("public/signin/invitation.html")


@pages.post("/sign-out")
def sign_out() -> Response:
    """End this browser session; every copy of its cookie is dead."""
    if current_user.is_authenticated:
        person = access.viewer()
        service.end_browser_session(
            user_id=person.user.id,
            session_id=person.session.id,
            reason="sign_out",
            now=access.now(),
            actor=access.actor(),
        )
    browser.drop()
    flash(_("You are signed out."), "good")
    return redirect(url_for("signin.sign_in"), 303)


@pages.post("/switch")
def switch() -> Response:
    """Open the other pages of an account that is both a client's and a family member's."""
    person = access.viewer()
    other = {Audience.FAMILY: Audience.CLIENT, Audience.CLIENT: Audience.FAMILY}.get(person.audience)
    if other is None or other not in audiences_of(person.user.id):
        return redirect(browser.HOMES[person.audience], 303)
    opened, secret = service.renew_browser_session(
        session_id=person.session.id, now=access.now(), audience=other
    )
    browser.carry(secret, kept=opened.kept)
    return redirect(browser.HOMES[other], 303)


def audiences_of(user_id: int) -> list[Audience]:
    """Whose pages an account may open, the usual one first. Staff accounts are separate."""
    if people.staff_member_of(user_id):
        return [Audience.STAFF]
    found = {
        Audience.FAMILY: people.family_member_of(user_id),
        Audience.CLIENT: people.client_of(user_id),
    }
    return [audience for audience, person in found.items() if person]


def _enter(form: SignInForm) -> tuple[Audience, str, bool]:
    """Count the try, compare without holding a lock, then open the browser session."""
    passphrase = form.passphrase.data or ""
    with writing():
        tried = tries.begin(sign_in_name=form.sign_in_name.data or "", now=clock.now())
    fits = passphrases.fits(tried.stored, passphrase)
    with writing():
        opened = _open(tried, kept=bool(form.kept.data)) if fits else None
        if opened is None:
            tries.wrong(tried, step="passphrase", now=clock.now())
    if opened is None:
        raise Refused("sign_in_wrong")
    g.pop("now", None)
    return opened


def _open(tried: tries.Try, *, kept: bool) -> tuple[Audience, str, bool] | None:
    """The new browser session; None when the account changed while the passphrase was compared."""
    now = clock.now()
    user = db.session.get(User, tried.user_id, with_for_update=True, populate_existing=True)
    if user is None or user.disabled_at is not None or user.passphrase_hash != tried.stored:
        return None
    audiences = audiences_of(user.id)
    if not audiences:
        return None
    opened, secret = service.open_browser_session(
        user=user, audience=audiences[0], now=now, agent=browser.in_a_few_words(), kept=kept
    )
    _end_the_one_before()
    if audiences[0] is Audience.STAFF or user.totp_secret is not None:
        tries.passed(user)
    else:
        tries.succeeded(user)
        entered(user, audiences[0])
    return audiences[0], secret, opened.kept


def entered(user: User, audience: Audience) -> None:
    """Remember a finished sign-in."""
    audit.record("signin.succeeded", actor=VISITOR, now=clock.now(), user_id=user.id, audience=audience.value)


def _end_the_one_before() -> None:
    """Whoever was signed in on this browser is no longer."""
    if not current_user.is_authenticated:
        return
    before = current_user.session
    service.end_browser_session(
        user_id=before.user_id,
        session_id=before.id,
        reason="signed_in_again",
        now=clock.now(),
        actor=VISITOR,
    )
