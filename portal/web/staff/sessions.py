"""Family sessions for staff: plan, publish, change, move, cancel; the roster and the waitlist."""

from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_wtf import FlaskForm

from portal.sessions import calls, desk, planning, series
from portal.sessions.models import FamilySession
from portal.sessions.rules import SessionState
from portal.web import access
from portal.web.pages import Pages
from portal.web.refusal import refused, submitted
from portal.web.staff.call_lists import NEWS
from portal.web.staff.rosters import note_viewed
from portal.web.staff.series_forms import LATER, ONE, SeriesCancelForm, SeriesSessionForm, SeriesTimeForm
from portal.web.staff.session_choices import with_choices
from portal.web.staff.session_forms import (
    KINDS,
    MEETINGS,
    REASONS,
    CancelForm,
    NewSessionForm,
    NoteForm,
    SessionForm,
    TimeForm,
)
from portal.workflows import series_changed, session_cancelled, session_moved

pages = Pages()
Form = TypeVar("Form", bound=FlaskForm)


@pages.get("/sessions")
def sessions() -> str:
    """The sessions of my locations, by date, with how full they are."""
    lines = desk.sessions_for(access.staff(), access.now())
    return render_template("staff/sessions/list.html", lines=lines, kinds=dict(KINDS), now=access.now())


@pages.form("/sessions/new")
def new_session() -> ResponseReturnValue:
    """Plan a session: as a draft, or at once for families to see."""
    form = with_choices(NewSessionForm())
    locations = {each.id: each for each in desk.locations_for(access.staff(), access.now())}
    form.location_id.choices = [(each.id, each.name) for each in locations.values()]
    if submitted(form):
        location = locations[form.location_id.data]
        starts_at, ends_at = form.span(location.timezone)
        session = planning.create(
            location_id=location.id,
            timezone=location.timezone,
            plan=form.plan(),
            starts_at=starts_at,
            ends_at=ends_at,
            actor=access.actor(),
            now=access.now(),
        )
        return _saved(session)
    return render_template("staff/sessions/new.html", form=form)


@pages.get("/sessions/<int:session_id>")
def session(session_id: int) -> str:
    """One session: what it is, how full it is, what can be done with it."""
    found = _session(session_id)
    roster = desk.roster_for(staff=access.staff(), session=found, now=access.now())
    return render_template(
        "staff/sessions/one.html",
        session=found,
        roster=roster,
        call_lists=calls.of_session(staff=access.staff(), session_id=found.id, now=access.now()),
        news=NEWS,
        kinds=dict(KINDS),
        meetings=dict(MEETINGS),
        reasons=REASONS,
    )


@pages.form("/sessions/<int:session_id>/edit")
def edit_session(session_id: int) -> ResponseReturnValue:
    """Change anything but the time."""
    found = _session(session_id)
    form = with_choices(_form(found, SessionForm, SeriesSessionForm, obj=found), found)
    if submitted(form):
        change = series.change_this_and_later if _reaches_later(form) else planning.change
        change(session_id=found.id, plan=form.plan(found), actor=access.actor(), now=access.now())
        return _saved(found)
    return render_template("staff/sessions/edit.html", form=form, session=found, later=_later(found))


@pages.form("/sessions/<int:session_id>/move")
def move_session(session_id: int) -> ResponseReturnValue:
    """Another time; the page says first whom it touches."""
    found = _session(session_id)
    form = _form(found, TimeForm, SeriesTimeForm, data=_wall_times(found))
    roster = desk.roster_for(staff=access.staff(), session=found, now=access.now())
    if submitted(form):
        starts_at, ends_at = form.span(found.timezone)
        move = series_changed.move_this_and_later if _reaches_later(form) else session_moved.move
        told = move(
            session_id=found.id,
            starts_at=starts_at,
            ends_at=ends_at,
            actor=access.actor(),
            now=access.now(),
        )
        flash(_told(len(told)), "good")
        return redirect(url_for(".session", session_id=found.id))
    note_viewed(roster)
    return render_template(
        "staff/sessions/move.html", form=form, session=found, roster=roster, later=_later(found)
    )


@pages.form("/sessions/<int:session_id>/cancel")
def cancel_session(session_id: int) -> ResponseReturnValue:
    """Cancel for good, with a neutral reason; the page shows who will be told."""
    found = _session(session_id)
    form = _form(found, CancelForm, SeriesCancelForm, data={"reach": request.args.get("reach", ONE)})
    roster = desk.roster_for(staff=access.staff(), session=found, now=access.now())
    if submitted(form):
        cancel = series_changed.cancel_this_and_later if _reaches_later(form) else session_cancelled.cancel
        told = cancel(session_id=found.id, reason=form.reason.data, actor=access.actor(), now=access.now())
        flash(_told(len(told)), "good")
        return redirect(url_for(".session", session_id=found.id))
    note_viewed(roster)
    return render_template(
        "staff/sessions/cancel.html", form=form, session=found, roster=roster, later=_later(found)
    )


@pages.post("/sessions/<int:session_id>/publish")
def publish_session(session_id: int) -> ResponseReturnValue:
    """Let families see it."""
    found = _session(session_id)
    if not refused():
        planning.publish(session_id=found.id, actor=access.actor(), now=access.now())
        flash(_("Published. Families can see it and sign up."), "good")
    return redirect(url_for(".session", session_id=found.id))


@pages.form("/sessions/<int:session_id>/note")
def session_note(session_id: int) -> ResponseReturnValue:
    """The logistics note: for staff, and seen by auditors."""
    found = _session(session_id)
    form = NoteForm(text=found.logistics_note)
    if submitted(form):
        planning.write_note(
            session_id=found.id, text=form.text.data or "", actor=access.actor(), now=access.now()
        )
        flash(_("Saved."), "good")
        return redirect(url_for(".session", session_id=found.id))
    return render_template("staff/sessions/note.html", form=form, session=found)


def _form(session: FamilySession, single: type[Form], of_series: type[Form], **values: Any) -> Form:
    """The form of one evening; in a series with the choice how far it reaches."""
    return (single if session.series_id is None else of_series)(**values)


def _reaches_later(form: FlaskForm) -> bool:
    return "reach" in form and form["reach"].data == LATER


def _later(session: FamilySession) -> list[desk.Listed]:
    """The later evenings of its series that still take place, each with how many people."""
    if session.series_id is None:
        return []
    lines = desk.series_for(staff=access.staff(), series_id=session.series_id, now=access.now())
    return [
        each
        for each in lines
        if each.session.starts_at > session.starts_at and each.session.state != SessionState.CANCELLED
    ]


def _session(session_id: int) -> FamilySession:
    return desk.session_for(staff=access.staff(), session_id=session_id, now=access.now())


def _saved(session: FamilySession) -> ResponseReturnValue:
    """Publish at once where that button was pressed."""
    if request.form.get("then") == "publish":
        planning.publish(session_id=session.id, actor=access.actor(), now=access.now())
        flash(_("Published. Families can see it and sign up."), "good")
    elif session.state is SessionState.DRAFT:
        flash(_("Saved as a draft. Families do not see it yet."), "good")
    else:
        flash(_("Saved."), "good")
    return redirect(url_for(".session", session_id=session.id))


def _wall_times(session: FamilySession) -> dict[str, object]:
    local = session.starts_at.astimezone(ZoneInfo(session.timezone))
    minutes = int((session.ends_at - session.starts_at).total_seconds() // 60)
    return {"on": local.date(), "at": local.time(), "minutes": minutes}


def _told(count: int) -> str:
    if not count:
        return _("Saved. Nobody was signed up, so nobody is told.")
    return ngettext(
        "Saved. We tell %(num)d person, if they chose e-mails about their places.",
        "Saved. We tell %(num)d people, if they chose e-mails about their places.",
        count,
    )
