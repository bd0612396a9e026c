"""A client has died: everything about them stops at once (42 CFR 2.15).

The gate says no from the moment the death is recorded; what follows here tidies up, in the
same transaction. No family is ever mailed because of it.
"""

from datetime import date, datetime

from portal.accounts import service as accounts
from portal.consent import ending, rules, states
from portal.core import clock
from portal.core.actor import Actor
from portal.core.errors import Refused, TooLate
from portal.mail import service as mail
from portal.mail.models import ReaderKind
from portal.oversight import tasks
from portal.oversight.rules import TaskKind
from portal.people import queries, service
from portal.people.models import Client
from portal.workflows import access_ended, client_discharged


def record(*, client: Client, died_on: date, actor: Actor, now: datetime) -> None:
    """Record the death and end places, lessons, invitations, the episode, and mail on its way.

    The consents stay as they are, unusable, for the privacy office to review (a task).
    `died_on` is a day at the client's location.
    Raises Refused day_ahead (field died_on), TooLate when it is recorded.
    """
    if client.deceased_on is not None:
        raise TooLate
    if died_on > clock.local_date(now, client.location.timezone):
        raise Refused("day_ahead", field="died_on")
    open_ones = states.lock_of(client)
    service.record_death(client=client, died_on=died_on, actor=actor, now=now)
    for consent in open_ones:
        if consent.state in rules.OPEN:
            ending.lapse(consent=consent, actor=actor, now=now, reason="client_died")
    _end_access(client, actor, now)
    client_discharged.end_care(client=client, ended_on=died_on, finished=False, actor=actor, now=now)
    mail.drop_for(reader_kind=ReaderKind.CLIENT, reader_id=client.id, reason="client_died", now=now)
    if client.user_id is not None:
        accounts.end_browser_sessions(user_id=client.user_id, reason="client_died", now=now, actor=actor)
    tasks.open_task(TaskKind.REVIEW, subject=_subject(client), actor=actor, now=now, client_id=client.id)


def take_back(*, client: Client, actor: Actor, now: datetime) -> None:
    """It was recorded for the wrong client: the consents count again, places and mail stay gone.

    Raises TooLate when no death is recorded.
    """
    if client.deceased_on is None:
        raise TooLate
    service.take_back_death(client=client, actor=actor, now=now)
    tasks.drop(TaskKind.REVIEW, subjects=[_subject(client)], actor=actor, now=now)


def _subject(client: Client) -> str:
    return f"client:{client.id}"


def _end_access(client: Client, actor: Actor, now: datetime) -> None:
    for relationship in queries.relationships_of([client.id]):
        access_ended.end(
            client_id=client.id,
            family_member_id=relationship.family_member_id,
            relationship_id=relationship.id,
            scopes=None,
            actor=actor,
            now=now,
        )
