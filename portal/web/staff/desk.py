"""The signing desk: who has something to sign, and the code for the tablet."""

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.consent import desk as sittings
from portal.consent import queries
from portal.people import queries as people
from portal.web import access, signing
from portal.web.pages import Pages
from portal.web.refusal import refused

pages = Pages()


@pages.get("/desk")
def desk() -> str:
    """The queue: clients with something to sign, and the sittings of today."""
    staff, now = access.staff(), access.now()
    return render_template(
        "staff/desk/desk.html",
        waiting=queries.clients_waiting(staff=staff, now=now),
        sittings=queries.sittings(staff=staff, now=now),
    )


@pages.post("/desk/<int:client_id>/open")
def open_desk(client_id: int) -> ResponseReturnValue:
    """Open a sitting; its code is shown once, on this page."""
    client = people.client_for(staff=access.staff(), client_id=client_id, now=access.now())
    if refused():
        return redirect(url_for(".desk"))
    sitting, code = sittings.open_sitting(
        client=client,
        witness_id=access.staff().id,
        key=signing.code_key(),
        actor=access.actor(),
        now=access.now(),
    )
    return render_template("staff/desk/opened.html", sitting=sitting, code=code, client=client)
