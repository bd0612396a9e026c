"""Signed copies and withdrawals as tagged PDF, for the file and for a client who asks at the desk."""

from flask.typing import ResponseReturnValue

from portal.consent import queries
from portal.consent.models import Consent
from portal.core.errors import NotFound
from portal.web import access, ledger, pdf
from portal.web.pages import Pages

pages = Pages()


@pages.get("/consents/<int:consent_id>/copy.pdf")
def consent_pdf(consent_id: int) -> ResponseReturnValue:
    """What the client signed, word for word; the look is audited."""
    consent = _consent(consent_id)
    if consent.signed_text is None:
        raise NotFound
    ledger.viewed(consent.client_id, "consent_copy")
    return pdf.signed_copy(consent)


@pages.get("/consents/<int:consent_id>/withdrawals/<int:withdrawal_id>.pdf")
def withdrawal_pdf(consent_id: int, withdrawal_id: int) -> ResponseReturnValue:
    """What the client withdrew, word for word; the look is audited."""
    consent = _consent(consent_id)
    found = queries.withdrawal_of(consent, withdrawal_id)
    ledger.viewed(consent.client_id, "withdrawal_copy")
    return pdf.withdrawal_copy(found)


def _consent(consent_id: int) -> Consent:
    return queries.for_staff(staff=access.staff(), consent_id=consent_id, now=access.now())
