"""A lost phone: one of us asks, another agrees, and the person sets up a new one."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from portal.accounts import factor_resets
from portal.accounts import queries as accounts
from portal.accounts.rules import plain_name
from portal.core.errors import NotFound, Refused
from portal.people import queries as people
from portal.people.models import Role
from portal.web import access
from portal.web.pages import Pages
from portal.web.refusal import refused, submitted

pages = Pages()


class LostPhoneForm(FlaskForm):
    """Whose phone it is."""

    sign_in_name = StringField(
        lazy_gettext("Sign-in name of the person"),
        [InputRequired(lazy_gettext("Type the sign-in name.")), Length(max=254)],
        description=lazy_gettext("Make sure that it is them: see them, or call a number you had before."),
    )


@pages.form("/second-steps")
def second_steps() -> ResponseReturnValue:
    """Ask for one, and see what waits for a second person."""
    form, person = LostPhoneForm(), access.viewer()
    if submitted(form):
        _refuse_strangers(form.sign_in_name.data or "")
        factor_resets.ask(
            sign_in_name=form.sign_in_name.data or "",
            by_user_id=person.user.id,
            now=access.now(),
            actor=access.actor(),
        )
        flash(_("Now another member of staff opens this page and agrees, within 24 hours."), "good")
        return redirect(url_for(".second_steps"), 303)
    return render_template(
        "staff/second_steps.html",
        form=form,
        waiting=[each for each in factor_resets.waiting(access.now()) if _may_know(each.user_id)],
        own=person.user.id,
    )


@pages.post("/second-steps/<int:reset_id>/agree")
def agree_to_second_step(reset_id: int) -> Response:
    """The second of two: the old phone counts no longer."""
    if not refused():
        _refuse_unseen(reset_id)
        factor_resets.agree(
            reset_id=reset_id,
            by_user_id=access.viewer().user.id,
            now=access.now(),
            actor=access.actor(),
        )
        flash(_("Done. They are signed out, and set up a new phone or none at the next sign-in."), "good")
    return redirect(url_for(".second_steps"), 303)


@pages.post("/second-steps/<int:reset_id>/refuse")
def refuse_second_step(reset_id: int) -> Response:
    """It shall not be."""
    _refuse_unseen(reset_id)
    factor_resets.refuse(reset_id=reset_id, now=access.now(), actor=access.actor())
    flash(_("Refused. Nothing has changed for them."), "good")
    return redirect(url_for(".second_steps"), 303)


def _may_know(user_id: int) -> bool:
    """An administrator alone learns of no account but the staff's: clients sign in here, too."""
    if access.viewer().roles & {Role.COORDINATOR, Role.PRIVACY_OFFICER}:
        return True
    return people.staff_member_of(user_id) is not None


def _refuse_strangers(sign_in_name: str) -> None:
    user = accounts.user_named(plain_name(sign_in_name))
    if user is not None and not _may_know(user.id):
        raise Refused("nobody_of_this_name", field="sign_in_name")


def _refuse_unseen(reset_id: int) -> None:
    if not any(
        each.id == reset_id and _may_know(each.user_id) for each in factor_resets.waiting(access.now())
    ):
        raise NotFound
