"""A person's own sign-in: where they are signed in, their passphrase and their second step.

Each audience builds these pages at its own address, in its own frame.
"""

from collections.abc import Callable
from typing import TypeVar

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import PasswordField
from wtforms.validators import InputRequired, Length

from portal.accounts import backup_codes, queries, second_factor, service, tries
from portal.accounts.models import Audience, User
from portal.accounts.passphrases import passphrases
from portal.core import clock
from portal.core.db import db, writing
from portal.core.errors import Refused
from portal.web import access
from portal.web.pages import Pages
from portal.web.refusal import submitted
from portal.web.signin import browser
from portal.web.signin.codes import CodeForm
from portal.web.signin.entering import audiences_of

STAFF = "staff/account"
"""The folder of the staff's templates."""


class PassphraseForm(FlaskForm):
    """The present passphrase and the new one."""

    present = PasswordField(
        lazy_gettext("Present passphrase"),
        validators=[InputRequired(lazy_gettext("Type your present passphrase.")), Length(max=1000)],
    )
    passphrase = PasswordField(
        lazy_gettext("New passphrase"),
        validators=[InputRequired(lazy_gettext("Type a new passphrase.")), Length(max=1000)],
    )


def build(address: str, folder: str) -> Pages:
    """The pages below `address`, with the templates of `folder`."""
    pages = Pages()

    @pages.get(address)
    def sign_in_settings() -> str:
        """Where this person is signed in."""
        person = access.viewer()
        return render_template(
            f"{folder}/sign_in_settings.html",
            sessions=queries.open_browser_sessions(person.user.id, now=access.now()),
            present=person.session.id,
            can_switch=len(audiences_of(person.user.id)) > 1,
            has_second_step=person.user.totp_secret is not None,
            may_stop=person.audience is not Audience.STAFF,
            codes_left=backup_codes.left(person.user.id),
        )

    @pages.post(f"{address}/<int:session_id>/end")
    def end_browser_session(session_id: int) -> Response:
        """End one of them, or NotFound when it is somebody else's."""
        person = access.viewer()
        service.end_browser_session(
            user_id=person.user.id,
            session_id=session_id,
            reason="ended_by_owner",
            now=access.now(),
            actor=access.actor(),
        )
        flash(_("That browser is signed out."), "good")
        return redirect(url_for(".sign_in_settings"), 303)

    @pages.post(f"{address}/end-others")
    def end_other_browser_sessions() -> Response:
        """End all but this one."""
        person = access.viewer()
        service.end_browser_sessions(
            user_id=person.user.id,
            reason="ended_by_owner",
            now=access.now(),
            actor=access.actor(),
            but=person.session.id,
        )
        flash(_("Every other browser is signed out."), "good")
        return redirect(url_for(".sign_in_settings"), 303)

    @pages.form(f"{address}/passphrase")
    def change_passphrase() -> ResponseReturnValue:
        """Change it, with the present one as proof; every other browser is signed out."""
        form = PassphraseForm()
        if submitted(form):
            _change(form.present.data or "", form.passphrase.data or "")
            flash(_("Your passphrase is changed. Every other browser is signed out."), "good")
            return redirect(url_for(".sign_in_settings"), 303)
        return render_template(f"{folder}/change_passphrase.html", form=form)

    change_passphrase.opens_transactions = True  # type: ignore[attr-defined]

    @pages.form(f"{address}/backup-codes")
    def new_backup_codes() -> ResponseReturnValue:
        """Ten new ones, with a code of the phone as proof; they are shown this once."""
        form = CodeForm()
        if submitted(form):
            codes = _with_code(form, second_factor.new_backup_codes)
            return render_template(
                "public/signin/backup_codes.html", codes=codes, onward=url_for(".sign_in_settings")
            )
        return render_template(f"{folder}/new_backup_codes.html", form=form)

    def stop_second_step() -> ResponseReturnValue:
        """Sign in by the passphrase alone again."""
        form = CodeForm()
        if submitted(form):
            _with_code(form, second_factor.stop)
            flash(_("From now on you sign in with your passphrase alone."), "good")
            return redirect(url_for(".sign_in_settings"), 303)
        return render_template(f"{folder}/stop_second_step.html", form=form)

    new_backup_codes.opens_transactions = True  # type: ignore[attr-defined]
    stop_second_step.opens_transactions = True  # type: ignore[attr-defined]
    if folder != STAFF:  # who works here cannot do without
        pages.form(f"{address}/second-step/stop")(stop_second_step)
    return pages


Made = TypeVar("Made")


def _with_code(form: CodeForm, verb: Callable[..., Made]) -> Made:
    """Count the try in a transaction that stays; do it where the code was right."""
    user_id, actor = access.viewer().user.id, access.actor()
    with writing():
        now = clock.now()
        fits = second_factor.shown(user_id=user_id, code=form.code.data or "", now=now)
        if fits:
            return verb(user_id=user_id, now=now, actor=actor)
        tries.wrong(tries.Try(user_id, None), step="code", now=now)
    raise Refused("code_wrong", field="code")


def _change(present: str, new: str) -> None:
    """Hash first, count the try, compare without a lock, then change and renew this browser."""
    person, actor = access.viewer(), access.actor()
    user_id, session_id = person.user.id, person.session.id
    stored = service.hashed_passphrase(new, sign_in_name=person.user.sign_in_name)
    with writing():
        tried = tries.begin_again(user_id=user_id, now=clock.now())
    fits = passphrases.fits(tried.stored, present)
    with writing():
        user = db.session.get_one(User, user_id, with_for_update=True, populate_existing=True)
        fits = fits and user.passphrase_hash == tried.stored
        if fits:
            now = clock.now()
            service.change_passphrase(user_id=user_id, stored=stored, way="changed", now=now, actor=actor)
            renewed, secret = service.renew_browser_session(session_id=session_id, now=now, proved=True)
            service.end_browser_sessions(
                user_id=user_id, reason="passphrase_changed", now=now, actor=actor, but=renewed.id
            )
            kept = renewed.kept
        else:
            tries.wrong(tried, step="passphrase", now=clock.now())
    if not fits:
        raise Refused("passphrase_wrong", field="present")
    browser.carry(secret, kept=kept)
