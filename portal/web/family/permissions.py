""" "What you can see": one card a relative, until when, and the statement on passing on."""

from dataclasses import dataclass

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.consent.rules import Scope
from portal.disclosure import gate, notice, service
from portal.disclosure.gate import LiveConsent, Permit
from portal.schedule.queries import ProgramEnd, program_ends
from portal.web import access, language, ledger
from portal.web.family.notice import must_read
from portal.web.family.reader import previewed, reader
from portal.web.family.steps import shown_steps
from portal.web.pages import Pages

pages = Pages()


@dataclass(frozen=True)
class Card:
    """One relative: what their permission allows now."""

    consent: LiveConsent
    permits: list[Permit]
    program_end: ProgramEnd | None
    """How the program ended, for whom the client lets see it."""
    step: list[str]
    """Where the program stands, for whom the client lets see it."""

    @property
    def name(self) -> str:
        """The relative's first name."""
        return self.consent.given_name

    @property
    def scopes(self) -> list[Scope]:
        """What is allowed, in the order of the boxes."""
        return [permit.scope for permit in self.permits]


@pages.get("/permissions")
def permissions() -> str:
    """The cards, then the statement in full."""
    cards = _cards()
    for card in cards:
        ledger.disclosed(card.permits[0], "permission")
        for permit in card.permits:
            if permit.scope is Scope.FINISHED_OR_LEFT and card.program_end:
                ledger.disclosed(permit, "program_end")
    return render_template(
        "family/permissions/permissions.html",
        cards=cards,
        notice=notice.FULL[language.current()],
        must_read=not previewed() and must_read([card.consent for card in cards]),
    )


@pages.post("/permissions/read")
def permissions_read() -> ResponseReturnValue:
    """ "I have read this"."""
    service.acknowledge(
        family_member_id=access.family_member().id,
        consent_ids=[card.consent.id for card in _cards()],
        actor=access.actor(),
        now=access.now(),
    )
    flash(_("Thank you. You find this page again under “More”."), "good")
    return redirect(url_for(".home"))


def _cards() -> list[Card]:
    at = access.now()
    consents = reader().consents(at)
    permits = gate.permits_under(consents, at=at)
    ends = program_ends([permit for permit in permits if permit.scope is Scope.FINISHED_OR_LEFT])
    steps = shown_steps(permits)
    cards = [
        Card(
            consent,
            [permit for permit in permits if permit.consent_id == consent.id],
            ends.get(consent.client_id),
            steps.get(consent.id, []),
        )
        for consent in consents
    ]
    return [card for card in cards if card.permits]
