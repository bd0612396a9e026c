"""Reads of call lists: who was reached by mail, who is to be called, who has been."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, select
from sqlalchemy.orm import contains_eager, joinedload

from portal.core.db import db
from portal.core.errors import NotFound
from portal.mail.models import MailAddress, MailPreference, MessageState, OutboundMessage, ReaderKind
from portal.people.models import Relationship, StaffMember
from portal.sessions import desk, reach
from portal.sessions.mails import OPT_IN
from portal.sessions.models import FamilySession, SignUp
from portal.sessions.models_telling import ClosedDay, SessionChange, Telling
from portal.sessions.places import rests_on_permission
from portal.sessions.reach import REACHED, TO_CALL, ChangeKind, Mailed, Reach
from portal.sessions.rules import LIVE_SIGN_UP

RECENT = timedelta(days=14)


@dataclass(frozen=True)
class Line:
    """One person of a call list."""

    telling: Telling
    reach: Reach

    @property
    def sign_up(self) -> SignUp:
        """Whose place the news is about."""
        return self.telling.sign_up


@dataclass(frozen=True)
class CallList:
    """One change and everybody whom it concerns, as far as this staff member sees them."""

    change: SessionChange
    to_call: list[Line]
    called: list[Line]
    reached: list[Line]
    """By mail, or the mail is on its way, or they answered by themselves."""
    silent: int
    """Whose consent is not usable now: nobody calls, and no name stands here."""
    hidden: int


def call_list(*, staff: StaffMember, change_id: int, now: datetime) -> CallList:
    """One call list of a session that this staff member sees. Raises NotFound."""
    change = db.session.scalar(
        select(SessionChange)
        .where(SessionChange.id == change_id)
        .options(joinedload(SessionChange.session).joinedload(FamilySession.location))
    )
    if change is None:
        raise NotFound
    desk.session_for(staff=staff, session_id=change.session_id, now=now)
    return call_lists(staff=staff, changes=[change], now=now)[0]


def seen_line(*, staff: StaffMember, change_id: int, telling_id: int, now: datetime) -> Line:
    """One line of the part of a call list that this staff member sees. Raises NotFound."""
    found = call_list(staff=staff, change_id=change_id, now=now)
    for line in found.to_call + found.called + found.reached:
        if line.telling.id == telling_id:
            return line
    raise NotFound


def call_lists(*, staff: StaffMember, changes: Sequence[SessionChange], now: datetime) -> list[CallList]:
    """The call lists of these changes, in their order; two statements however many people."""
    sight = desk.Sight.of(staff, now)
    lines = lines_of([change.id for change in changes], now)
    return [
        _list(change, [line for line in lines if line.telling.change_id == change.id], sight)
        for change in changes
    ]


def lines_of(change_ids: Collection[int], now: datetime) -> list[Line]:
    """Every line of these changes, by name; one statement."""
    query = (
        select(
            Telling,
            rests_on_permission(now),
            OutboundMessage,
            MailAddress.confirmed_at,
            MailPreference.id,
        )
        .join(Telling.sign_up)
        .join(SignUp.family_member)
        .join(Telling.change)
        .outerjoin(OutboundMessage, OutboundMessage.id == Telling.message_id)
        .outerjoin(
            MailAddress,
            and_(
                MailAddress.reader_kind == ReaderKind.FAMILY,
                MailAddress.reader_id == SignUp.family_member_id,
            ),
        )
        .outerjoin(
            MailPreference,
            and_(
                MailPreference.reader_kind == ReaderKind.FAMILY,
                MailPreference.reader_id == SignUp.family_member_id,
                MailPreference.kind == OPT_IN,
            ),
        )
        .where(Telling.change_id.in_(change_ids))
        .options(
            contains_eager(Telling.change),
            contains_eager(Telling.sign_up).contains_eager(SignUp.family_member),
            contains_eager(Telling.sign_up).joinedload(SignUp.relationship).joinedload(Relationship.client),
            joinedload(Telling.called_by),
        )
        .order_by(SignUp.queue_number, Telling.id)
    )
    return [_line(*row) for row in db.session.execute(query)]


def is_somebody_left(change: SessionChange, now: datetime) -> bool:
    """Whether somebody of this change is still to be called, whoever's client it is."""
    db.session.flush()
    return any(line.reach in TO_CALL for line in lines_of([change.id], now))


def recent(*, staff: StaffMember, now: datetime) -> list[CallList]:
    """The call lists of the last two weeks at this staff member's locations, the newest first."""
    visible = select(FamilySession.id).where(desk.may_see(staff, now))
    changes = db.session.scalars(
        select(SessionChange)
        .where(SessionChange.at >= now - RECENT, SessionChange.session_id.in_(visible))
        .options(joinedload(SessionChange.session).joinedload(FamilySession.location))
        .order_by(SessionChange.at.desc(), SessionChange.id)
    ).all()
    return call_lists(staff=staff, changes=changes, now=now)


def of_session(*, staff: StaffMember, session_id: int, now: datetime) -> list[CallList]:
    """The call lists of one session, the newest first."""
    changes = db.session.scalars(
        select(SessionChange)
        .where(SessionChange.session_id == session_id)
        .options(joinedload(SessionChange.session))
        .order_by(SessionChange.at.desc(), SessionChange.id)
    ).all()
    return call_lists(staff=staff, changes=changes, now=now)


def of_closed_day(*, staff: StaffMember, closed_day: ClosedDay, now: datetime) -> list[CallList]:
    """The call lists of everything that a closed day changed, by when it would have begun."""
    changes = db.session.scalars(
        select(SessionChange)
        .where(SessionChange.closed_day_id == closed_day.id)
        .options(joinedload(SessionChange.session))
        .order_by(SessionChange.starts_at, SessionChange.at, SessionChange.id)
    ).all()
    return call_lists(staff=staff, changes=changes, now=now)


def _list(change: SessionChange, lines: list[Line], sight: desk.Sight) -> CallList:
    seen = [line for line in lines if sight.sees(line.sign_up, change.session)]
    return CallList(
        change=change,
        to_call=[line for line in seen if line.reach in TO_CALL],
        called=[line for line in seen if line.reach is Reach.CALLED],
        reached=[line for line in seen if line.reach in REACHED],
        silent=sum(line.reach is Reach.NO_PERMISSION for line in seen),
        hidden=sum(line.reach in TO_CALL for line in lines) - sum(line.reach in TO_CALL for line in seen),
    )


def _line(
    telling: Telling,
    may_be_told: bool,
    message: OutboundMessage | None,
    confirmed_at: datetime | None,
    preference_id: int | None,
) -> Line:
    mailed = _mailed(message, confirmed_at is not None, preference_id is not None) if message else None
    return Line(
        telling,
        reach.reach(
            is_called=telling.called_at is not None,
            may_be_told=bool(may_be_told),
            is_needed=_is_needed(telling),
            has_answered=_has_answered(telling),
            mailed=mailed,
            starts_at=telling.change.starts_at,
        ),
    )


def _is_needed(telling: Telling) -> bool:
    """Whoever gave the place up since need not hear when it would be."""
    is_over = telling.sign_up.state not in LIVE_SIGN_UP
    return telling.is_needed and (telling.change.kind is ChangeKind.CANCELLED or not is_over)


def _has_answered(telling: Telling) -> bool:
    asked = telling.change.asks_revision
    return asked is not None and telling.sign_up.confirmed_for_revision >= asked


def _mailed(message: OutboundMessage, has_address: bool, has_chosen: bool) -> Mailed:
    is_sent = message.state is MessageState.SENT
    return Mailed(
        state=message.state.value,
        reason=message.reason,
        goes_at=message.state_changed_at if is_sent else message.not_before,
        has_address=has_address,
        has_chosen=has_chosen,
    )
