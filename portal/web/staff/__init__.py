"""Pages of the audience "staff"."""

from flask import Blueprint

from portal.accounts.models import Audience
from portal.web.pages import blueprint
from portal.web.staff import (
    account,
    appointments,
    call_lists,
    care,
    caseload,
    clients,
    closed_days,
    closures,
    consents,
    copies,
    desk,
    enrolments,
    episodes,
    home,
    imports,
    intake,
    invitations,
    lessons,
    notices,
    occurrences,
    on_behalf,
    own_lessons,
    rosters,
    schedule,
    second_steps,
    sessions,
    tasks,
    timetable,
    today,
    walk_ins,
)


def build() -> Blueprint:
    """The blueprint with all staff pages."""
    return blueprint(
        "staff",
        Audience.STAFF,
        [
            home.pages,
            caseload.pages,
            clients.pages,
            episodes.pages,
            intake.pages,
            invitations.pages,
            today.pages,
            sessions.pages,
            rosters.pages,
            on_behalf.pages,
            walk_ins.pages,
            call_lists.pages,
            closed_days.pages,
            lessons.pages,
            own_lessons.pages,
            consents.pages,
            desk.pages,
            notices.pages,
            copies.pages,
            schedule.pages,
            timetable.pages,
            occurrences.pages,
            closures.pages,
            enrolments.pages,
            appointments.pages,
            care.pages,
            imports.pages,
            account.pages,
            second_steps.pages,
            tasks.pages,
        ],
        url_prefix="/staff",
    )
