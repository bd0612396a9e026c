"""A client arrives: the client, the episode on its track, the relatives, a draft consent for each.

One transaction. What it leaves: a client whose drafts wait for the client's own signature;
nobody else can see anything, and nothing is mailed.
"""

from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.audit import service as audit
from portal.consent import preparing
from portal.consent.rules import Scope, minor_problem
from portal.core import clock
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound, Refused
from portal.people import queries
from portal.people import service as people
from portal.people.models import Client, Episode, FamilyMember, RelationshipCode, StaffMember
from portal.people.rules import plain_name
from portal.schedule import service as schedule
from portal.schedule.models import Track

PURPOSE = "family_program"


@dataclass(frozen=True)
class Relative:
    """One person, and what a consent would ask the client to allow."""

    given_name: str
    family_name: str
    code: RelationshipCode
    email: str | None = None
    phone: str | None = None
    language: str = "en"
    scopes: frozenset[Scope] = frozenset()
    until_on: date | None = None
    """None: the default length."""


@dataclass(frozen=True)
class Intake:
    """What the intake page says. `client_id` is the key that the page chose when it was shown."""

    given_name: str
    family_name: str
    birth_on: date
    track_id: int
    start_on: date
    therapist_id: int
    email: str | None = None
    language: str = "en"
    relatives: tuple[Relative, ...] = field(default=())
    client_id: int | None = None


def register(*, form: Intake, staff: StaffMember, actor: Actor, now: datetime) -> Client:
    """Enter everybody at once.

    A second press of the same page's button finds the first one's client. Raises Refused
    `client_known` for a name and birth date that the location already has, NotFound for a
    track outside the staff member's locations or somebody who is no therapist.
    """
    if form.client_id is not None and db.session.get(Client, form.client_id) is not None:
        return queries.client_for(staff=staff, client_id=form.client_id, now=now)
    track = _track(form.track_id, staff)
    therapist = _therapist(form.therapist_id)
    _refuse_known(form, track)
    client = people.create_client(
        location=track.program.location,
        given_name=form.given_name,
        family_name=form.family_name,
        birth_on=form.birth_on,
        email=form.email,
        language=form.language,
        client_id=form.client_id,
        actor=actor,
        now=now,
    )
    enrol(client, track, form.start_on, actor, now)
    people.join_care_team(client=client, staff=therapist, actor=actor, now=now)
    for relative in form.relatives:
        add_relative(client=client, relative=relative, actor=actor, now=now)
    return client


def add_relative(*, client: Client, relative: Relative, actor: Actor, now: datetime) -> FamilyMember:
    """One more person for a client, with a draft consent that waits for the signature.

    Somebody already known by address and name is linked, not doubled. Where the location's
    rule for minors forbids it, the person is linked without a consent.
    """
    person = queries.same_person(
        given_name=relative.given_name, family_name=relative.family_name, email=relative.email
    ) or people.create_family_member(
        given_name=relative.given_name,
        family_name=relative.family_name,
        email=relative.email,
        phone=relative.phone,
        language=relative.language,
        actor=actor,
        now=now,
    )
    relationship = people.relate(
        client=client, family_member=person, code=relative.code, now=now, actor=actor
    )
    if why_no_consent(client, now) is None:
        preparing.prepare(
            relationship=relationship,
            scopes=relative.scopes,
            expires_on=relative.until_on,
            purpose=PURPOSE,
            language=client.language,
            actor=actor,
            now=now,
        )
    return person


def why_no_consent(client: Client, now: datetime) -> str | None:
    """The code of the reason why this client cannot sign a consent here (42 CFR 2.14), or None."""
    today = clock.local_date(now, client.location.timezone)
    return minor_problem(birth_on=client.birth_on, on=today, minor_rule=client.location.minor_rule)


def tracks_for(staff: StaffMember) -> list[Track]:
    """The timetables of the staff member's locations, by name."""
    query = (
        select(Track).join(Track.program).options(joinedload(Track.program)).order_by(Track.name, Track.id)
    )
    locations = queries.locations_of(staff)
    return [track for track in db.session.scalars(query) if track.program.location_id in locations]


def _track(track_id: int, staff: StaffMember) -> Track:
    for track in tracks_for(staff):
        if track.id == track_id:
            return track
    raise NotFound


def _therapist(staff_id: int) -> StaffMember:
    for therapist in queries.therapists():
        if therapist.id == staff_id:
            return therapist
    raise NotFound


def _refuse_known(form: Intake, track: Track) -> None:
    """Only within the location: another one's clients are not to be found out here."""
    same_day = select(Client).where(
        Client.location_id == track.program.location_id, Client.birth_on == form.birth_on
    )
    wanted = plain_name((form.given_name, form.family_name))
    for known in db.session.scalars(same_day):
        if plain_name((known.given_name, known.family_name)) == wanted:
            raise Refused("client_known", field="given_name")


def enrol(client: Client, track: Track, start_on: date, actor: Actor, now: datetime) -> Episode:
    """A new course of care on its track."""
    episode = people.start_episode(client=client, program=track.program, started_on=start_on)
    schedule.enrol(episode=episode, track=track, from_on=start_on, actor=actor, now=now)
    audit.record(
        "episode.started",
        actor=actor,
        now=now,
        client_id=client.id,
        episode_id=episode.id,
        track_id=track.id,
    )
    return episode
