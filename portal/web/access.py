"""Who may open what: security by position.

1. Every page belongs to the blueprint of its audience; the blueprint's guard runs
   before each of its views. An endpoint of no known blueprint answers 404.
2. Inside the staff, admin and privacy pages one table, `ROLES`, names the roles of each
   endpoint; an endpoint that is not in it is 404.
3. The wrong audience, the wrong role and the wrong id look like a page that does not exist.
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Flask, g, redirect, request, url_for
from flask_login import LoginManager, current_user
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response

from portal.accounts import service as accounts
from portal.accounts.models import Audience, BrowserSession, User
from portal.accounts.rules import SEEN_EVERY
from portal.core import clock
from portal.core.actor import VISITOR, Actor
from portal.core.db import writing
from portal.core.errors import NotFound
from portal.people import queries as people
from portal.people.models import Client, FamilyMember, Role, StaffMember

logger = logging.getLogger("portal.web")

T, C, A, P = Role.THERAPIST, Role.COORDINATOR, Role.ADMIN, Role.PRIVACY_OFFICER

ROLES: dict[str, frozenset[Role]] = {
    # Endpoint → the staff roles that may open it. One line a page, in the order of the menu.
    "staff.home": frozenset({T, C, A, P}),
    "staff.caseload": frozenset({T, C}),
    "staff.client": frozenset({T, C}),
    "staff.invite_client": frozenset({T, C}),
    "staff.family_contact": frozenset({T, C}),
    "staff.reminders": frozenset({T, C}),
    "staff.discharge_client": frozenset({T, C}),
    "staff.take_client_back": frozenset({T, C}),
    "staff.record_death": frozenset({T, C}),
    "staff.correct_birth_date": frozenset({T, C}),
    "staff.take_back_death": frozenset({T, C}),
    "staff.add_relative": frozenset({T, C}),
    "staff.intake": frozenset({C}),
    "staff.invitations": frozenset({T, C}),
    "staff.send_invitation": frozenset({T, C}),
    "staff.print_invitation": frozenset({T, C}),
    "staff.new_invitation_code": frozenset({T, C}),
    "staff.today": frozenset({T, C}),
    "staff.check_in": frozenset({T, C}),
    "staff.tick": frozenset({T, C}),
    "staff.sheet": frozenset({T, C}),
    "staff.roster_csv": frozenset({T, C}),
    "staff.session_brief": frozenset({T, C}),
    "staff.guests": frozenset({T, C}),
    "staff.new_series": frozenset({T, C}),
    "staff.one_series": frozenset({T, C}),
    "staff.publish_series": frozenset({T, C}),
    "staff.stand": frozenset({T, C}),
    "staff.standing_place": frozenset({T, C}),
    "staff.approve_standing": frozenset({T, C}),
    "staff.end_standing": frozenset({T, C}),
    "staff.walk_in": frozenset({T, C}),
    "staff.add_walk_in": frozenset({T, C}),
    "staff.place_beyond": frozenset({T, C}),
    "staff.approve_request": frozenset({T, C}),
    "staff.decline_request": frozenset({T, C}),
    "staff.session_note": frozenset({T, C}),
    "staff.close_center": frozenset({C}),
    "staff.closed_day": frozenset({C}),
    "staff.open_center_again": frozenset({C}),
    "staff.call_lists": frozenset({T, C}),
    "staff.call_list": frozenset({T, C}),
    "staff.called": frozenset({T, C}),
    "staff.not_called": frozenset({T, C}),
    "staff.sessions": frozenset({T, C}),
    "staff.new_session": frozenset({T, C}),
    "staff.session": frozenset({T, C}),
    "staff.edit_session": frozenset({T, C}),
    "staff.move_session": frozenset({T, C}),
    "staff.cancel_session": frozenset({T, C}),
    "staff.publish_session": frozenset({T, C}),
    "staff.roster": frozenset({T, C}),
    "staff.enter_person": frozenset({T, C}),
    "staff.give_up_for": frozenset({T, C}),
    "staff.give_place": frozenset({T, C}),
    "staff.promise_on_paper": frozenset({T, C}),
    "staff.lessons": frozenset({T, C, A}),
    "staff.lesson": frozenset({T, C, A}),
    "staff.lessons_progress": frozenset({T, C}),
    "staff.lesson_file": frozenset({T, C, A}),
    "staff.own_lessons": frozenset({T, A}),
    "staff.lesson_draft": frozenset({T, A}),
    "staff.publish_lesson": frozenset({T, A}),
    "staff.set_draft_aside": frozenset({T, A}),
    "staff.packs_list": frozenset({T, C, A}),
    "staff.pack": frozenset({T, C, A}),
    "staff.client_lessons": frozenset({T, C}),
    "staff.assign_lessons": frozenset({T}),
    "staff.withdraw_lesson": frozenset({T}),
    "staff.withdraw_pack": frozenset({T}),
    "staff.put_lessons_back": frozenset({T}),
    "staff.schedule": frozenset({T, C, A}),
    "staff.track": frozenset({T, C, A}),
    "staff.track_file": frozenset({T, C, A}),
    "staff.client_schedule": frozenset({T, C}),
    "staff.new_track": frozenset({C}),
    "staff.edit_track": frozenset({C}),
    "staff.new_block": frozenset({C}),
    "staff.block": frozenset({C}),
    "staff.edit_block": frozenset({C}),
    "staff.end_block": frozenset({C}),
    "staff.let_block_go_on": frozenset({C}),
    "staff.occurrence": frozenset({C}),
    "staff.cancel_occurrence": frozenset({C}),
    "staff.restore_occurrence": frozenset({C}),
    "staff.extra_occurrence": frozenset({C}),
    "staff.new_enrolment": frozenset({T, C}),
    "staff.enrolment": frozenset({T, C}),
    "staff.take_back_enrolment": frozenset({T, C}),
    "staff.new_appointment": frozenset({T, C}),
    "staff.appointment": frozenset({T, C}),
    "staff.cancel_appointment": frozenset({T, C}),
    "staff.restore_appointment": frozenset({T, C}),
    "staff.care_level": frozenset({T, C}),
    "staff.take_back_care_level": frozenset({T, C}),
    "staff.closures": frozenset({C}),
    "staff.open_again": frozenset({C}),
    "staff.imports": frozenset({C, A}),
    "staff.new_import": frozenset({C, A}),
    "staff.one_import": frozenset({C, A}),
    "staff.apply_import": frozenset({C, A}),
    "staff.set_import_aside": frozenset({C, A}),
    "admin.home": frozenset({A}),
    "admin.settings": frozenset({A}),
    "admin.locations": frozenset({A}),
    "admin.add_location": frozenset({A}),
    "admin.location": frozenset({A}),
    "admin.users": frozenset({A}),
    "admin.invite_user": frozenset({A}),
    "admin.invite_user_again": frozenset({A}),
    "admin.disable_user": frozenset({A}),
    "admin.enable_user": frozenset({A}),
    "admin.outbox": frozenset({A}),
    "admin.send_again": frozenset({A}),
    "admin.drop_message": frozenset({A}),
    "privacy.home": frozenset({P}),
    "privacy.audit": frozenset({P}),
    "privacy.accountings": frozenset({P}),
    "privacy.one_accounting": frozenset({P}),
    "privacy.one_accounting_pdf": frozenset({P}),
    "staff.consent_pdf": frozenset({T, C}),
    "privacy.notices_list": frozenset({P}),
    "privacy.new_notice": frozenset({P}),
    "privacy.one_notice": frozenset({P}),
    "privacy.change_notice": frozenset({P}),
    "privacy.publish_notice": frozenset({P}),
    "staff.notice_given": frozenset({T, C}),
    "staff.sign_in_settings": frozenset({T, C, A, P}),
    "staff.change_passphrase": frozenset({T, C, A, P}),
    "staff.new_backup_codes": frozenset({T, C, A, P}),
    "staff.keep_apart": frozenset({T, C}),
    "staff.end_apart": frozenset({T, C}),
    "staff.handovers": frozenset({C}),
    "staff.hand_over": frozenset({C}),
    "staff.caller": frozenset({T, C}),
    "staff.told_caller": frozenset({T, C}),
    "staff.task_list": frozenset({T, C, P}),
    "staff.task": frozenset({T, C, P}),
    "staff.take_task": frozenset({T, C, P}),
    "staff.finish_task": frozenset({T, C, P}),
    "staff.second_steps": frozenset({C, A, P}),
    "staff.agree_to_second_step": frozenset({C, A, P}),
    "staff.refuse_second_step": frozenset({C, A, P}),
    "staff.end_browser_session": frozenset({T, C, A, P}),
    "staff.end_other_browser_sessions": frozenset({T, C, A, P}),
    "staff.consents": frozenset({T, C}),
    "staff.prepare_consent": frozenset({T, C}),
    "staff.consent": frozenset({T, C}),
    "staff.hold_consent": frozenset({T, C}),
    "staff.undo_hold": frozenset({T, C}),
    "staff.agree_to_resume": frozenset({T}),
    "staff.record_withdrawal": frozenset({T, C}),
    "staff.mark_in_error": frozenset({T, C}),
    "staff.withdrawal": frozenset({T, C}),
    "staff.withdrawal_pdf": frozenset({T, C}),
    "staff.paper_consent": frozenset({T, C}),
    "staff.file_scan": frozenset({T, C}),
    "staff.renew_consent": frozenset({T, C}),
    "staff.desk": frozenset({T, C}),
    "staff.open_desk": frozenset({T, C}),
}

login_manager = LoginManager()
# The browser session is a row of our own; Flask-Login's heuristics would only add noise.
login_manager.session_protection = None


@dataclass
class Viewer:
    """The person behind this request, in one audience. What Flask-Login calls the user."""

    session: BrowserSession
    session_id: int
    """Known also after the page's transaction has ended."""
    secret: str
    user: User
    family_member: FamilyMember | None = None
    client: Client | None = None
    staff: StaffMember | None = None

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """The cookie's content: the browser session's secret, which means nothing by itself."""
        return self.secret

    @property
    def audience(self) -> Audience:
        """Whose pages this browser session may open."""
        return self.session.audience

    @property
    def roles(self) -> frozenset[Role]:
        """The staff roles; empty for everybody else."""
        return frozenset(role.role for role in self.staff.roles) if self.staff else frozenset()

    @property
    def needs_second_factor(self) -> bool:
        """Whether a code is still to be shown: always by staff, by others who set one up."""
        wanted = self.audience is Audience.STAFF or self.user.totp_secret is not None
        return wanted and self.session.second_factor_at is None


@login_manager.user_loader
def load_viewer(secret: str) -> Viewer | None:
    """The viewer of a cookie, or None when its browser session no longer counts."""
    found = people.signed_in(secret)
    if found is None or not accounts.counts(found[0], now()):
        return None
    session, family_member, client = found
    if now() - session.last_seen_at >= SEEN_EVERY:
        g.seen = session.id
    viewer = Viewer(session=session, session_id=session.id, secret=secret, user=session.user)
    if session.audience is Audience.FAMILY:
        viewer.family_member = family_member
        return viewer if family_member else None
    if session.audience is Audience.CLIENT:
        viewer.client = client
        return viewer if client else None
    viewer.staff = people.staff_member_of(session.user_id)
    return viewer if viewer.staff else None


def note_seen() -> None:
    """Note, at most once a minute and after a GET, that the browser was used.

    A short transaction of its own; when the database is busy the note is left for the
    next page.
    """
    session_id = g.pop("seen", None)
    if session_id is None:
        return
    try:
        with writing():
            accounts.seen(session_id=session_id, now=now())
    except OperationalError:
        logger.warning("a browser session could not be noted as seen")


def now() -> datetime:
    """The instant of this request: read once, after the write lock is held."""
    if "now" not in g:
        g.now = clock.now()
    at: datetime = g.now
    return at


def viewer() -> Viewer:
    """The signed-in person. Only for pages behind a guard."""
    if not current_user.is_authenticated:
        raise NotFound
    person: Viewer = current_user._get_current_object()
    if not accounts.is_live(person.session, now()):  # ended while this request waited for the lock
        raise NotFound
    return person


def actor() -> Actor:
    """Who does what this request does, for services and the audit."""
    if not current_user.is_authenticated:
        return VISITOR
    person = viewer()
    row = person.staff or person.client or person.family_member
    return Actor(person.audience.value, row.id if row else None)


def family_member() -> FamilyMember:
    """The signed-in family member."""
    person = viewer().family_member
    if person is None:
        raise NotFound
    return person


def client() -> Client:
    """The signed-in client."""
    person = viewer().client
    if person is None:
        raise NotFound
    return person


def staff() -> StaffMember:
    """The signed-in staff member."""
    person = viewer().staff
    if person is None:
        raise NotFound
    return person


def guard(blueprint: Blueprint, audience: Audience | None) -> Blueprint:
    """Put the guard of `audience` before every view of `blueprint`; None: everybody."""
    blueprint.before_request(lambda: _check(audience))
    GUARDED[blueprint.name] = audience
    return blueprint


GUARDED: dict[str, Audience | None] = {}
"""Blueprint name → the audience its guard demands. A test walks every route against it."""


def refuse_unguarded() -> None:
    """Default deny: an endpoint outside every guarded blueprint does not exist."""
    if request.endpoint is None or request.endpoint == "static":
        return
    if request.blueprint not in GUARDED:
        raise NotFound


def _check(audience: Audience | None) -> Response | None:
    if audience is None:
        return None
    wanted = request.path if request.method == "GET" else None
    if not current_user.is_authenticated:
        return redirect(url_for("signin.sign_in", next=wanted))
    person = viewer()
    if person.audience is not audience:
        raise NotFound
    if person.needs_second_factor:
        return redirect(url_for("signin.code", next=wanted))
    if audience is Audience.STAFF and not person.roles & ROLES.get(request.endpoint or "", frozenset()):
        raise NotFound
    return None


def init_app(app: Flask) -> None:
    """Wire Flask-Login and the default deny."""
    login_manager.init_app(app)
    app.before_request(refuse_unguarded)
    app.jinja_env.globals.update(viewer=lambda: current_user, now=now)
