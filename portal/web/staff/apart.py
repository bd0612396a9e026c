"""Who is never in one session: set and ended here, seen by staff alone."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired

from portal.core.db import db
from portal.core.errors import NotFound
from portal.people import queries as people
from portal.people.models import Client, FamilyMember, Relationship
from portal.sessions import apart
from portal.sessions.models_company import KeepApart
from portal.web import access, ledger
from portal.web.pages import Pages
from portal.web.refusal import submitted

pages = Pages()

REASONS = {
    "court_order": lazy_gettext("A court order"),
    "safety_plan": lazy_gettext("A safety plan"),
    "asked_by_client": lazy_gettext("The client asked for it"),
    "team_decision": lazy_gettext("The care team decided it"),
}
CLIENT = "client"
"""The choice of the client's own person, beside the ids of family members."""


class ApartForm(FlaskForm):
    """From whom, and why."""

    other = SelectField(
        lazy_gettext("Never in one session with"),
        [InputRequired(lazy_gettext("Nobody is chosen. Choose the other person."))],
    )
    reason = RadioField(
        lazy_gettext("Why"),
        [InputRequired(lazy_gettext("Nothing is chosen. Choose a reason."))],
        choices=[SelectChoice(code, text) for code, text in REASONS.items()],
    )


@pages.form("/clients/<int:client_id>/family/<int:relationship_id>/apart")
def keep_apart(client_id: int, relationship_id: int) -> ResponseReturnValue:
    """The flags of one person, and a new one."""
    pair, form = _pair(client_id, relationship_id), ApartForm()
    known = _known()
    form.other.choices = [
        SelectChoice("", ""),
        SelectChoice(CLIENT, _("%(name)s, the client", name=pair.client.short_name)),
        *(SelectChoice(str(each.id), each.full_name) for each in known if each.id != pair.family_member_id),
    ]
    if submitted(form):
        other = form.other.data
        apart.keep_apart(
            family_member_id=pair.family_member_id,
            other_family_member_id=None if other == CLIENT else int(other),
            other_client_id=pair.client_id if other == CLIENT else None,
            reason=form.reason.data,
            actor=access.actor(),
            now=access.now(),
        )
        flash(_("Saved. From now on no place is given to both in one session."), "good")
        return redirect(url_for(".keep_apart", client_id=client_id, relationship_id=relationship_id), 303)
    ledger.viewed(client_id, "apart")
    names = {each.id: each.full_name for each in known}
    return render_template(
        "staff/clients/apart.html",
        form=form,
        pair=pair,
        flags=[(each, _other(each, pair, names)) for each in apart.of_person(pair.family_member_id)],
        reasons=REASONS,
    )


@pages.post("/clients/<int:client_id>/family/<int:relationship_id>/apart/<int:flag_id>/end")
def end_apart(client_id: int, relationship_id: int, flag_id: int) -> Response:
    """They may meet again."""
    pair = _pair(client_id, relationship_id)
    if flag_id not in {each.id for each in apart.of_person(pair.family_member_id)}:
        raise NotFound
    apart.end(keep_apart_id=flag_id, actor=access.actor(), now=access.now())
    flash(_("Ended. They may be in one session again."), "good")
    return redirect(url_for(".keep_apart", client_id=client_id, relationship_id=relationship_id), 303)


def _pair(client_id: int, relationship_id: int) -> Relationship:
    pair = people.relationship_for(staff=access.staff(), relationship_id=relationship_id, now=access.now())
    if pair.client_id != client_id:
        raise NotFound
    return pair


def _known() -> list[FamilyMember]:
    """The family members of this staff member's clients, by name: nobody else's are named here."""
    query = (
        select(FamilyMember)
        .join(FamilyMember.relationships)
        .join(Relationship.client)
        .where(people.caseload(access.staff(), access.now()), Relationship.ended_at.is_(None))
        .order_by(FamilyMember.family_name, FamilyMember.given_name, FamilyMember.id)
        .distinct()
    )
    return list(db.session.scalars(query))


def _other(flag: KeepApart, pair: Relationship, names: dict[int, str]) -> str | None:
    """The other one's name; None: somebody of another caseload."""
    if flag.other_client_id is not None:
        mine: Client | None = flag.other_client if flag.other_client_id == pair.client_id else None
        return mine.short_name if mine else None
    ids = {flag.family_member_id, flag.other_family_member_id} - {pair.family_member_id}
    return names.get(next(iter(ids)) or 0)
