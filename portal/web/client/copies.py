"""What the client signed and withdrew, as tagged PDF."""

from flask.typing import ResponseReturnValue

from portal.consent import queries
from portal.web import access, pdf
from portal.web.pages import Pages

pages = Pages()


@pages.get("/permissions/<int:consent_id>/copy.pdf")
def copy_pdf(consent_id: int) -> ResponseReturnValue:
    """What the client signed, word for word."""
    return pdf.signed_copy(queries.own_signed(access.client(), consent_id))


@pages.get("/permissions/<int:consent_id>/withdrawals/<int:withdrawal_id>.pdf")
def withdrawal_pdf(consent_id: int, withdrawal_id: int) -> ResponseReturnValue:
    """What the client withdrew, word for word."""
    consent = queries.own_signed(access.client(), consent_id)
    return pdf.withdrawal_copy(queries.withdrawal_of(consent, withdrawal_id))
