"""A free place, answered from the mail without signing in. Opening the link changes nothing."""

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core.errors import NotFound
from portal.sessions import offers
from portal.web import access
from portal.web.pages import Pages
from portal.web.refusal import refused

pages = Pages()


@pages.get("/offer/<token>")
def offer(token: str) -> ResponseReturnValue:
    """A day, a time and two buttons; the same page for every link that no longer works."""
    try:
        mine = offers.of_token(token, access.now())
    except NotFound:
        return _over()
    return render_template("public/offer/offer.html", mine=mine, session=mine.session, token=token)


@pages.post("/offer/<token>/take")
def take_offer_by_link(token: str) -> ResponseReturnValue:
    """Take the place."""
    if not refused():
        try:
            offers.take(token=token, now=access.now())
        except NotFound:  # too late meanwhile: the same page as for a link that never was
            return _over()
    return redirect(url_for(".offer", token=token))


@pages.post("/offer/<token>/let-go")
def let_offer_go_by_link(token: str) -> ResponseReturnValue:
    """Let it go."""
    try:
        offers.let_go(token=token, now=access.now())
    except NotFound:
        return _over()
    return render_template("public/offer/over.html", sentence=_("Done. The place goes to the next person."))


def _over() -> ResponseReturnValue:
    sentence = _("This link no longer works. Call the office and we will help.")
    return render_template("public/offer/over.html", sentence=sentence), 404
