"""One client's page: the family, how their consents stand, what comes next."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core.errors import Refused
from portal.disclosure import patient_notice
from portal.people import account_invitations, service
from portal.people import queries as people
from portal.reports.caseload import rows
from portal.web import access, ledger, notices
from portal.web.pages import Pages
from portal.web.refusal import refused
from portal.web.staff import badges
from portal.web.wording import sentence
from portal.workflows.client_discharged import running_episodes
from portal.workflows.intake import why_no_consent

pages = Pages()


@pages.get("/clients/<int:client_id>")
def client(client_id: int) -> str:
    """The client with everybody around."""
    found = people.client_for(staff=access.staff(), client_id=client_id, now=access.now())
    ledger.viewed(found.id, "client")
    return render_template(
        "staff/clients/client.html",
        client=found,
        line=rows([found], access.now())[0],
        badges=badges,
        notices_given=patient_notice.given_to(found.id),
        notice_methods=notices.METHODS,
        team=people.care_team_of(found.id, access.now()),
        in_care=bool(running_episodes(found)),
        no_consent_because=_sentence(why_no_consent(found, access.now())),
    )


@pages.post("/clients/<int:client_id>/account")
def invite_client(client_id: int) -> ResponseReturnValue:
    """Mail the client a one-time link to an account of their own."""
    found = people.client_for(staff=access.staff(), client_id=client_id, now=access.now())
    if not refused():
        account_invitations.invite_client(client=found, actor=access.actor(), now=access.now())
        flash(_("The link for the client's own account is on its way."), "good")
    return redirect(url_for(".client", client_id=found.id))


@pages.post("/clients/<int:client_id>/family-contact")
def family_contact(client_id: int) -> ResponseReturnValue:
    """Note that the client prefers no family contact, or no longer does."""
    found = people.client_for(staff=access.staff(), client_id=client_id, now=access.now())
    service.set_family_contact(
        client=found, unwanted=not found.no_family_contact, actor=access.actor(), now=access.now()
    )
    return redirect(url_for(".client", client_id=found.id))


def _sentence(code: str | None) -> str | None:
    return sentence(Refused(code)) if code else None
