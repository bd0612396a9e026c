"""The notice to clients, for everybody to read (42 CFR 2.22(b)(3))."""

from flask import render_template

from portal.disclosure import patient_notice
from portal.web import access, notices
from portal.web.pages import Pages

pages = Pages()


@pages.get("/privacy-notice")
def privacy_notice() -> str:
    """Always the wording in force; before the first, where to ask for it."""
    notice = patient_notice.in_force(access.now())
    return render_template("public/privacy_notice.html", shown=notices.shown(notice) if notice else None)
