"""Family sessions: what is open to me, one of them, my place in it.

Nobody here ever sees another participant.
"""

from collections.abc import Sequence
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from portal.consent.rules import Scope
from portal.schedule import ics
from portal.sessions import approvals, companions, promises, queries, service, standing
from portal.sessions.models import SignUp
from portal.sessions.queries import Seen, Wish
from portal.web import access
from portal.web.family.reader import reader
from portal.web.ledger import disclosed
from portal.web.pages import Pages
from portal.web.refusal import refused, submitted

pages = Pages()
ON_A_PAGE = 12
LAST_PAGE = 1000
"""A larger number in the address is a typing error, not a wish."""


class GiveUpForm(FlaskForm):
    """A lone button: are you sure?"""


@pages.get("/sessions")
def sessions() -> str:
    """Mine first, then what is open to me, by date, twelve at a time."""
    me, now = reader(), access.now()
    permits = me.permits(now, Scope.SESSIONS)
    number = min(max(request.args.get("page", 1, type=int), 1), LAST_PAGE)
    wanted = _wanted()
    others = queries.open_to(
        family_member_id=me.own_id,
        now=now,
        wish=Wish(this_month=wanted["month"], online=wanted["online"], in_spanish=wanted["spanish"]),
        skip=(number - 1) * ON_A_PAGE,
        limit=ON_A_PAGE + 1,  # one more says whether there is a next page
        permits=permits,
    )
    own = queries.own_upcoming(family_member_id=me.own_id, now=now, permits=permits) if number == 1 else []
    ticked: dict[str, Any] = {name: "yes" for name, is_ticked in wanted.items() if is_ticked}
    return render_template(
        "family/sessions/list.html",
        own=shown(own),
        others=shown(others[:ON_A_PAGE]),
        has_others=bool(others or ticked),
        wanted=wanted,
        earlier=url_for(".sessions", page=number - 1, **ticked) if number > 1 else None,
        more=url_for(".sessions", page=number + 1, **ticked) if len(others) > ON_A_PAGE else None,
    )


@pages.get("/sessions/<int:session_id>")
def session(session_id: int) -> str:
    """One session: when, where, what to bring, and my place in it."""
    me, now = reader(), access.now()
    permits = me.permits(now, Scope.SESSIONS)
    seen = queries.session_for(family_member_id=me.own_id, session_id=session_id, now=now, permits=permits)
    return render_template(
        "family/sessions/one.html",
        seen=shown([seen])[0],
        session=seen.session,
        standing=standing.every_time(seen.session, me.own_id, now),
        brought=companions.brought_by(seen.own.id) if seen.own else (),
        was_declined=me.own_id is not None and approvals.was_declined(seen.session, me.own_id),
        asks_promise=seen.own_state == "placed"
        and promises.is_open(session=seen.session, family_member_id=me.person.id),
    )


@pages.post("/sessions/<int:session_id>/place")
def place(session_id: int) -> ResponseReturnValue:
    """Save my place. When it was taken a moment ago: say so, offer the waitlist."""
    return _sign_up(session_id, or_wait=False)


@pages.post("/sessions/<int:session_id>/promise")
def promise(session_id: int) -> ResponseReturnValue:
    """ "What others say in this group stays in this group"."""
    _own_place(session_id)
    promises.give(
        session_id=session_id,
        family_member_id=access.family_member().id,
        actor=access.actor(),
        now=access.now(),
    )
    flash(_("Thank you for your promise."), "good")
    return redirect(url_for(".session", session_id=session_id))


@pages.post("/sessions/<int:session_id>/waitlist")
def waitlist(session_id: int) -> ResponseReturnValue:
    """Join the waitlist; a place that is free after all is as good."""
    return _sign_up(session_id, or_wait=True)


@pages.form("/sessions/<int:session_id>/cancel")
def give_up(session_id: int) -> ResponseReturnValue:
    """ "Give up your place?" """
    seen = _own_place(session_id)
    form = GiveUpForm()
    if submitted(form):
        service.give_up(sign_up_id=_mine(seen).id, actor=access.actor(), now=access.now())
        flash(_("Done. Your place is given up."), "good")
        return redirect(url_for(".sessions"))
    return render_template(
        "family/sessions/give_up.html", form=form, seen=shown([seen])[0], session=seen.session
    )


@pages.post("/sessions/<int:session_id>/offer/take")
def take_offer(session_id: int) -> ResponseReturnValue:
    """Take the place that is offered to me."""
    seen = _own_place(session_id)
    if not refused():
        service.take_offer(sign_up_id=_mine(seen).id, actor=access.actor(), now=access.now())
        flash(_("Your place is saved."), "good")
    return redirect(url_for(".session", session_id=session_id))


@pages.post("/sessions/<int:session_id>/offer/let-go")
def let_go(session_id: int) -> ResponseReturnValue:
    """Let the offered place go to the next person."""
    seen = _own_place(session_id)
    if not refused():
        service.let_go(sign_up_id=_mine(seen).id, actor=access.actor(), now=access.now())
        flash(_("Done. The place goes to the next person."), "good")
    return redirect(url_for(".session", session_id=session_id))


@pages.post("/sessions/<int:session_id>/still-coming")
def still_coming(session_id: int) -> ResponseReturnValue:
    """Yes, I can come at the new time."""
    seen = _own_place(session_id)
    if not refused():
        service.confirm_time(sign_up_id=_mine(seen).id, actor=access.actor(), now=access.now())
        flash(_("Thank you. Your place is saved for the new time."), "good")
    return redirect(url_for(".session", session_id=session_id))


@pages.get("/sessions/<int:session_id>/calendar.ics")
def calendar_file(session_id: int) -> Response:
    """One event for my own calendar. It says "Appointment" and when; nothing else."""
    seen = shown([_own_place(session_id)])[0]
    entry = ics.Entry(
        subject=f"session:{session_id}",
        start_at=seen.session.starts_at,
        end_at=seen.session.ends_at,
        zone=seen.session.timezone,
        time_revision=seen.session.time_revision,
        summary=_("Appointment"),
    )
    response = make_response(ics.file([entry], now=access.now()))
    response.headers["Content-Type"] = "text/calendar; charset=utf-8"
    response.headers["Content-Disposition"] = "attachment; filename=appointment.ics"
    return response


def shown(sessions: Sequence[Seen]) -> Sequence[Seen]:
    """The same sessions, entered in the ledger where a permission shows them."""
    for seen in sessions:
        if seen.permit:
            disclosed(seen.permit, f"session:{seen.session.id}")
    return sessions


def _sign_up(session_id: int, *, or_wait: bool) -> ResponseReturnValue:
    if not refused():
        mine = service.sign_up(
            session_id=session_id,
            family_member_id=access.family_member().id,
            actor=access.actor(),
            now=access.now(),
            or_wait=or_wait,
        )
        flash(_answer(mine), "good")
    return redirect(url_for(".session", session_id=session_id))


def _answer(mine: SignUp) -> str:
    return {
        "requested": _("Your request is with the office. You find the answer on this page."),
        "placed": _("Your place is saved."),
        "waitlisted": _("You are on the waitlist. We offer free places in the order of asking."),
        "offered": _("A place is free for you. Take it or let it go."),
    }[mine.state.value]


def _own_place(session_id: int) -> Seen:
    return queries.own_place(
        family_member_id=access.family_member().id, session_id=session_id, now=access.now()
    )


def _mine(seen: Seen) -> SignUp:
    assert seen.own is not None
    return seen.own


def _wanted() -> dict[str, bool]:
    """The ticked boxes of the filter."""
    return {name: name in request.args for name in ("month", "online", "spanish")}
