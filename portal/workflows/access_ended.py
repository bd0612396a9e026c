"""A permission ends, wholly or in part: by the client, by a hold, or by the clock.

What follows is done in the transaction of the change; what the clock ends is found by the
repeatable `tidy`. The pages were empty already: access is computed, not switched off.
Nothing is ever sent to the family because of it.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select

from portal.consent import ending, holding, preparing, rules, standing, states
from portal.consent.models import Consent, HoldKind
from portal.consent.rules import Scope, State
from portal.consent.withdrawal import Already
from portal.core import clock
from portal.core.actor import Actor, job
from portal.core.db import db
from portal.disclosure.models import Channel, DisclosureEntry
from portal.education import service as education
from portal.education.models import Assignment
from portal.mail import service as mail
from portal.mail.models import ReaderKind
from portal.oversight import tasks
from portal.oversight.rules import TaskKind
from portal.people import invitations
from portal.people import queries as people
from portal.sessions import service as sessions
from portal.sessions.models import LIVE_SIGN_UP, SignUp

SWEEP = job("access_ended.sweep")
HELD_PLACE_LIFE = timedelta(days=7)
"""A hold keeps the person's places this long."""


OFFICE_MAY_TELL = "office_may_tell"
"""The client's wish, when stopping, that the office tells the person."""


def stop(*, consent: Consent, actor: Actor, now: datetime, reason: str | None = None) -> None:
    """The client stops sharing with one person. With the reason OFFICE_MAY_TELL, staff get a task."""
    already = already_shared(consent)
    ending.revoke(consent=consent, actor=actor, now=now, reason=reason, already=already)
    end_all(consent, actor, now)
    if reason == OFFICE_MAY_TELL:
        _ask_office_to_tell(consent, actor, now)


def _ask_office_to_tell(consent: Consent, actor: Actor, now: datetime) -> None:
    """The client's therapist asks the client for the words, and tells the person."""
    team = people.care_team_of(consent.client_id, now)
    tasks.open_task(
        TaskKind.TELL,
        subject=f"consent:{consent.id}",
        actor=actor,
        now=now,
        location_id=consent.client.location_id,
        owner_id=team[0].id if team else None,
        client_id=consent.client_id,
        due_on=rules.working_days_later(clock.local_date(now, consent.timezone), 1),
    )


def narrow(
    *, consent: Consent, scopes: Collection[Scope], typed_name: str, actor: Actor, now: datetime
) -> frozenset[Scope]:
    """The client takes `scopes` away and leaves the rest; returns what fell."""
    fallen = ending.narrow(consent=consent, scopes=scopes, typed_name=typed_name, actor=actor, now=now)
    end(
        client_id=consent.client_id,
        family_member_id=consent.family_member_id,
        relationship_id=consent.relationship_id,
        scopes=fallen,
        actor=actor,
        now=now,
    )
    return fallen


def hold(
    *, consent: Consent, kind: HoldKind | str, actor: Actor, now: datetime, note: str | None = None
) -> None:
    """Pause at once. Places are kept for 7 days; mail on its way is dropped, not paused."""
    holding.hold(consent=consent, kind=kind, actor=actor, now=now, note=note)
    _drop_mail(consent.family_member_id, consent.relationship_id, frozenset(Scope), now)


def end(
    *,
    client_id: int,
    family_member_id: int,
    relationship_id: int,
    scopes: frozenset[Scope] | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Tidy up behind `scopes` that no longer hold for this pair; None: behind all of them.

    Repeatable. The order follows the locks: session, sign-up, outbox.
    """
    lost = frozenset(Scope) if scopes is None else scopes
    about = _subjects(relationship_id, lost)
    if Scope.SESSIONS in lost:
        sessions.release(relationship_id=relationship_id, actor=actor, now=now)
    if Scope.LESSONS in lost:
        education.close_for(relationship_id=relationship_id, reason="access_ended", now=now, actor=actor)
    if scopes is None:
        invitations.end_invitations(
            relationship_id=relationship_id, reason="access_ended", now=now, actor=actor
        )
    _drop(family_member_id, about, now)


def sweep(now: datetime) -> int:
    """Tidy up behind everything that is due, in the open transaction; returns how many.

    The worker rather takes `due` and one transaction for each `tidy`: who holds a session
    row must not lock another consent.
    """
    return sum(tidy(consent_id, now) for consent_id in due(now))


def due(now: datetime) -> list[int]:
    """The consents to tidy up behind: expired, never signed, or holding places for too long."""
    held_places = select(SignUp.relationship_id).where(SignUp.state.in_(LIVE_SIGN_UP))
    return list(
        db.session.scalars(
            select(Consent.id)
            .where(
                or_(
                    and_(
                        Consent.state.in_(rules.LIVE),
                        or_(Consent.ends_at <= now, Consent.guardian_until <= now),
                    ),
                    and_(Consent.state.in_(rules.OPEN), Consent.state_changed_at <= now - rules.DRAFT_LIFE),
                    and_(
                        Consent.state == State.ON_HOLD,
                        Consent.state_changed_at <= now - HELD_PLACE_LIFE,
                        Consent.relationship_id.in_(held_places),
                    ),
                )
            )
            .order_by(Consent.id)
        )
    )


def tidy(consent_id: int, now: datetime) -> bool:
    """Make visible what the clock ended in one consent; False when nothing was left to do."""
    consent = db.session.get_one(Consent, consent_id)
    states.lock_pair(consent)
    if rules.has_lapsed(state=consent.state, since=consent.state_changed_at, at=now):
        ending.lapse(consent=consent, actor=SWEEP, now=now, reason="waited_too_long")
    elif consent.state in rules.LIVE and standing.is_over(consent, now):
        ending.expire(consent=consent, actor=SWEEP, now=now)
        end_all(consent, SWEEP, now)
        _ask_who_came_of_age(consent, now)
    elif consent.state is State.ON_HOLD and consent.state_changed_at <= now - HELD_PLACE_LIFE:
        sessions.release(relationship_id=consent.relationship_id, actor=SWEEP, now=now)
    else:
        return False
    return True


def _ask_who_came_of_age(consent: Consent, now: datetime) -> None:
    """Who is 18 now is asked to sign alone what a guardian signed with them (2.14)."""
    if consent.guardian_until is None or now < consent.guardian_until:
        return
    if consent.client.deceased_on is None and consent.relationship.ended_at is None:
        preparing.renew(consent=consent, actor=SWEEP, now=now)


def already_shared(consent: Consent) -> Already | None:
    """What the ledger holds under this consent; None: nothing."""
    shared, mails, last_at = db.session.execute(
        select(
            func.count(),
            func.count().filter(DisclosureEntry.channel == Channel.MAIL),
            func.max(DisclosureEntry.at),
        ).where(DisclosureEntry.consent_id == consent.id)
    ).one()
    if not shared:
        return None
    return Already(shared, mails, clock.local_date(last_at, consent.timezone))


def end_all(consent: Consent, actor: Actor, now: datetime) -> None:
    """Tidy up behind a consent that gives nothing any more."""
    end(
        client_id=consent.client_id,
        family_member_id=consent.family_member_id,
        relationship_id=consent.relationship_id,
        scopes=None,
        actor=actor,
        now=now,
    )


def _drop_mail(family_member_id: int, relationship_id: int, lost: frozenset[Scope], now: datetime) -> None:
    _drop(family_member_id, _subjects(relationship_id, lost), now)


def _drop(family_member_id: int, subjects: Iterable[str], now: datetime) -> None:
    for subject in subjects:
        mail.drop_for(
            reader_kind=ReaderKind.FAMILY,
            reader_id=family_member_id,
            subject_prefix=subject,
            reason="access_ended",
            now=now,
        )


def _subjects(relationship_id: int, lost: frozenset[Scope]) -> list[str]:
    """What mail on its way may tell of, because of this relationship alone.

    Reminders of program times are all dropped: those another permission still allows are
    derived anew.
    """
    subjects: list[str] = []
    if Scope.SESSIONS in lost:
        places = select(SignUp.session_id).where(
            SignUp.relationship_id == relationship_id, SignUp.state.in_(LIVE_SIGN_UP)
        )
        subjects += [f"session:{session_id}" for session_id in db.session.scalars(places)]
    if Scope.LESSONS in lost:
        lessons = select(Assignment.id).where(
            Assignment.relationship_id == relationship_id, Assignment.closed_at.is_(None)
        )
        subjects += [f"assignment:{assignment_id}" for assignment_id in db.session.scalars(lessons)]
    if Scope.PROGRAM_TIMES in lost:
        subjects.append("block:")
    return subjects
