"""Queueing the mails about a person's own place, in the transaction of what they tell."""

from datetime import datetime

from portal.mail import service as mail
from portal.mail.models import OutboundMessage, OutboxItem, ReaderKind
from portal.sessions import rules
from portal.sessions.models import SignUp
from portal.sessions.models_series import StandingPlace


def placed(sign_up: SignUp, *, now: datetime) -> None:
    """ "Your place is saved": at once, it answers what the person just did."""
    _queue("place_confirmed", sign_up, now=now, not_before=now, useful_until=sign_up.session.starts_at)


def offered(sign_up: SignUp, *, now: datetime) -> None:
    """ "A place is free": of no use once the offer is over."""
    _queue("place_offered", sign_up, now=now, useful_until=sign_up.offer_ends_at)


def standing_offered(mine: StandingPlace, *, now: datetime) -> None:
    """ "A place is free", in every evening: of no use once the offer is over."""
    about = f"standing:{mine.id}:{int(now.timestamp() * 1000)}"
    item = OutboxItem(
        kind="standing_offered",
        reader_kind=ReaderKind.FAMILY,
        reader_id=mine.family_member_id,
        subject=about,
        time_revision=1,
    )
    mail.queue(
        kind="standing_offered",
        reader_kind=ReaderKind.FAMILY,
        reader_id=mine.family_member_id,
        context={"standing_place_id": mine.id},
        items=[item],
        not_before=rules.tell_at(now, mine.family_member.timezone or mine.series.timezone),
        useful_until=mine.offer_ends_at,
        now=now,
    )


def changed(sign_up: SignUp, *, now: datetime) -> OutboundMessage:
    """ "Your appointment has changed"; an older one still on its way tells an old time."""
    forget(sign_up, now=now, reason="changed_again", kinds=("session_changed",))
    return _queue("session_changed", sign_up, now=now, useful_until=sign_up.session.starts_at)


def cancelled(sign_up: SignUp, *, now: datetime) -> OutboundMessage:
    """ "Your appointment is cancelled"; whatever else is on its way is of no use."""
    forget(sign_up, now=now, reason="session_cancelled")
    return _queue("session_cancelled", sign_up, now=now, useful_until=sign_up.session.starts_at)


def forget(sign_up: SignUp, *, now: datetime, reason: str, kinds: tuple[str, ...] | None = None) -> None:
    """Drop what is on its way about this sign-up and not yet begun."""
    mail.drop_for(
        reader_kind=ReaderKind.FAMILY,
        reader_id=sign_up.family_member_id,
        subject_prefix=f"{subject(sign_up)}:",
        reason=reason,
        now=now,
        kinds=kinds,
    )


def subject(sign_up: SignUp) -> str:
    """What a mail about a place is about, in the words of the outbox."""
    return f"session:{sign_up.session_id}:{sign_up.id}"


def _queue(
    kind: str,
    sign_up: SignUp,
    *,
    now: datetime,
    useful_until: datetime | None,
    not_before: datetime | None = None,
) -> OutboundMessage:
    session = sign_up.session
    zone = sign_up.family_member.timezone or session.timezone
    item = OutboxItem(
        kind=kind,
        reader_kind=ReaderKind.FAMILY,
        reader_id=sign_up.family_member_id,
        # The instant keeps two changes of one day apart: the last one is always told.
        subject=f"{subject(sign_up)}:{int(now.timestamp() * 1000)}",
        time_revision=session.time_revision,
    )
    return mail.queue(
        kind=kind,
        reader_kind=ReaderKind.FAMILY,
        reader_id=sign_up.family_member_id,
        context={"sign_up_id": sign_up.id, "time_revision": session.time_revision},
        items=[item],
        not_before=not_before or rules.tell_at(now, zone),
        useful_until=useful_until,
        now=now,
    )
