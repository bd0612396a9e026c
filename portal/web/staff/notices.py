"""A paper copy of the notice of 42 CFR 2.22, handed to a client: staff record it."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core.errors import NotFound, Refused
from portal.disclosure import patient_notice
from portal.disclosure.models import GivenBy, GivenOutcome
from portal.people import queries as people
from portal.web import access
from portal.web.pages import Pages
from portal.web.refusal import refused

pages = Pages()


@pages.post("/clients/<int:client_id>/notice")
def notice_given(client_id: int) -> ResponseReturnValue:
    """The wording in force went over the desk; the client signed for it, or did not want to."""
    found = people.client_for(staff=access.staff(), client_id=client_id, now=access.now())
    if request.form.get("outcome") not in set(GivenOutcome):
        raise NotFound
    if not refused():
        notice = patient_notice.in_force(access.now())
        if notice is None:
            raise Refused("no_notice_yet")
        patient_notice.give(
            client_id=found.id,
            notice=notice,
            method=GivenBy.PAPER,
            outcome=GivenOutcome(request.form["outcome"]),
            staff_id=access.staff().id,
            actor=access.actor(),
            now=access.now(),
        )
        flash(_("Recorded: the notice was handed over on paper."), "good")
    return redirect(url_for(".client", client_id=client_id))
