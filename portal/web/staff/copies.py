"""The signed copy as a tagged PDF, for the file and for a client who asks at the desk."""

from flask.typing import ResponseReturnValue

from portal.consent import queries, texts
from portal.core.errors import NotFound
from portal.web import access, ledger, pdf
from portal.web.pages import Pages

pages = Pages()


@pages.get("/consents/<int:consent_id>/copy.pdf")
def consent_pdf(consent_id: int) -> ResponseReturnValue:
    """What the client signed, word for word; the look is audited."""
    consent = queries.for_staff(staff=access.staff(), consent_id=consent_id, now=access.now())
    if consent.signed_text is None:
        raise NotFound
    ledger.viewed(consent.client_id, "consent_copy")
    blocks = texts.blocks(consent.signed_text)
    return pdf.response("pdf/consent.html", "copy", consent=consent, blocks=blocks)
