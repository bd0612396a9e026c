"""Series of family sessions: looked at date by date before they are made, then as one list."""

from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from portal.center.models import Location
from portal.core.db import db
from portal.core.errors import NotFound
from portal.schedule.models import Block, Track
from portal.sessions import desk, standing_desk
from portal.sessions import series as every
from portal.web import access
from portal.web.pages import Pages
from portal.web.refusal import refused, submitted
from portal.web.staff.series_forms import SeriesForm, of_block
from portal.web.staff.session_choices import with_choices
from portal.web.staff.standing_places import note_viewed

pages = Pages()


@pages.form("/series/new")
def new_series() -> ResponseReturnValue:
    """Plan a series: enter, look at the dates with the closed days marked, make it."""
    mine = {each.id: each for each in desk.locations_for(access.staff(), access.now())}
    blocks = _blocks(list(mine))
    form = with_choices(SeriesForm(data=_from_block(blocks)))
    form.location_id.choices = [SelectChoice(each.id, each.name) for each in mine.values()]
    dates: list[every.Evening] = []
    if submitted(form):
        location = mine[form.location_id.data]
        rhythm = form.rhythm(_skipped())
        dates = every.dates(location_id=location.id, timezone=location.timezone, rhythm=rhythm)
        if request.form.get("then") == "make":
            return _made(form, location)
    return render_template("staff/series/new.html", form=form, dates=dates, blocks=blocks, skipped=_skipped())


@pages.get("/series/<int:series_id>")
def one_series(series_id: int) -> str:
    """The evenings of one series, each with how full it is."""
    lines = desk.series_for(staff=access.staff(), series_id=series_id, now=access.now())
    standing = standing_desk.of_series(staff=access.staff(), series_id=series_id, now=access.now())
    note_viewed(standing)
    return render_template(
        "staff/series/one.html", lines=lines, standing=standing, series_id=series_id, now=access.now()
    )


@pages.post("/series/<int:series_id>/publish")
def publish_series(series_id: int) -> ResponseReturnValue:
    """Show every draft of the series to families."""
    desk.series_for(staff=access.staff(), series_id=series_id, now=access.now())
    if not refused():
        count = every.publish(series_id=series_id, actor=access.actor(), now=access.now())
        flash(ngettext("%(num)d session is published.", "%(num)d sessions are published.", count), "good")
    return redirect(url_for(".one_series", series_id=series_id))


def _made(form: SeriesForm, location: Location) -> ResponseReturnValue:
    series, made = every.create(
        location_id=location.id,
        timezone=location.timezone,
        plan=form.plan(),
        rhythm=form.rhythm(_skipped()),
        standing_places=form.standing_places.data or 0,
        actor=access.actor(),
        now=access.now(),
    )
    flash(ngettext("%(num)d draft is made.", "%(num)d drafts are made.", len(made)), "good")
    return redirect(url_for(".one_series", series_id=series.id))


def _skipped() -> frozenset[date]:
    """The days that were left out on purpose. Raises NotFound for what is no day."""
    try:
        return frozenset(date.fromisoformat(each) for each in request.form.getlist("skip"))
    except ValueError as error:
        raise NotFound from error


def _blocks(location_ids: list[int]) -> list[Block]:
    """The weekly hours for families in the timetables of these locations."""
    query = (
        select(Block)
        .where(Block.is_family_hour)
        .options(joinedload(Block.track).joinedload(Track.program))
        .order_by(Block.name, Block.id)
    )
    found = [each for each in db.session.scalars(query) if each.track.program.location_id in location_ids]
    return [each for each in found if each.rrule.startswith("FREQ=WEEKLY")]


def _from_block(blocks: list[Block]) -> dict[str, object]:
    wanted = request.args.get("block", "")
    return next((of_block(each) for each in blocks if str(each.id) == wanted), {})
