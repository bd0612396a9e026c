"""Tagged PDF of a template (WeasyPrint, variant PDF/UA-1). Tagged; conformance is not claimed.

WeasyPrint needs the system library Pango and is slow to import, so it is loaded at the
first PDF; where Pango is missing a page says so, and the HTML page prints as well.
"""

from pathlib import Path
from typing import Any, NoReturn

from flask import current_app, make_response, render_template
from flask.typing import ResponseReturnValue

from portal.consent import texts
from portal.consent.models import Consent, Withdrawal

VARIANT = "pdf/ua-1"


class PdfAway(Exception):
    """This machine cannot make a PDF."""


def response(template: str, filename: str, **values: Any) -> ResponseReturnValue:
    """`template` as a file to keep; 503 with a sentence where no PDF can be made.

    `filename` names nobody: it stays in the list of downloads.
    """
    try:
        content = tagged(render_template(template, **values))
    except PdfAway:
        return render_template("public/no_pdf.html"), 503
    answer = make_response(content)
    answer.headers["Content-Type"] = "application/pdf"
    answer.headers["Content-Disposition"] = f'attachment; filename="{filename}.pdf"'
    return answer


def signed_copy(consent: Consent) -> ResponseReturnValue:
    """What was signed, word for word."""
    return response(
        "pdf/frozen.html",
        "copy",
        blocks=texts.blocks(consent.signed_text or ""),
        text_language=consent.language,
        version=consent.template_version,
        seal=consent.signed_text_digest,
    )


def withdrawal_copy(withdrawal: Withdrawal) -> ResponseReturnValue:
    """The document of a withdrawal, word for word."""
    return response(
        "pdf/frozen.html",
        "withdrawal",
        blocks=texts.blocks(withdrawal.text),
        text_language=withdrawal.language,
        version=withdrawal.template_version,
        seal=withdrawal.text_digest,
    )


def tagged(html: str) -> bytes:
    """The PDF with its structure tree. Raises PdfAway where Pango is missing."""
    try:
        import weasyprint  # type: ignore[import-untyped]  # noqa: PLC0415 - slow; Pango may be missing
    except (ImportError, OSError) as problem:
        raise PdfAway from problem
    sheet = weasyprint.CSS(filename=str(Path(current_app.static_folder or "") / "pdf.css"))
    document = weasyprint.HTML(string=html, url_fetcher=_nothing_from_outside)
    content: bytes = document.write_pdf(stylesheets=[sheet], pdf_variant=VARIANT)
    return content


def _nothing_from_outside(address: str, *_rest: object, **_more: object) -> NoReturn:
    raise ValueError(f"a PDF loads nothing: {address}")
