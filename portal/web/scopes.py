"""The six boxes in the words of the screens: name, example, side effect. One place for all audiences.

What a client signs stands in `consent.wording`, in the same order.
"""

from dataclasses import dataclass

from flask import Flask
from flask_babel import lazy_gettext

from portal.consent import standing, wording
from portal.consent.models import Consent
from portal.consent.rules import Scope, State
from portal.web import access, language

_ = lazy_gettext


@dataclass(frozen=True)
class Box:
    """One box. `label` names it, `seen` says it to the person who may see it."""

    label: str
    example: str
    side_effect: str
    seen: str


BOXES: dict[Scope, Box] = {
    Scope.SESSIONS: Box(
        _("Family sessions"),
        _("For example: “Family evening, Thursday, 6 PM, Room 2.” This person can save a place."),
        _("This person also gets messages about these sessions, if they want them."),
        _("Family sessions you can join, and messages about them"),
    ),
    Scope.LESSONS: Box(
        _("Lessons that my therapist picks for us"),
        _("For example: “Your therapist team suggested this lesson by June 20.”"),
        _("This person also gets messages about these lessons, if they want them."),
        _("Lessons picked for you, and messages about them"),
    ),
    Scope.PROGRAM_TIMES: Box(
        _("My program times"),
        _("For example: “Program time, Tuesday, 5:30 PM to 8:30 PM.” No group name."),
        _("If your times change or stop, this person will see that."),
        _("Program times, so that you can plan around them"),
    ),
    Scope.GROUP_NAMES: Box(
        _("The names of my groups"),
        _("For example: “Skills group, Tuesday, 5:30 PM.”"),
        _("This only works together with program times. A name can say what a group is about."),
        _("The names of the groups in the program times"),
    ),
    Scope.PROGRAM_STEP: Box(
        _("Where I am in the program"),
        _("For example: “Week 4.” It also shows your level of care."),
        _("If your week or your level of care changes, this person will see that."),
        _("The week of the program and the level of care"),
    ),
    Scope.FINISHED_OR_LEFT: Box(
        _("That I finished the program or left it"),
        _("For example: “The program ended on June 20.”"),
        _("This person will see it also if you leave early."),
        _("When the program has ended"),
    ),
}

STATES: dict[State, tuple[str, str]] = {
    State.DRAFT: ("wait", _("Waiting for signature")),
    State.PENDING_SIGNATURE: ("wait", _("Waiting for signature")),
    State.PENDING_GUARDIAN: ("wait", _("Waiting for a guardian's signature")),
    State.ACTIVE: ("ok", _("Active")),
    State.ON_HOLD: ("info", _("On hold")),
    State.LAPSED: ("info", _("Never signed")),
    State.REVOKED: ("info", _("Stopped")),
    State.EXPIRED: ("info", _("Expired")),
    State.SUPERSEDED: ("info", _("Replaced by a newer one")),
    State.ENTERED_IN_ERROR: ("info", _("Entered in error")),
}
"""For each state the kind of badge and its words."""


def in_order(scopes: frozenset[Scope]) -> list[Scope]:
    """Scopes in the order of the boxes."""
    return [scope for scope in Scope if scope in scopes]


def shared(consent: Consent) -> list[Scope]:
    """What is ticked and not withdrawn, in the order of the boxes."""
    return in_order(standing.granted(consent, access.now()))


def relation(code: str) -> str:
    """What the person is to the client, in the language of the page, such as "mother"."""
    return wording.RELATIONSHIPS[language.current()].get(code, "")


def badge(consent: Consent) -> tuple[str, str]:
    """The kind and the words of a consent's badge."""
    return STATES[consent.state]


def init_app(app: Flask) -> None:
    """Offer the boxes to every template."""
    app.jinja_env.globals.update(
        BOXES=BOXES, scopes_in_order=in_order, consent_scopes=shared, relation=relation, consent_badge=badge
    )
