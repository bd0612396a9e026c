"""The client takes part: is asked, agrees or declines. No reason is asked, and families never see it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import contains_eager, joinedload

from portal.audit import service as audit
from portal.core.actor import Actor
from portal.core.clock import local_date
from portal.core.db import db
from portal.core.errors import NotFound, TooLate
from portal.oversight import tasks
from portal.oversight.rules import TaskKind
from portal.sessions.models import FamilySession
from portal.sessions.models_company import ClientPart
from portal.sessions.rules import ClientAnswer, SessionState


def ask(*, session: FamilySession, client_id: int, actor: Actor, now: datetime) -> ClientPart:
    """Ask a client whether they take part. Who was asked already is not asked anew."""
    known = part_of(session.id, client_id)
    if known:
        return known
    made = ClientPart(session=session, client_id=client_id, answer=ClientAnswer.ASKED, asked_at=now)
    db.session.add(made)
    db.session.flush()
    _audit(made, actor, now)
    return made


def agree(*, session_id: int, client_id: int, actor: Actor, now: datetime) -> ClientPart:
    """ "Yes, I take part" at the time as it stands. Raises NotFound, TooLate once it has begun."""
    return _answer(session_id, client_id, ClientAnswer.AGREED, actor, now)


def decline(*, session_id: int, client_id: int, actor: Actor, now: datetime) -> ClientPart:
    """ "No": staff get a task; the family is told nothing. Raises NotFound, TooLate."""
    part = _answer(session_id, client_id, ClientAnswer.DECLINED, actor, now)
    session = part.session
    tasks.open_task(
        TaskKind.CLIENT_DECLINED,
        subject=f"session:{session.id}/client:{client_id}",
        actor=actor,
        now=now,
        location_id=session.location_id,
        owner_id=session.facilitator_id,
        client_id=client_id,
        due_on=local_date(session.starts_at, session.timezone),
    )
    return part


def part_of(session_id: int, client_id: int) -> ClientPart | None:
    """This client's part, if they were asked."""
    query = select(ClientPart).where(ClientPart.session_id == session_id, ClientPart.client_id == client_id)
    return db.session.scalar(query.execution_options(populate_existing=True))


def parts_in(session_id: int) -> list[ClientPart]:
    """Every client asked for this session, for staff; one statement."""
    query = (
        select(ClientPart)
        .where(ClientPart.session_id == session_id)
        .options(joinedload(ClientPart.client))
        .order_by(ClientPart.asked_at, ClientPart.id)
    )
    return list(db.session.scalars(query))


def upcoming_of(client_id: int, *, from_at: datetime, to_at: datetime | None = None) -> Sequence[ClientPart]:
    """A client's own parts in published sessions that end after `from_at`, by date; one statement."""
    query = (
        select(ClientPart)
        .join(ClientPart.session)
        .where(
            ClientPart.client_id == client_id,
            FamilySession.state == SessionState.PUBLISHED,
            FamilySession.ends_at > from_at,
        )
        .options(contains_eager(ClientPart.session).joinedload(FamilySession.location))
        .order_by(FamilySession.starts_at, FamilySession.id)
    )
    if to_at is not None:
        query = query.where(FamilySession.starts_at < to_at)
    return db.session.scalars(query).all()


def own_part(*, session_id: int, client_id: int) -> ClientPart:
    """A client's part in a published or cancelled session. Raises NotFound."""
    part = part_of(session_id, client_id)
    if part is None or part.session.state is SessionState.DRAFT:
        raise NotFound
    return part


def asks_again(part: ClientPart) -> bool:
    """Whether the client still has to answer for the time as it stands."""
    return part.answer is ClientAnswer.ASKED or (
        part.answer is ClientAnswer.AGREED and part.answered_for_revision != part.session.time_revision
    )


def _answer(session_id: int, client_id: int, answer: ClientAnswer, actor: Actor, now: datetime) -> ClientPart:
    part = own_part(session_id=session_id, client_id=client_id)
    if part.session.state is not SessionState.PUBLISHED or now >= part.session.starts_at:
        raise TooLate
    if (part.answer, part.answered_for_revision) == (answer, part.session.time_revision):
        return part
    part.answer, part.answered_at = answer, now
    part.answered_for_revision = part.session.time_revision
    _audit(part, actor, now)
    if answer is ClientAnswer.AGREED:
        subject = f"session:{session_id}/client:{client_id}"
        tasks.drop(TaskKind.CLIENT_DECLINED, subjects=[subject], actor=actor, now=now)
    return part


def _audit(part: ClientPart, actor: Actor, now: datetime) -> None:
    audit.record(
        "session.client_answered",
        actor=actor,
        now=now,
        client_id=part.client_id,
        session_id=part.session_id,
        answer=part.answer.value,
    )
