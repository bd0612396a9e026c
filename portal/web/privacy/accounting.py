"""The accounting of one client (42 CFR 2.25), for a client who asks the privacy office."""

from flask import render_template
from flask.typing import ResponseReturnValue

from portal.disclosure import accounting as ledger
from portal.web import access, pdf, shared_words
from portal.web.ledger import viewed
from portal.web.pages import Pages

pages = Pages()


@pages.get("/accounting")
def accountings() -> str:
    """The clients about whom something was shared."""
    return render_template("privacy/accounting/list.html", clients=ledger.clients_with_entries())


@pages.get("/accounting/<int:client_id>")
def one_accounting(client_id: int) -> str:
    """The report of one client; the look is audited."""
    return render_template("privacy/accounting/one.html", **_report(client_id))


@pages.get("/accounting/<int:client_id>/report.pdf")
def one_accounting_pdf(client_id: int) -> ResponseReturnValue:
    """The same to hand over."""
    return pdf.response("pdf/accounting.html", "report", **_report(client_id))


def _report(client_id: int) -> dict[str, object]:
    client = ledger.client(client_id)
    viewed(client.id, "accounting")
    return {
        "client": client,
        "accounting": ledger.of_client(client, now=access.now()),
        "shared_words": shared_words,
    }
