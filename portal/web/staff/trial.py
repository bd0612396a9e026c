"""A change of the schedule is looked at before it is saved: whom it touches, then "Save".

The first press shows the numbers and keeps what was typed; the second one saves. A view says

    return trial.look(change, …) or _saved(change, …)
"""

from collections.abc import Callable

from flask import render_template, request
from flask_wtf import FlaskForm

from portal.web import access
from portal.web.refusal import submitted
from portal.workflows import schedule_trial

Change = Callable[[], object]
"""A change ready to be made: a service's verb with all it needs."""

STEP = "step"
SAVE, AGAIN = "save", "again"


def sent(form: FlaskForm) -> bool:
    """Whether the form was sent and is valid, and the person did not go back to change it."""
    return request.form.get(STEP) != AGAIN and submitted(form)


def look(
    change: Change,
    *,
    title: str,
    back: str,
    location_ids: set[int],
    client_id: int | None = None,
    has_form: bool = True,
) -> str | None:
    """The page of the numbers; None once it was seen and "Save" was pressed.

    `back` is the address for leaving everything as it is. Raises what `change` raises.
    """
    if request.form.get(STEP) == SAVE:
        return None
    touched = schedule_trial.touched(change, location_ids=location_ids, client_id=client_id, now=access.now())
    typed = [
        (name, value) for name, value in request.form.items(multi=True) if name not in ("csrf_token", STEP)
    ]
    return render_template(
        "staff/schedule/look.html", title=title, back=back, touched=touched, typed=typed, has_form=has_form
    )
