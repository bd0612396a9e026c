"""One time of a group that differs from its rule: moved, cancelled, extra, or as it was."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core.errors import NotFound
from portal.schedule import occurrences, timetable
from portal.schedule.models import Block
from portal.schedule.rules import Change
from portal.web import access
from portal.web.dates import long_day
from portal.web.pages import Pages
from portal.web.refusal import refused
from portal.web.staff import trial
from portal.web.staff.schedule_forms import TimeForm
from portal.web.staff.timetable import own_block

pages = Pages()

NAMED = "%Y%m%dT%H%M"
"""How an occurrence is named in addresses: its original local start."""


@pages.form("/schedule/groups/<int:block_id>/on/<start>")
def occurrence(block_id: int, start: str) -> ResponseReturnValue:
    """Another time for one occurrence."""
    block, original = own_block(block_id), _start(start)
    now_at = timetable.change_of(block, original)
    form = TimeForm(data=_values(block, now_at))
    if trial.sent(form):
        new_start, minutes = form.local()
        change = partial(
            occurrences.move_occurrence,
            block_id=block.id,
            original_start=original,
            new_start=new_start,
            new_minutes=minutes,
            actor=access.actor(),
            now=access.now(),
        )
        return _look(change, block, original) or _saved(change, block, _("This time is moved."))
    return render_template(
        "staff/schedule/occurrence.html", form=form, block=block, start=start, change=now_at
    )


@pages.post("/schedule/groups/<int:block_id>/on/<start>/cancel")
def cancel_occurrence(block_id: int, start: str) -> ResponseReturnValue:
    """One occurrence does not take place."""
    return _without_form(block_id, start, occurrences.cancel_occurrence, _("This time is cancelled."))


@pages.post("/schedule/groups/<int:block_id>/on/<start>/restore")
def restore_occurrence(block_id: int, start: str) -> ResponseReturnValue:
    """It takes place as the rule says, after all."""
    text = _("This time takes place as the group's rule says.")
    return _without_form(block_id, start, occurrences.restore_occurrence, text)


@pages.form("/schedule/groups/<int:block_id>/extra")
def extra_occurrence(block_id: int) -> ResponseReturnValue:
    """One more time of a group, beside its rule."""
    block = own_block(block_id)
    form = TimeForm()
    if trial.sent(form):
        start, minutes = form.local()
        change = partial(
            occurrences.add_occurrence,
            block_id=block.id,
            start=start,
            minutes=minutes,
            actor=access.actor(),
            now=access.now(),
        )
        return _look(change, block, start) or _saved(change, block, _("The extra time is entered."))
    return render_template("staff/schedule/extra.html", form=form, block=block)


def _without_form(block_id: int, start: str, verb: Callable[..., object], text: str) -> ResponseReturnValue:
    block, original = own_block(block_id), _start(start)
    if refused():
        return redirect(url_for(".block", block_id=block.id))
    change = partial(verb, block_id=block.id, original_start=original, actor=access.actor(), now=access.now())
    return _look(change, block, original, has_form=False) or _saved(change, block, text)


def _look(change: trial.Change, block: Block, start: datetime, *, has_form: bool = True) -> str | None:
    return trial.look(
        change,
        title=_("%(group)s on %(day)s", group=block.name, day=long_day(start)),
        back=url_for(".block", block_id=block.id),
        location_ids={block.track.program.location_id},
        has_form=has_form,
    )


def _saved(change: trial.Change, block: Block, text: str) -> ResponseReturnValue:
    change()
    flash(text, "good")
    return redirect(url_for(".block", block_id=block.id))


def _start(name: str) -> datetime:
    try:
        return datetime.strptime(name, NAMED)  # noqa: DTZ007
    except ValueError as error:
        raise NotFound from error


def _values(block: Block, change: Change) -> dict[str, object]:
    start = change.new_start or change.original_start
    minutes = block.minutes if change.new_minutes is None else change.new_minutes
    end = start + timedelta(minutes=minutes)
    return {"on": start.date(), "start": start.time(), "end": end.time()}
