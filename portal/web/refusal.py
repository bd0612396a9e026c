"""When a service refuses: nothing changed, what was typed stays, a sentence says what to do.

`Portal.dispatch_request` rolls back and runs the view once more with `g.refusal` set.
A view with a form asks `submitted(form)`, a button's view asks `refused()`.
"""

from flask import Response, flash, g
from flask_wtf import FlaskForm

from portal.core.errors import Refused
from portal.web.wording import sentence


def submitted(form: FlaskForm) -> bool:
    """Whether the form was sent, is valid, and no service has refused it already."""
    refusal: Refused | None = g.get("refusal")
    if refusal is None:
        return bool(form.validate_on_submit())
    form.validate()
    target = form[refusal.field] if refusal.field and refusal.field in form else None
    if target is None:
        form.form_errors.append(sentence(refusal))
    else:
        target.errors = [*target.errors, sentence(refusal)]
    return False


def refused() -> bool:
    """For a button without fields: whether the verb was refused; the sentence is flashed."""
    refusal: Refused | None = g.get("refusal")
    if refusal is None:
        return False
    flash(sentence(refusal), "bad")
    return True


def as_response(response: Response) -> Response:
    """A page shown again after a refusal answers 409; a redirect stays one."""
    if response.status_code == 200:
        response.status_code = 409
    return response
