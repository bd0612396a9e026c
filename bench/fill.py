"""Invented rows in bulk, streamed: clients, families, consents, sessions, sign-ups.

Every share is fixed (a family member to 13 sign-ups, a session to 10), so the small
and the large database differ in nothing but their size.
"""

import itertools
import random
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Table, insert

from portal.center.models import Location, Program
from portal.consent.models import Consent, ConsentScope
from portal.consent.rules import Scope, State, ends_at
from portal.core.db import db, writing
from portal.mail.models import MailAddress, MailPreference, ReaderKind
from portal.people.models import Client, Episode, FamilyMember, LevelOfCare, Relationship, RelationshipCode
from portal.schedule.models import Block, Enrolment, Track
from portal.sessions.models import FamilySession, Meeting, SessionKind, SessionState, SignUp, SignUpState

ZONE = "America/New_York"
CHUNK = 2_000
FIRST_ID = 10**14
SIGN_UPS_A_SESSION = 10
SIGN_UPS_A_FAMILY_MEMBER = 13
AHEAD = 10
"""Of so many sessions one lies ahead."""
TOMORROW = 10
"""Of so many sessions ahead one is tomorrow, and due a reminder."""

Row = dict[str, Any]


class Progress:
    """A bar on stderr: how much of how much."""

    def __init__(self, what: str, total: int) -> None:
        self.what, self.total, self.done = what, max(total, 1), 0

    def add(self, count: int) -> None:
        self.done += count
        share = min(1.0, self.done / self.total)
        bar = "#" * int(share * 30)
        sys.stderr.write(f"\r{self.what:<22} [{bar:<30}] {self.done:>9,} of {self.total:,}")
        sys.stderr.flush()
        if self.done >= self.total:
            sys.stderr.write("\n")


def _stream(model: type, rows: Iterable[Row], total: int) -> None:
    """Insert the rows chunk by chunk: memory does not grow with their number."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    progress = Progress(table.name, total)
    stream = iter(rows)
    while chunk := list(itertools.islice(stream, CHUNK)):
        with writing():
            db.session.execute(insert(table), chunk)
        progress.add(len(chunk))


def fill(sign_ups: int, now: datetime) -> Row:
    """Fill an empty database with `sign_ups` sign-ups and all that belongs to them.

    A tenth of the sessions lies ahead of `now`, the others behind. Returns the ids of one
    family member with a session tomorrow, and how many are due a reminder.
    """
    rng = random.Random(2026)
    members = max(20, sign_ups // SIGN_UPS_A_FAMILY_MEMBER)
    clients = max(10, members * 2 // 3)
    sessions = max(10, sign_ups // SIGN_UPS_A_SESSION)
    before = now - timedelta(days=60)
    location, program, track = FIRST_ID, FIRST_ID, FIRST_ID
    with writing():
        db.session.execute(insert(Location), [{"id": location, "name": "Water Street", "timezone": ZONE}])
        db.session.execute(insert(Program), [{"id": program, "location_id": location, "name": "IOP"}])
        db.session.execute(
            insert(Track),
            [{"id": track, "program_id": program, "name": "Evenings", "level_of_care": LevelOfCare.IOP,
              "weeks": 10, "timezone": ZONE}],
        )  # fmt: skip
        db.session.execute(
            insert(Block),
            [
                {"id": FIRST_ID + n, "track_id": track, "name": name, "starts_on": date(2026, 1, 5),
                 "start_time": time(17 + n, 30), "minutes": 60, "rrule": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH",
                 "is_family_hour": False}
                for n, name in enumerate(("Skills", "Process", "Planning"))
            ],
        )  # fmt: skip
    _stream(
        Client,
        (
            {"id": FIRST_ID + n, "location_id": location, "given_name": f"Client{n}", "family_name": "Dole",
             "birth_on": date(1990, 1, 1), "language": "en", "no_family_contact": False, "created_at": before}
            for n in range(clients)
        ),
        clients,
    )  # fmt: skip
    _stream(
        Episode,
        (
            {"id": FIRST_ID + n, "client_id": FIRST_ID + n, "program_id": program,
             "level_of_care": LevelOfCare.IOP, "status": "active", "started_on": before.date()}
            for n in range(clients)
        ),
        clients,
    )  # fmt: skip
    _stream(
        Enrolment,
        (
            {"id": FIRST_ID + n, "episode_id": FIRST_ID + n, "track_id": track, "from_on": before.date()}
            for n in range(clients)
        ),
        clients,
    )
    _stream(
        FamilyMember,
        (
            {"id": FIRST_ID + n, "given_name": f"Member{n}", "family_name": "Dole", "language": "en",
             "email": f"member{n}@mail.example", "created_at": before}
            for n in range(members)
        ),
        members,
    )  # fmt: skip
    _stream(
        Relationship,
        (
            {"id": FIRST_ID + n, "client_id": FIRST_ID + n % clients, "family_member_id": FIRST_ID + n,
             "code": RelationshipCode.MOTHER, "created_at": before}
            for n in range(members)
        ),
        members,
    )  # fmt: skip
    expires = now.date() + timedelta(days=120)
    _stream(Consent, (_consent(n, clients, before, expires) for n in range(members)), members)
    scopes = (Scope.SESSIONS, Scope.LESSONS, Scope.PROGRAM_TIMES)
    _stream(
        ConsentScope,
        ({"consent_id": FIRST_ID + n, "scope": scope} for n in range(members) for scope in scopes),
        members * len(scopes),
    )
    _stream(
        MailAddress,
        (
            {"id": FIRST_ID + n, "reader_kind": ReaderKind.FAMILY, "reader_id": FIRST_ID + n,
             "address": f"member{n}@mail.example", "confirmed_at": before, "is_shared": False}
            for n in range(members)
        ),
        members,
    )  # fmt: skip
    _stream(
        MailPreference,
        (
            {"reader_kind": ReaderKind.FAMILY, "reader_id": FIRST_ID + n, "kind": "session_reminders",
             "opted_in_at": before}
            for n in range(members)
        ),
        members,
    )  # fmt: skip
    starts = list(_session_starts(sessions, now, rng))
    fill_sessions(FIRST_ID, starts, _sign_ups(sign_ups, sessions, members, before), sign_ups)
    return {"family_member_id": FIRST_ID, "client_id": FIRST_ID, "members": members, "clients": clients}


def fill_sessions(first_id: int, starts: list[datetime], sign_ups: Iterable[Row], count: int) -> None:
    """Sessions that start at `starts`, their ids from `first_id` on, and `count` sign-ups."""
    rows = (_session(first_id + n, at) for n, at in enumerate(starts))
    _stream(FamilySession, rows, len(starts))
    _stream(SignUp, sign_ups, count)


def _consent(n: int, clients: int, at: datetime, expires: date) -> Row:
    return {
        "id": FIRST_ID + n,
        "relationship_id": FIRST_ID + n,
        "client_id": FIRST_ID + n % clients,
        "family_member_id": FIRST_ID + n,
        "state": State.ACTIVE,
        "state_changed_at": at,
        "client_name": "A Client",
        "discloser": "The program",
        "recipient_name": "A Person",
        "recipient_relationship": "mother",
        "purpose": "family sessions",
        "expires_on": expires,
        "timezone": ZONE,
        "ends_at": ends_at(expires, ZONE),
        "language": "en",
        "template_version": "bench",
        "signed_text": "text",
        "revocation_statement": "text",
        "redisclosure_statement": "text",
        "refusal_statement": "text",
        "signed_at": at,
        "signer_name": "A Client",
        "created_at": at,
    }


def _session_starts(count: int, now: datetime, rng: random.Random) -> Iterator[datetime]:
    """A tenth lies ahead within four weeks, of these a tenth within a day; the rest lies behind."""
    tomorrow = (now + timedelta(hours=23, minutes=30)).replace(second=0, microsecond=0)
    for n in range(count):
        days = rng.uniform(2, 28) if n % AHEAD == 0 else -rng.uniform(1, 700)
        far = (now + timedelta(days=days)).replace(minute=0, second=0, microsecond=0)
        yield tomorrow if n % (AHEAD * TOMORROW) == 0 else far


def _session(session_id: int, at: datetime) -> Row:
    return {
        "id": session_id,
        "location_id": FIRST_ID,
        "kind": SessionKind.MULTI_FAMILY,
        "state": SessionState.PUBLISHED,
        "title_en": "Talking when it is hard",
        "title_es": "Hablar cuando es difícil",
        "starts_at": at.astimezone(UTC),
        "ends_at": (at + timedelta(minutes=90)).astimezone(UTC),
        "timezone": ZONE,
        "meeting": Meeting.IN_PERSON,
        "room": "Room 2",
        "capacity": 20,
        "cutoff_minutes": 120,
        "time_revision": 1,
        "created_at": at - timedelta(days=60),
    }


def _sign_ups(count: int, sessions: int, members: int, before: datetime) -> Iterator[Row]:
    for n in range(count):
        session, seat = n % sessions, n // sessions
        member = (session * SIGN_UPS_A_SESSION + seat) % members
        yield {
            "id": FIRST_ID + n,
            "session_id": FIRST_ID + session,
            "family_member_id": FIRST_ID + member,
            "relationship_id": FIRST_ID + member,
            "state": SignUpState.PLACED,
            "queue_number": seat + 1,
            "made_at": before,
            "confirmed_for_revision": 1,
        }
