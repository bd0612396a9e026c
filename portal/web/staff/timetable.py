"""Entering and changing a timetable: tracks and their groups. For the coordinator of the location."""

from datetime import timedelta
from functools import partial

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from portal.core import clock
from portal.people import queries as people
from portal.people.models import LevelOfCare
from portal.schedule import changes, queries, service, timetable
from portal.schedule.models import Block, Track
from portal.web import access
from portal.web.pages import Pages
from portal.web.refusal import refused, submitted
from portal.web.staff import trial
from portal.web.staff.schedule_forms import GroupForm, LastDayForm, NewTrackForm, TrackForm, day, values_of
from portal.web.staff.trial import Change

pages = Pages()

WEEKS_AHEAD = 8
"""How far the page of a group lists its next times."""


@pages.form("/schedule/tracks/new")
def new_track() -> ResponseReturnValue:
    """A track without groups yet. It touches nobody."""
    programs = timetable.programs(people.locations_of(access.staff()))
    form = NewTrackForm()
    form.program.choices = [(each.id, f"{each.location.name}, {each.name}") for each in programs]
    if submitted(form):
        changes.check_name(program_id=form.program.data, name=_name(form))
        made = service.add_track(
            program=next(each for each in programs if each.id == form.program.data),
            name=_name(form),
            weeks=form.weeks.data or 0,
            level_of_care=LevelOfCare(form.level_of_care.data),
            actor=access.actor(),
            now=access.now(),
        )
        flash(_("The track is entered. Now add its groups."), "good")
        return redirect(url_for(".track", track_id=made.id))
    return render_template("staff/schedule/track_form.html", form=form, track=None)


@pages.form("/schedule/tracks/<int:track_id>/edit")
def edit_track(track_id: int) -> ResponseReturnValue:
    """Its name, length and level of care; no program time changes with them."""
    track = own_track(track_id)
    form = TrackForm(obj=track)
    if submitted(form):
        changes.change_track(
            track=track,
            name=_name(form),
            weeks=form.weeks.data or 0,
            level_of_care=LevelOfCare(form.level_of_care.data),
            actor=access.actor(),
            now=access.now(),
        )
        flash(_("The track is changed."), "good")
        return redirect(url_for(".track", track_id=track.id))
    return render_template("staff/schedule/track_form.html", form=form, track=track)


@pages.form("/schedule/tracks/<int:track_id>/groups/new")
def new_block(track_id: int) -> ResponseReturnValue:
    """One more group of a track."""
    track = own_track(track_id)
    form = GroupForm()
    form.offer()
    if trial.sent(form):
        group = form.group()
        change = partial(
            service.add_block,
            track=track,
            starts_on=day(form.from_on),
            actor=access.actor(),
            now=access.now(),
            **vars(group),
        )
        return _look(change, track, _("A new group: %(name)s", name=group.name)) or _saved(
            change, track, _("The group is entered.")
        )
    return render_template("staff/schedule/group_form.html", form=form, track=track, block=None)


@pages.get("/schedule/groups/<int:block_id>")
def block(block_id: int) -> str:
    """A group: its rule, its next times, and what can be changed."""
    found = own_block(block_id)
    today = clock.local_date(access.now(), found.track.timezone)
    ahead = today + timedelta(weeks=WEEKS_AHEAD)
    times = queries.of_tracks([found.track_id], today, ahead).get(found.track_id, [])
    return render_template(
        "staff/schedule/group.html",
        block=found,
        times=[each for each in times if each.block_id == found.id],
        values=values_of(found, today),
        cancelled=timetable.cancelled(found, today),
    )


@pages.form("/schedule/groups/<int:block_id>/edit")
def edit_block(block_id: int) -> ResponseReturnValue:
    """Another name or time, from a day on."""
    found = own_block(block_id)
    tomorrow = clock.local_date(access.now(), found.track.timezone) + timedelta(days=1)
    form = GroupForm(data=values_of(found, max(tomorrow, found.starts_on)))
    form.offer(found)
    if trial.sent(form):
        change = partial(
            changes.change_block,
            block_id=found.id,
            group=form.group(found),
            from_on=day(form.from_on),
            actor=access.actor(),
            now=access.now(),
        )
        return _look(change, found.track, _("A change of %(name)s", name=found.name)) or _saved(
            change, found.track, _("The group is changed.")
        )
    return render_template("staff/schedule/group_form.html", form=form, track=found.track, block=found)


@pages.form("/schedule/groups/<int:block_id>/end")
def end_block(block_id: int) -> ResponseReturnValue:
    """The last day on which a group meets."""
    found = own_block(block_id)
    form = LastDayForm()
    if trial.sent(form):
        change = partial(
            changes.end_block,
            block_id=found.id,
            ends_on=form.ends_on.data,
            actor=access.actor(),
            now=access.now(),
        )
        return _look(change, found.track, _("%(name)s ends", name=found.name)) or _saved(
            change, found.track, _("The group ends on that day. You can let it go on again.")
        )
    return render_template("staff/schedule/group_end.html", form=form, block=found)


@pages.post("/schedule/groups/<int:block_id>/go-on")
def let_block_go_on(block_id: int) -> ResponseReturnValue:
    """The group meets on as its rule says: the way back from ending it."""
    found = own_block(block_id)
    if refused():
        return redirect(url_for(".block", block_id=found.id))
    change = partial(
        changes.end_block, block_id=found.id, ends_on=None, actor=access.actor(), now=access.now()
    )
    title = _("%(name)s goes on", name=found.name)
    return _look(change, found.track, title, has_form=False) or _saved(
        change, found.track, _("The group goes on.")
    )


def own_track(track_id: int) -> Track:
    """A track of a location that this coordinator looks after, or NotFound."""
    return timetable.track_at(track_id=track_id, location_ids=people.locations_of(access.staff()))


def own_block(block_id: int) -> Block:
    """A group of such a track, or NotFound."""
    return timetable.block_at(block_id=block_id, location_ids=people.locations_of(access.staff()))


def _look(change: Change, track: Track, title: str, *, has_form: bool = True) -> str | None:
    return trial.look(
        change,
        title=title,
        back=url_for(".track", track_id=track.id),
        location_ids={track.program.location_id},
        has_form=has_form,
    )


def _saved(change: Change, track: Track, text: str) -> ResponseReturnValue:
    change()
    flash(text, "good")
    return redirect(url_for(".track", track_id=track.id))


def _name(form: FlaskForm) -> str:
    return str(form["name"].data or "").strip()
