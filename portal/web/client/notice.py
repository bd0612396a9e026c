"""The notice of 42 CFR 2.22 in the client's own account: the one in force, "I have read it", history."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core.errors import NotFound
from portal.disclosure import patient_notice
from portal.disclosure.models import GivenBy, GivenOutcome
from portal.web import access, notices
from portal.web.pages import Pages

pages = Pages()


@pages.get("/notice")
def notice() -> str:
    """The wording in force, and what the client got when."""
    found = patient_notice.in_force(access.now())
    given = patient_notice.given_to(access.client().id)
    return render_template(
        "client/notice/notice.html",
        shown=notices.shown(found) if found else None,
        given=given,
        methods=notices.METHODS,
        outcomes=notices.OUTCOMES,
        has_read=any(each.version == found and each.method is GivenBy.OWN_ACCOUNT for each in given),
    )


@pages.post("/notice/<int:version_id>/read")
def notice_read(version_id: int) -> ResponseReturnValue:
    """ "I have read it", said of the wording on the page."""
    found = patient_notice.version(version_id)
    if found.published_at is None:
        raise NotFound
    patient_notice.give(
        client_id=access.client().id,
        notice=found,
        method=GivenBy.OWN_ACCOUNT,
        outcome=GivenOutcome.ACKNOWLEDGED,
        staff_id=None,
        actor=access.actor(),
        now=access.now(),
    )
    flash(_("Noted. You find the notice here at any time."), "good")
    return redirect(url_for(".notice"))
