"""The accounting of the last three years (42 CFR 2.25), as a page and as a PDF."""

from flask import render_template
from flask.typing import ResponseReturnValue

from portal.disclosure import accounting as ledger
from portal.web import access, pdf, shared_words
from portal.web.pages import Pages

pages = Pages()


@pages.get("/accounting")
def accounting() -> str:
    """Everything, in lines; printable."""
    return render_template(
        "client/accounting/accounting.html",
        accounting=ledger.of_client(access.client(), now=access.now()),
        shared_words=shared_words,
    )


@pages.get("/accounting.pdf")
def accounting_pdf() -> ResponseReturnValue:
    """The same to keep."""
    client = access.client()
    return pdf.response(
        "pdf/accounting.html",
        "report",
        client=client,
        accounting=ledger.of_client(client, now=access.now()),
        shared_words=shared_words,
    )
