"""A family member opens an invitation: the code first, then what they may see, then yes or no.

Before the code nothing here names anybody. What the browser carries between the steps is a
keyed digest bound to this link and this code; the gate is asked again at each step.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from flask import current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, InputRequired, Length

from portal.accounts import rules as account_rules
from portal.accounts import service as accounts
from portal.accounts.models import Audience, User
from portal.accounts.passphrases import passphrases
from portal.core import clock, tokens
from portal.core.actor import VISITOR
from portal.core.db import db, reading, writing
from portal.core.errors import NotFound, Refused
from portal.disclosure.gate import Permit
from portal.disclosure.notice import FULL
from portal.mail import service as mail
from portal.mail.models import ReaderKind
from portal.people import invitations
from portal.people.models import Invitation
from portal.web import access, language, ledger
from portal.web.pages import Pages
from portal.web.refusal import submitted
from portal.web.signin import browser
from portal.workflows import invite as workflow

pages = Pages()

REMINDERS = ("session_reminders", "program_times")


class CodeForm(FlaskForm):
    """The code that the person who invited has."""

    code = StringField(
        lazy_gettext("Your code"), [DataRequired(lazy_gettext("Type the code.")), Length(max=40)]
    )


class AcceptForm(FlaskForm):
    """An account: name, passphrase, language, and which e-mails, all off."""

    sign_in_name = StringField(
        lazy_gettext("Sign-in name"), [DataRequired(lazy_gettext("Type a sign-in name.")), Length(max=254)]
    )
    passphrase = PasswordField(
        lazy_gettext("Passphrase"), [InputRequired(lazy_gettext("Type a passphrase.")), Length(max=1000)]
    )
    language = SelectField(
        lazy_gettext("Language"), choices=[SelectChoice(*one) for one in language.LANGUAGES.items()]
    )
    is_shared = BooleanField(lazy_gettext("Somebody else reads this e-mail too"))
    session_reminders = BooleanField(lazy_gettext("E-mail me before a family session that I signed up for"))
    program_times = BooleanField(lazy_gettext("E-mail me the day before an entry on my calendar"))

    @property
    def wishes(self) -> list[str]:
        """The kinds of e-mail that are ticked."""
        return [kind for kind in REMINDERS if self[kind].data]


class AnswerForm(FlaskForm):
    """Accept with the account that is signed in: only the token."""


@dataclass(frozen=True)
class Offer:
    """What stands behind a proven invitation."""

    invitation: Invitation
    permits: list[Permit]
    has_account: bool
    is_signed_in: bool


@pages.form("/invite/<token>")
def invite(token: str) -> ResponseReturnValue:
    """No name before the code. One page for every link that does not work."""
    form = CodeForm()
    try:
        with reading():
            _refuse_other_account(workflow.opened(token=token, now=clock.now()))
        if form.validate_on_submit() and _is_right(token, form):
            return redirect(url_for(".accept_invitation", token=token), 303)
    except NotFound:
        return _dead()
    except Refused:
        return _other_account()
    status = 409 if form.errors else 200
    return render_template("public/invite/code.html", form=form), status


invite.opens_transactions = True  # type: ignore[attr-defined]


@pages.form("/invite/<token>/answer")
def accept_invitation(token: str) -> ResponseReturnValue:
    """Who invited, what may be seen, until when; an account, and yes or no."""
    try:
        with reading():
            offer = _offer(token)
    except NotFound:
        return _again(token) or _dead()
    except Refused:
        return _other_account()
    form = AnswerForm() if offer.has_account else _filled(AcceptForm(), offer)
    if submitted(form):
        try:
            secret = _accept_with(token, form)
        except NotFound:
            return _dead()
        if secret:
            browser.carry(secret)
        flash(_("Welcome. This is what you can see."), "good")
        return redirect(browser.HOMES[Audience.FAMILY], 303)
    _note(offer)
    return _page(form, offer)


accept_invitation.opens_transactions = True  # type: ignore[attr-defined]


@pages.post("/invite/<token>/no")
def decline_invitation(token: str) -> ResponseReturnValue:
    """ "No, thank you": nothing more comes."""
    try:
        workflow.decline(token=token, carried=_carried(), key=_key(), actor=VISITOR, now=access.now())
    except NotFound:
        return _dead()
    session.pop("invitation", None)
    return render_template("public/invite/declined.html")


def _is_right(token: str, form: CodeForm) -> bool:
    """Check the code and count the try, in a transaction of its own; then carry the proof."""
    with writing():
        tried = invitations.try_code(
            token=token, code=form.code.data or "", key=_key(), actor=VISITOR, now=clock.now()
        )
        if tried.is_right:
            session["invitation"] = workflow.proof(workflow.opened(token=token, now=clock.now()), _key())
    if not tried.is_right and tried.tries_left == 0:
        raise NotFound
    if not tried.is_right:
        form.code.errors = [_wrong(tried.tries_left)]
    return tried.is_right


def _wrong(tries_left: int) -> str:
    if tries_left == 1:
        return _("That does not match. You have 1 try left.")
    return _("That does not match. You have %(tries)s tries left.", tries=tries_left)


def _offer(token: str) -> Offer:
    """The invitation that this browser has proven, or NotFound."""
    now = clock.now()
    invitation = workflow.opened(token=token, now=now)
    if not tokens.same(_carried(), workflow.proof(invitation, _key())):
        raise NotFound
    _refuse_other_account(invitation)
    person = invitation.relationship.family_member
    return Offer(
        invitation,
        workflow.permits(invitation.relationship, now),
        has_account=person.user_id is not None,
        is_signed_in=current_user.is_authenticated,
    )


def _refuse_other_account(invitation: Invitation) -> None:
    owner = invitation.relationship.family_member.user_id
    if current_user.is_authenticated and current_user.user.id != owner:
        raise Refused("other_account")


def _filled(form: AcceptForm, offer: Offer) -> AcceptForm:
    if request.method == "GET":
        form.sign_in_name.data = offer.invitation.relationship.family_member.email or ""
        form.language.data = language.current()
    return form


def _accept_with(token: str, form: FlaskForm) -> str | None:
    """Accept; returns the cookie's secret of a new browser session, None where one is open."""
    if isinstance(form, AcceptForm):
        return _open_account(token, form)
    with writing():
        if not current_user.is_authenticated:
            raise NotFound
        user = db.session.get_one(User, current_user.user.id)
        _accept(token, user, is_shared=None)
    return None


def _open_account(token: str, form: AcceptForm) -> str:
    """Hash first, without the lock; then account, link, notice, wishes and sign-in at once."""
    name = form.sign_in_name.data or ""
    stored = accounts.hashed_passphrase(form.passphrase.data or "", sign_in_name=name)
    with writing():
        now = clock.now()
        user = accounts.create_user(
            sign_in_name=name,
            passphrase="",
            stored=stored,
            language=form.language.data,
            now=now,
            actor=VISITOR,
        )
        person = _accept(token, user, is_shared=bool(form.is_shared.data)).relationship.family_member
        person.language = form.language.data
        mail.set_preferences(
            reader_kind=ReaderKind.FAMILY,
            reader_id=person.id,
            kinds=form.wishes,
            actor=VISITOR,
            now=now,
        )
        return _sign_in(user)


def _accept(token: str, user: User, *, is_shared: bool | None) -> Invitation:
    return workflow.accept(
        token=token,
        carried=_carried(),
        key=_key(),
        user=user,
        is_shared_mailbox=is_shared,
        actor=VISITOR,
        now=clock.now(),
    )


def _sign_in(user: User) -> str:
    opened, secret = accounts.open_browser_session(
        user=user, audience=Audience.FAMILY, now=clock.now(), agent=browser.in_a_few_words()
    )
    return secret


def _again(token: str) -> ResponseReturnValue | None:
    """A second press of Accept, with the same name and passphrase: signed in, nothing done twice."""
    form = AcceptForm()
    if request.method != "POST" or not form.validate():
        return None
    with reading():
        user = workflow.accepted(token=token, carried=_carried(), key=_key(), now=clock.now())
        if user is None or user.sign_in_name != account_rules.plain_name(form.sign_in_name.data or ""):
            return None
        user_id, stored = user.id, user.passphrase_hash
    if not passphrases.fits(stored, form.passphrase.data or ""):
        return None
    with writing():
        secret = _sign_in(db.session.get_one(User, user_id))
    browser.carry(secret)
    return redirect(browser.HOMES[Audience.FAMILY], 303)


def _note(offer: Offer) -> None:
    ledger.on_occasion(f"invitation:{offer.invitation.id}")
    for permit in offer.permits:
        ledger.disclosed(permit, "permission")


def _page(form: FlaskForm, offer: Offer) -> str:
    relationship = offer.invitation.relationship
    return render_template(
        "public/invite/answer.html",
        form=form,
        client=relationship.client,
        person=relationship.family_member,
        scopes=[permit.scope for permit in offer.permits],
        until_on=_last_day(offer),
        offer=offer,
        notice=FULL[language.current()],
        token=request.view_args["token"] if request.view_args else "",
    )


def _last_day(offer: Offer) -> date:
    """The last day on which anything is allowed, at the client's location."""
    until = max(permit.until for permit in offer.permits)
    return clock.local_date(
        until - timedelta(seconds=1), offer.invitation.relationship.client.location.timezone
    )


def _dead() -> ResponseReturnValue:
    session.pop("invitation", None)
    return render_template("public/invite/dead.html"), 404


def _other_account() -> ResponseReturnValue:
    return render_template("public/invite/other_account.html"), 409


def _carried() -> str:
    return str(session.get("invitation", ""))


def _key() -> str:
    return str(current_app.config["SECRET_KEY"])
