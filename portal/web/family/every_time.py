"""A standing place: in every evening of a series, with "I can't come this week" in one tap."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from portal.core.clock import local_date
from portal.core.errors import NotFound
from portal.sessions import queries, service, standing
from portal.sessions.models_series import StandingPlace
from portal.sessions.queries import Seen
from portal.web import access
from portal.web.family.sessions import shown
from portal.web.pages import Pages
from portal.web.refusal import refused, submitted

pages = Pages()


class EndForm(FlaskForm):
    """A lone button: are you sure?"""


@pages.post("/sessions/<int:session_id>/every-time")
def every_time(session_id: int) -> ResponseReturnValue:
    """Save my place in this evening and all that follow."""
    session = _seen(session_id).session
    if not refused():
        mine = standing.ask(
            series_id=_series_of(session.series_id),
            family_member_id=access.family_member().id,
            from_on=local_date(session.starts_at, session.timezone),
            actor=access.actor(),
            now=access.now(),
        )
        flash(_answer(mine), "good")
    return redirect(url_for(".session", session_id=session_id))


@pages.post("/sessions/<int:session_id>/skip")
def skip(session_id: int) -> ResponseReturnValue:
    """ "I can't come this week": this evening only."""
    seen = queries.own_place(
        family_member_id=access.family_member().id, session_id=session_id, now=access.now()
    )
    if seen.own is None or seen.own.standing_place_id is None:
        raise NotFound
    if not refused():
        service.give_up(sign_up_id=seen.own.id, actor=access.actor(), now=access.now())
        flash(_("Done. We do not expect you this time; your place in the other evenings stays."), "good")
    return redirect(url_for(".session", session_id=session_id))


@pages.post("/sessions/<int:session_id>/every-time/take")
def take_standing(session_id: int) -> ResponseReturnValue:
    """Take the standing place that is offered to me."""
    mine = _mine(session_id)
    if not refused():
        standing.take_offer(standing_place_id=mine.id, actor=access.actor(), now=access.now())
        flash(_("You have a place every time now."), "good")
    return redirect(url_for(".session", session_id=session_id))


@pages.post("/sessions/<int:session_id>/every-time/let-go")
def let_standing_go(session_id: int) -> ResponseReturnValue:
    """Let it go to the next person."""
    mine = _mine(session_id)
    if not refused():
        standing.let_go(standing_place_id=mine.id, actor=access.actor(), now=access.now())
        flash(_("Done. The place goes to the next person."), "good")
    return redirect(url_for(".session", session_id=session_id))


@pages.form("/sessions/<int:session_id>/every-time/end")
def end_standing(session_id: int) -> ResponseReturnValue:
    """ "End your place in every evening?" """
    mine, form = _mine(session_id), EndForm()
    if submitted(form):
        standing.give_up(standing_place_id=mine.id, actor=access.actor(), now=access.now())
        flash(_("Done. You no longer have a place in every evening."), "good")
        return redirect(url_for(".session", session_id=session_id))
    seen = shown([_seen(session_id)])[0]
    return render_template(
        "family/sessions/end_standing.html", form=form, session=seen.session, standing=mine, seen=seen
    )


def _seen(session_id: int) -> Seen:
    return queries.session_for(
        family_member_id=access.family_member().id, session_id=session_id, now=access.now()
    )


def _mine(session_id: int) -> StandingPlace:
    mine = standing.mine_in(_seen(session_id).session, access.family_member().id)
    if mine is None:
        raise NotFound
    return mine


def _series_of(series_id: int | None) -> int:
    if series_id is None:
        raise NotFound
    return series_id


def _answer(mine: StandingPlace) -> str:
    return {
        "requested": _("Your request is with the office. You find the answer on this page."),
        "placed": _("You have a place every time now."),
        "waitlisted": _("All standing places are taken. We offer the next one in the order of asking."),
        "offered": _("A place in every evening is free for you. Take it or let it go."),
    }[mine.state.value]
