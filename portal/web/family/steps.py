"""The step of the program on a page, for whom the client lets see it, entered in the ledger."""

from collections.abc import Sequence

from flask_babel import gettext as _

from portal.consent.rules import Scope
from portal.disclosure.gate import Permit
from portal.schedule.steps import ProgramStep, program_steps
from portal.web import access
from portal.web.ledger import disclosed
from portal.web.terms import LEVELS


def shown_steps(permits: Sequence[Permit]) -> dict[int, list[str]]:
    """Consent id → the sentences about the step; what is returned counts as disclosed."""
    allowed = [permit for permit in permits if permit.scope is Scope.PROGRAM_STEP]
    steps = program_steps(allowed, at=access.now())
    shown = [permit for permit in allowed if permit.client_id in steps]
    for permit in shown:
        disclosed(permit, "program_step")
    return {permit.consent_id: _sentences(steps[permit.client_id]) for permit in shown}


def _sentences(step: ProgramStep) -> list[str]:
    """A longer stay than usual is nothing to remark on: then the number of weeks is left out."""
    week = (
        _("Week %(week)s of %(weeks)s", week=step.week, weeks=step.weeks)
        if step.week <= step.weeks
        else _("Week %(week)s", week=step.week)
    )
    return [week, _("Level of care: %(level)s", level=LEVELS[step.level])]
