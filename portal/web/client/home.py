"""The client's start page: what waits for them, then who can see what."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.consent import queries
from portal.sessions import client_part
from portal.web import access
from portal.web.pages import Pages
from portal.workflows import check_in

pages = Pages()


@pages.get("/home")
def home() -> str:
    """The next thing first."""
    people = queries.people_of(access.client(), access.now())
    occasion = check_in.due(access.client(), access.now())
    parts = client_part.upcoming_of(access.client().id, from_at=access.now())
    return render_template(
        "client/home/home.html",
        people=people,
        check_in=occasion,
        asked=[each for each in parts if client_part.asks_again(each)],
        next_session=next((each.session for each in parts if each.answer == "agreed"), None),
    )


@pages.post("/check-in/leave")
def leave_as_it_is() -> ResponseReturnValue:
    """ "Yes, leave it": the question is not asked again on this occasion."""
    check_in.leave_it(
        client=access.client(),
        occasion=request.form.get("occasion", ""),
        actor=access.actor(),
        now=access.now(),
    )
    flash(_("Good. Nothing was changed."), "good")
    return redirect(url_for(".home"))
