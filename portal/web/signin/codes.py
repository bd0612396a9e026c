"""The second step: a 6-digit code, and setting it up: staff at the first sign-in, others who want it."""

import segno
from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext
from flask_login import current_user
from flask_wtf import FlaskForm
from markupsafe import Markup
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from portal.accounts import second_factor, service, tries
from portal.accounts.models import Audience, BrowserSession
from portal.center.settings import current
from portal.core import clock
from portal.core.db import db, writing
from portal.core.errors import NotFound, Refused
from portal.web import access
from portal.web.pages import Pages
from portal.web.refusal import submitted
from portal.web.signin import browser
from portal.web.signin.entering import entered

pages = Pages()


class CodeForm(FlaskForm):
    """Six digits."""

    code = StringField(
        lazy_gettext("6-digit code"),
        validators=[InputRequired(lazy_gettext("Type the 6 digits.")), Length(max=30)],
    )


@pages.form("/sign-in/code")
def code() -> ResponseReturnValue:
    """Ask for the code. Without it a staff cookie opens nothing."""
    if not current_user.is_authenticated:
        return redirect(url_for("signin.sign_in"))
    person = access.viewer()
    if not person.needs_second_factor:
        return redirect(browser.onward(request.args.get("next"), person.audience))
    if person.user.totp_secret is None:
        return redirect(url_for("signin.set_up", next=request.args.get("next")))
    form = CodeForm()
    if submitted(form):
        return _passed(person.session.id, form.code.data or "", is_new=False)
    return render_template("public/signin/code.html", form=form)


@pages.form("/sign-in/set-up")
def set_up() -> ResponseReturnValue:
    """Show the key once, as a picture and as text, and keep it when a code of it comes back."""
    if not current_user.is_authenticated:
        return redirect(url_for("signin.sign_in"))
    person = access.viewer()
    if person.user.totp_secret is not None:
        raise NotFound
    form = CodeForm()
    if submitted(form):
        return _passed(person.session.id, form.code.data or "", is_new=True)
    key = second_factor.secrets.offered(person.session)
    grouped = " ".join(key[start : start + 4] for start in range(0, len(key), 4))
    return render_template(
        "public/signin/set_up.html",
        form=form,
        key=grouped,
        picture=_picture(key),
        is_wanted=person.audience is Audience.STAFF,
        back=browser.onward(request.args.get("next"), person.audience),
    )


code.opens_transactions = True  # type: ignore[attr-defined]
set_up.opens_transactions = True  # type: ignore[attr-defined]


def _passed(session_id: int, typed: str, *, is_new: bool) -> ResponseReturnValue:
    """Count the try in a transaction that stays, then go on with a new cookie."""
    onward = browser.onward(request.args.get("next"), access.viewer().audience)
    actor = access.actor()  # the browser session that says so ends below
    codes: list[str] = []
    with writing():
        renewed = _renewed(session_id, typed, is_new=is_new)
        if renewed and is_new:
            codes = second_factor.new_backup_codes(user_id=renewed[0].user_id, now=clock.now(), actor=actor)
    if renewed is None:
        raise Refused("code_wrong", field="code")
    browser.carry(renewed[1], kept=renewed[0].kept)
    if codes:
        return render_template("public/signin/backup_codes.html", codes=codes, onward=onward)
    return redirect(onward, 303)


def _renewed(session_id: int, typed: str, *, is_new: bool) -> tuple[BrowserSession, str] | None:
    now = clock.now()
    session = db.session.get_one(BrowserSession, session_id)  # lock order: account, browser session
    if is_new:
        fits = second_factor.set_up(session=session, code=typed, now=now, actor=access.actor())
    else:
        fits = second_factor.shown(user_id=session.user_id, code=typed, now=now)
    if not fits:
        tries.wrong(tries.Try(session.user_id, None), step="code", now=now)
        return None
    entered(session.user, session.audience)
    return service.renew_browser_session(session_id=session_id, now=now, second_factor=True)


def _picture(key: str) -> Markup:
    """The QR code as SVG, drawn by attributes alone: the CSP allows no inline style."""
    name = current().product_name
    address = second_factor.address(secret=key, account=access.viewer().user.sign_in_name, issuer=name)
    return Markup(segno.make(address, error="m").svg_inline(scale=5, border=4, light="#fff"))  # noqa: S704
