"""Clients from the center's record system, and the census: new, changed, gone (row 117).

Columns: given name, family name, birth date, location; and, where they are known: record
number, email, language, track and start (for a new client), therapist (by e-mail address),
last day and ended (finished or left, for a client whose program has ended).

A client is recognized by the record number, else by name and birth date at the location.
Nothing of this creates a consent, an account, a relative or a mail. Whom a census no longer
names becomes a task of the location: a file's silence alone ends nobody's program.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from portal.audit import service as audit
from portal.center.models import Location
from portal.core import clock
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import Refused
from portal.imports import cells
from portal.imports.importer import Importer, name_cell, read_cell
from portal.imports.models import RecordNumber
from portal.imports.report import ReportRow, RowState
from portal.imports.tables import TableRow
from portal.oversight.models import Task
from portal.oversight.rules import TaskKind, TaskState
from portal.oversight.tasks import open_task
from portal.people import queries as people_queries
from portal.people import service as people
from portal.people.models import Client, Episode, EpisodeStatus, StaffMember
from portal.people.rules import plain_name
from portal.schedule.models import Track
from portal.workflows import client_discharged, intake

LANGUAGES = {"en": "en", "english": "en", "es": "es", "spanish": "es", "español": "es"}
ENDS = {"finished": True, "left": False}
MAX_PART = 80


@dataclass(frozen=True)
class Known:
    """A client who is there, as far as rows are compared with them."""

    client_id: int
    location_id: int
    given_name: str
    family_name: str
    birth_on: date
    email: str | None
    language: str
    has_account: bool
    number: str | None


@dataclass(frozen=True)
class Wanted:
    """What one row says of a client."""

    location_id: int
    given_name: str
    family_name: str
    birth_on: date
    email: str | None
    language: str | None
    number: str | None
    track_id: int | None
    start_on: date | None
    therapist_id: int | None
    ended_on: date | None
    finished: bool
    client_id: int | None = None
    """Who it is, if they are there."""

    @property
    def key(self) -> tuple[object, ...]:
        """By what a client is recognized where there is no record number."""
        return self.location_id, plain_name((self.given_name, self.family_name)), self.birth_on


@dataclass(frozen=True)
class Gone:
    """A client in care whom the census does not name."""

    client_id: int
    location_id: int


class ClientImporter(Importer):
    """Clients: those who are new, and what has changed about the others."""

    required: ClassVar[frozenset[str]] = frozenset({"given name", "family name", "birth date", "location"})
    optional: ClassVar[frozenset[str]] = frozenset(
        {"record number", "email", "language", "track", "start", "therapist", "last day", "ended"}
    )
    shown: ClassVar[tuple[str, ...]] = ("record number", "given name", "family name", "location")

    def __init__(self, *, location_ids: frozenset[int] | None = None, now: datetime) -> None:
        super().__init__(location_ids=location_ids, now=now)
        self.locations = {
            each.name.strip().lower(): each
            for each in db.session.scalars(select(Location))
            if location_ids is None or each.id in location_ids
        }
        self.tracks = _tracks()
        self.therapists = {each.email.lower(): each for each in people_queries.therapists()}
        self.by_number: dict[str, Known] = {}
        self.by_name: dict[tuple[object, ...], Known] = {}
        self.in_care = _in_care()
        for known in _everybody():
            name = plain_name((known.given_name, known.family_name))
            self.by_name[known.location_id, name, known.birth_on] = known
            if known.number:
                self.by_number[known.number] = known
        self.seen: dict[tuple[object, ...], int] = {}
        self.named: set[int] = set()
        self.named_locations: set[int] = set()

    def compared(self, row: TableRow) -> tuple[RowState, object, tuple[str, ...]]:
        """New, changed or there already. Raises Refused."""
        wanted = self._wanted(row)
        self.named_locations.add(wanted.location_id)
        self._refuse_twice(row.number, wanted)
        known = self._known(wanted)
        if known is None:
            return RowState.NEW, wanted, ()
        self.named.add(known.client_id)
        if known.location_id != wanted.location_id:
            raise Refused("client_of_other_location")
        names = self._differing(wanted, known)
        return (RowState.CHANGED if names else RowState.THERE), _of(wanted, known), names

    def write(self, wanted: object, *, actor: Actor, now: datetime) -> None:
        """Enter a new client, or change one who is there."""
        assert isinstance(wanted, Wanted)
        if wanted.client_id is None:
            self._enter(wanted, actor=actor, now=now)
        else:
            self._change(wanted, actor=actor, now=now)
        db.session.flush()

    def _wanted(self, row: TableRow) -> Wanted:
        location = self.locations.get(row.cells["location"].lower())
        if location is None:
            raise Refused("location_unknown", name=row.cells["location"])
        track = self._track(row, location)
        ended_on = _day(row, "last day")
        if ended_on and ended_on > clock.local_date(self.now, location.timezone):
            raise Refused("day_ahead")
        return Wanted(
            location_id=location.id,
            given_name=name_cell(row, "given name", MAX_PART),
            family_name=name_cell(row, "family name", MAX_PART),
            birth_on=read_cell(row, "birth date", cells.birth_day, "date_not_understood"),
            email=read_cell(row, "email", address, "cell_not_an_address"),
            language=read_cell(row, "language", language, "language_not_understood"),
            number=row.cells.get("record number", "")[:40] or None,
            track_id=track.id if track else None,
            start_on=read_cell(row, "start", cells.day, "date_not_understood") if track else None,
            therapist_id=self._therapist(row),
            ended_on=ended_on,
            finished=read_cell(row, "ended", _ending, "ending_not_understood") if ended_on else False,
        )

    def _track(self, row: TableRow, location: Location) -> Track | None:
        name = row.cells.get("track", "")
        if not name:
            return None
        found = self.tracks.get((location.id, name.lower()))
        if found is None:
            raise Refused("track_unknown", name=name[:40])
        return found

    def _therapist(self, row: TableRow) -> int | None:
        email = row.cells.get("therapist", "").lower()
        if not email:
            return None
        if email not in self.therapists:
            raise Refused("therapist_unknown", name=email[:60])
        return self.therapists[email].id

    def _refuse_twice(self, number: int, wanted: Wanted) -> None:
        keys = [wanted.key, *([("number", wanted.number)] if wanted.number else [])]
        for key in keys:
            if key in self.seen:
                raise Refused("person_twice", row=self.seen[key])
        self.seen.update(dict.fromkeys(keys, number))

    def _known(self, wanted: Wanted) -> Known | None:
        by_number = self.by_number.get(wanted.number) if wanted.number else None
        by_name = self.by_name.get(wanted.key)
        if by_number is None and by_name and wanted.number and by_name.number:
            raise Refused("record_number_differs", number=by_name.number)
        return by_number or by_name

    def _differing(self, wanted: Wanted, known: Known) -> tuple[str, ...]:
        differs = {
            "given name": wanted.given_name != known.given_name,
            "family name": wanted.family_name != known.family_name,
            "birth date": wanted.birth_on != known.birth_on,
            "language": wanted.language not in (None, known.language),
            # Where there is an account, the address is the client's own to change.
            "email": wanted.email not in (None, known.email) and not known.has_account,
            "record number": wanted.number is not None and known.number is None,
            "last day": wanted.ended_on is not None and known.client_id in self.in_care,
        }
        return tuple(name for name, is_other in differs.items() if is_other)

    def _enter(self, wanted: Wanted, *, actor: Actor, now: datetime) -> None:
        client = people.create_client(
            location=db.session.get_one(Location, wanted.location_id),
            given_name=wanted.given_name,
            family_name=wanted.family_name,
            birth_on=wanted.birth_on,
            email=wanted.email,
            language=wanted.language or "en",
            actor=actor,
            now=now,
        )
        if wanted.track_id and wanted.start_on and not wanted.ended_on:
            track = db.session.get_one(Track, wanted.track_id)
            intake.enrol(client, track, wanted.start_on, actor, now)
        if wanted.therapist_id:
            therapist = db.session.get_one(StaffMember, wanted.therapist_id)
            people.join_care_team(client=client, staff=therapist, actor=actor, now=now)
        if wanted.number:
            db.session.add(RecordNumber(client_id=client.id, number=wanted.number))

    def _change(self, wanted: Wanted, *, actor: Actor, now: datetime) -> None:
        client = db.session.get_one(Client, wanted.client_id)
        values: dict[str, object] = {
            "given_name": wanted.given_name,
            "family_name": wanted.family_name,
            "birth_on": wanted.birth_on,
            "language": wanted.language or client.language,
        }
        if wanted.email and client.user_id is None:
            values["email"] = wanted.email
        names = [name for name, value in values.items() if getattr(client, name) != value]
        for name in names:
            setattr(client, name, values[name])
        if names:
            audit.record("client.changed", actor=actor, now=now, client_id=client.id, names=",".join(names))
        self._number(client, wanted)
        if wanted.ended_on and client.id in self.in_care:
            client_discharged.end_care(
                client=client, ended_on=wanted.ended_on, finished=wanted.finished, actor=actor, now=now
            )

    def _number(self, client: Client, wanted: Wanted) -> None:
        known = select(RecordNumber.id).where(RecordNumber.client_id == client.id)
        if wanted.number and db.session.scalar(known) is None:
            db.session.add(RecordNumber(client_id=client.id, number=wanted.number))


class CensusImporter(ClientImporter):
    """The same file as the whole truth: who is in care at its locations and not in it, is gone."""

    def gone(self) -> Iterator[ReportRow]:
        """Clients in care at a location that the file names, whom it does not name."""
        rest = [
            known
            for known in self.by_name.values()
            if known.client_id in self.in_care
            and known.location_id in self.named_locations
            and known.client_id not in self.named
        ]
        asked = _asked()
        for known in sorted(rest, key=lambda each: (each.family_name, each.given_name)):
            text = ", ".join(filter(None, (known.number, known.given_name, known.family_name)))
            state = RowState.THERE if known.client_id in asked else RowState.GONE
            yield ReportRow(0, text, state, Gone(known.client_id, known.location_id))

    def write(self, wanted: object, *, actor: Actor, now: datetime) -> None:
        """As for clients; who is gone becomes a task."""
        if not isinstance(wanted, Gone):
            return super().write(wanted, actor=actor, now=now)
        open_task(
            TaskKind.CENSUS,
            subject=f"client:{wanted.client_id}",
            actor=actor,
            now=now,
            location_id=wanted.location_id,
            client_id=wanted.client_id,
        )
        return None


def address(text: str) -> str | None:
    """An e-mail address in plain form; None for an empty cell. Raises ValueError."""
    if not text:
        return None
    try:
        return validate_email(text, check_deliverability=False).normalized.lower()
    except EmailNotValidError as error:
        raise ValueError(text) from error


def language(text: str) -> str | None:
    """The code of a language; None for an empty cell. Raises ValueError."""
    if not text:
        return None
    if text.lower() not in LANGUAGES:
        raise ValueError(text)
    return LANGUAGES[text.lower()]


def _ending(text: str) -> bool:
    if text.lower() not in ENDS:
        raise ValueError(text)
    return ENDS[text.lower()]


def _day(row: TableRow, column: str) -> date | None:
    return read_cell(row, column, cells.day, "date_not_understood") if row.cells.get(column) else None


def _of(wanted: Wanted, known: Known) -> Wanted:
    return Wanted(**{**vars(wanted), "client_id": known.client_id})


def _tracks() -> dict[tuple[int, str], Track]:
    found = select(Track).join(Track.program).options(contains_eager(Track.program))
    return {(each.program.location_id, each.name.lower()): each for each in db.session.scalars(found)}


def _in_care() -> set[int]:
    running = (EpisodeStatus.ACTIVE, EpisodeStatus.PLANNED)
    return set(db.session.scalars(select(Episode.client_id).where(Episode.status.in_(running))))


def _asked() -> set[int | None]:
    """About whom an open task asks already."""
    query = select(Task.client_id).where(Task.kind == TaskKind.CENSUS, Task.state == TaskState.OPEN)
    return set(db.session.scalars(query))


def _everybody() -> Iterator[Known]:
    rows = db.session.execute(
        select(
            Client.id,
            Client.location_id,
            Client.given_name,
            Client.family_name,
            Client.birth_on,
            Client.email,
            Client.language,
            Client.user_id.is_not(None),
            RecordNumber.number,
        )
        .outerjoin(RecordNumber, RecordNumber.client_id == Client.id)
        .where(Client.deceased_on.is_(None))
    )
    return (Known(*row) for row in rows)
