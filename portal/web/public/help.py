"""What this site is, how it keeps things private, and how everybody can use it."""

from flask import render_template

from portal.web.pages import Pages

pages = Pages()


@pages.get("/help")
def help() -> str:
    """How things work here, and whom to call."""
    return render_template("public/help.html")


@pages.get("/privacy")
def privacy() -> str:
    """What the site keeps, shows and sends."""
    return render_template("public/privacy.html")


@pages.get("/accessibility")
def accessibility() -> str:
    """What was done so that everybody can use it, and whom to tell when they cannot."""
    return render_template("public/accessibility.html")
