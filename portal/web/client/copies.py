"""The signed copy as a tagged PDF."""

from flask.typing import ResponseReturnValue

from portal.consent import queries, texts
from portal.web import access, pdf
from portal.web.pages import Pages

pages = Pages()


@pages.get("/permissions/<int:consent_id>/copy.pdf")
def copy_pdf(consent_id: int) -> ResponseReturnValue:
    """What the client signed, word for word."""
    consent = queries.own_signed(access.client(), consent_id)
    blocks = texts.blocks(consent.signed_text or "")
    return pdf.response("pdf/consent.html", "copy", consent=consent, blocks=blocks)
