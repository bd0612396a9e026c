"""Staff accounts: invite, disable, enable. No client and no family member is named here."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import EmailField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, Email, InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from portal.accounts import service as accounts
from portal.center.models import Location
from portal.core.db import db
from portal.core.errors import NotFound, Refused
from portal.people import account_invitations
from portal.people import queries as people
from portal.people.models import Role, StaffMember
from portal.web import access
from portal.web.language import LANGUAGES
from portal.web.pages import Pages
from portal.web.refusal import refused, submitted
from portal.web.terms import ROLES

pages = Pages()


class InviteForm(FlaskForm):
    """A new member of staff."""

    given_name = StringField(
        lazy_gettext("First name"), [DataRequired(lazy_gettext("Type the first name.")), Length(max=80)]
    )
    family_name = StringField(
        lazy_gettext("Last name"), [DataRequired(lazy_gettext("Type the last name.")), Length(max=80)]
    )
    email = EmailField(
        lazy_gettext("E-mail"),
        [
            Email(
                message=lazy_gettext(
                    "This does not look like an e-mail address. Type it again, such as ana@mail.example."
                )
            ),
            Length(max=254),
        ],
    )
    language = SelectField(
        lazy_gettext("Language"), choices=[SelectChoice(*one) for one in LANGUAGES.items()]
    )
    roles = SelectMultipleField(
        lazy_gettext("What they do"),
        [InputRequired(lazy_gettext("Choose at least one."))],
        choices=[SelectChoice(role.value, text) for role, text in ROLES.items()],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    location = SelectField(
        lazy_gettext("Location"), description=lazy_gettext("A coordinator works with its clients.")
    )

    def chosen_roles(self) -> dict[Role, int | None]:
        """Each role with its location, which only a coordinator's has."""
        location_id = int(self.location.data) if self.location.data else None
        roles = [Role(code) for code in self.roles.data or ()]
        return {role: location_id if role is Role.COORDINATOR else None for role in roles}


@pages.get("/users")
def users() -> str:
    """Everybody who works here, with what they do and whether they can sign in."""
    return render_template("admin/users.html", staff=people.all_staff(), terms=ROLES, own=access.staff().id)


@pages.form("/users/new")
def invite_user() -> ResponseReturnValue:
    """Enter a member of staff and mail them a one-time link."""
    form = InviteForm()
    locations = db.session.scalars(select(Location).order_by(Location.name))
    form.location.choices = [SelectChoice("", "")] + [
        SelectChoice(str(location.id), location.name) for location in locations
    ]
    if submitted(form):
        member = account_invitations.create_staff(
            given_name=form.given_name.data or "",
            family_name=form.family_name.data or "",
            email=form.email.data or "",
            language=form.language.data,
            roles=form.chosen_roles(),
            now=access.now(),
            actor=access.actor(),
        )
        account_invitations.invite_staff(staff=member, now=access.now(), actor=access.actor())
        flash(_("The link is on its way to %(name)s.", name=member.full_name), "good")
        return redirect(url_for(".users"))
    return render_template("admin/invite_user.html", form=form)


@pages.post("/users/<int:staff_id>/invite")
def invite_user_again(staff_id: int) -> Response:
    """A new link for somebody who has no account yet; the older one is dead."""
    member = _member(staff_id)
    if not refused():
        account_invitations.invite_staff(staff=member, now=access.now(), actor=access.actor())
        flash(_("A new link is on its way to %(name)s.", name=member.full_name), "good")
    return redirect(url_for(".users"))


@pages.post("/users/<int:staff_id>/disable")
def disable_user(staff_id: int) -> Response:
    """End every browser session of an account at once; nobody signs in with it any more."""
    member = _member(staff_id)
    if not refused():
        if member.id == access.staff().id:
            raise Refused("own_account")
        accounts.disable(user_id=_user_id(member), now=access.now(), actor=access.actor())
        flash(_("%(name)s can no longer sign in.", name=member.full_name), "good")
    return redirect(url_for(".users"))


@pages.post("/users/<int:staff_id>/enable")
def enable_user(staff_id: int) -> Response:
    """Let somebody sign in again."""
    member = _member(staff_id)
    accounts.enable(user_id=_user_id(member), now=access.now(), actor=access.actor())
    flash(_("%(name)s can sign in again.", name=member.full_name), "good")
    return redirect(url_for(".users"))


def _member(staff_id: int) -> StaffMember:
    member = db.session.get(StaffMember, staff_id)
    if member is None:
        raise NotFound
    return member


def _user_id(member: StaffMember) -> int:
    if member.user_id is None:
        raise NotFound
    return member.user_id
