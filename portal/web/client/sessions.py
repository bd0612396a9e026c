"""Sessions in which the client is to take part: when, where, yes or no. No reason is asked."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.sessions import client_part
from portal.sessions.rules import SessionState, may_join
from portal.web import access
from portal.web.pages import Pages
from portal.web.refusal import refused

pages = Pages()


@pages.get("/sessions/<int:session_id>")
def session(session_id: int) -> str:
    """One session that I was asked to. Who else comes is not on the page."""
    part = client_part.own_part(session_id=session_id, client_id=access.client().id)
    now, found = access.now(), part.session
    return render_template(
        "client/sessions/one.html",
        part=part,
        session=found,
        asks=client_part.asks_again(part),
        may_answer=found.state is SessionState.PUBLISHED and now < found.starts_at,
        joins=part.answer == "agreed" and may_join(found.starts_at, found.ends_at, now),
    )


@pages.post("/sessions/<int:session_id>/agree")
def agree_to_session(session_id: int) -> ResponseReturnValue:
    """ "Yes, I take part." """
    client_part.own_part(session_id=session_id, client_id=access.client().id)
    if not refused():
        client_part.agree(
            session_id=session_id, client_id=access.client().id, actor=access.actor(), now=access.now()
        )
        flash(_("Saved. You take part."), "good")
    return redirect(url_for(".session", session_id=session_id))


@pages.post("/sessions/<int:session_id>/decline")
def decline_session(session_id: int) -> ResponseReturnValue:
    """ "No": the team is told, your family is not."""
    client_part.own_part(session_id=session_id, client_id=access.client().id)
    if not refused():
        client_part.decline(
            session_id=session_id, client_id=access.client().id, actor=access.actor(), now=access.now()
        )
        flash(_("Saved. Your team knows; your family is not told what you answered."), "good")
    return redirect(url_for(".session", session_id=session_id))
