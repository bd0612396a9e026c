"""Invitations of family members: who is ready, who was asked, who came."""

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from portal.people import queries as people
from portal.reports.caseload import Person, caseload
from portal.web import access, signing
from portal.web.pages import Pages
from portal.web.refusal import refused
from portal.web.staff import badges
from portal.workflows import invite

pages = Pages()

TABS = {
    "": lazy_gettext("All"),
    "ready": lazy_gettext("Not sent"),
    "sent": lazy_gettext("Sent"),
    "accepted": lazy_gettext("Accepted"),
    "declined": lazy_gettext("Declined"),
    "ended": lazy_gettext("Ended"),
}


@pages.get("/invitations")
def invitations() -> str:
    """Everybody named by a client of this staff member, with where their invitation stands."""
    lines = caseload(staff=access.staff(), now=access.now())
    tab = request.args.get("state", "")
    shown = [(line.client, one) for line in lines for one in line.people if tab in ("", _state(one))]
    return render_template(
        "staff/invitations/invitations.html", shown=shown, tab=tab, tabs=TABS, badges=badges
    )


@pages.post("/invitations/<int:relationship_id>/send")
def send_invitation(relationship_id: int) -> ResponseReturnValue:
    """Send, or send again. The workflow asks the gate."""
    found = people.relationship_for(staff=access.staff(), relationship_id=relationship_id, now=access.now())
    if not refused():
        invite.send(relationship_id=found.id, actor=access.actor(), now=access.now())
        flash(_("The invitation is on its way. The client passes on the code."), "good")
    return redirect(url_for(".client", client_id=found.client_id))


@pages.post("/invitations/<int:relationship_id>/print")
def print_invitation(relationship_id: int) -> ResponseReturnValue:
    """A letter for a person without e-mail; each print has a new link."""
    found = people.relationship_for(staff=access.staff(), relationship_id=relationship_id, now=access.now())
    if refused():
        return redirect(url_for(".client", client_id=found.client_id))
    invitation, token = invite.print_letter(relationship_id=found.id, actor=access.actor(), now=access.now())
    address = current_app.config["PORTAL_BASE_URL"] + url_for("public.invite", token=token)
    return render_template(
        "staff/invitations/letter.html",
        person=found.family_member,
        client=found.client,
        invitation=invitation,
        address=address,
    )


@pages.post("/invitations/<int:relationship_id>/code")
def new_invitation_code(relationship_id: int) -> ResponseReturnValue:
    """A new code for the client, shown once; the one before no longer works."""
    found = people.relationship_for(staff=access.staff(), relationship_id=relationship_id, now=access.now())
    if refused():
        return redirect(url_for(".client", client_id=found.client_id))
    code = invite.new_code(
        relationship_id=found.id, actor=access.actor(), now=access.now(), key=signing.code_key()
    )
    return render_template("staff/invitations/code.html", relationship=found, code=code)


def _state(one: Person) -> str:
    return one.invitation.state.value if one.invitation else "ready"
