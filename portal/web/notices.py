"""The notice to clients (42 CFR 2.22) on pages: public, the client's own, the privacy office's."""

from dataclasses import dataclass

from flask_babel import lazy_gettext as _

from portal.center.models import NoticeVersion
from portal.consent import texts
from portal.consent.texts import Block
from portal.disclosure.models import GivenBy, GivenOutcome
from portal.web import language

GROUPS = {
    "header": _("What this notice is, and the right to a copy"),
    "uses": _("Uses with and without consent, each with an example"),
    "single_consent": _("One single consent for treatment, payment and operations"),
    "withdrawal": _("The right to withdraw a consent, and how"),
    "courts": _("Proceedings: consent or order, notice and hearing, and a subpoena with the order"),
    "rights": _("The client's rights: limits, list of disclosures, paper copy, contact, no fundraising"),
    "duties": _("The program's duties, with telling of a breach"),
    "complaints": _("Complaints to the program and to the Secretary, without retaliation"),
}
"""The content groups of 2.22(b)(1), for whoever ticks them."""

METHODS = {GivenBy.OWN_ACCOUNT: _("in the client's own account"), GivenBy.PAPER: _("on paper")}

OUTCOMES = {
    GivenOutcome.ACKNOWLEDGED: _("says to have read it"),
    GivenOutcome.DECLINED: _("did not want to sign for it"),
}


@dataclass(frozen=True)
class Shown:
    """One wording in the language of the page."""

    notice: NoticeVersion
    blocks: list[Block]
    contact: str


def shown(notice: NoticeVersion) -> Shown:
    """The wording as a page shows it."""
    is_spanish = language.current() == "es"
    body = notice.body_es if is_spanish else notice.body_en
    return Shown(notice, texts.blocks(body), notice.contact_es if is_spanish else notice.contact_en)
