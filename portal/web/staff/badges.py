"""How a consent's standing and a next step look: words, and a neutral color for a no."""

from datetime import date

from babel.dates import format_skeleton
from flask import url_for
from flask_babel import get_locale, gettext, lazy_gettext

from portal.people.rules import InvitationState
from portal.reports.caseload import Person, Row, Step
from portal.reports.consents import Badge, Standing
from portal.web.frame import href

_ = lazy_gettext

KINDS = {Badge.ACTIVE: "ok", Badge.ENDS_SOON: "soon", Badge.WAITING: "wait"}
"""The rest is neutral: neither a hold nor a no is a defect."""

STEPS = {
    Step.SIGN: _("Sign at the desk"),
    Step.INVITE: _("Send the invitation"),
    Step.RENEW: _("Renew consent"),
    Step.REVIEW_HOLD: _("Review hold"),
    Step.PREPARE: _("Prepare consent"),
    Step.TALK: _("Talk about family"),
    Step.ASSIGN: _("Assign lessons"),
}

INVITATIONS = {
    InvitationState.READY: _("Not sent"),
    InvitationState.SENT: _("Sent"),
    InvitationState.ACCEPTED: _("Accepted"),
    InvitationState.DECLINED: _("Declined"),
    InvitationState.ENDED: _("Ended"),
}


def place(line: Row) -> str:
    """The address where the client's next step is done."""
    if line.step is Step.SIGN:
        return href("staff.desk") or client_page(line)
    if line.step is Step.ASSIGN:
        return href("staff.client_lessons", client_id=line.client.id) or client_page(line)
    return client_page(line)


def client_page(line: Row) -> str:
    """The client's page."""
    return url_for("staff.client", client_id=line.client.id)


def badge(standing: Standing) -> tuple[str, str]:
    """The tag's kind and words for one relationship's consent."""
    return KINDS.get(standing.badge, ""), _words(standing)


def invitation(person: Person) -> str:
    """Where the invitation stands, in a word."""
    if person.invitation is None:
        return gettext("Not sent")
    return str(INVITATIONS[person.invitation.state])


def short_date(on: date) -> str:
    """ "Sep 30" / "30 sept"."""
    return format_skeleton("MMMd", on, locale=str(get_locale()))


def _words(standing: Standing) -> str:
    if standing.badge is Badge.ACTIVE and standing.until_on:
        return gettext("Active to %(date)s", date=short_date(standing.until_on))
    if standing.badge is Badge.ENDS_SOON and standing.until_on:
        return gettext("Ends %(date)s", date=short_date(standing.until_on))
    if standing.badge is Badge.WAITING:
        return gettext("Waiting for signature")
    return gettext("On hold") if standing.badge is Badge.ON_HOLD else gettext("No consent")
