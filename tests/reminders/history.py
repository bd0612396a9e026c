"""A small center under random histories, and what a second, plain reckoning expects of its mail.

The reckoning keeps its own books of places, times, permissions and choices. It shares no line
with the rules under test.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import select

from portal import jobs
from portal.consent.models import Consent
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.core.errors import NotFound, Refused
from portal.mail import service as mail
from portal.mail.dispatch import dispatch
from portal.mail.models import MessageState, OutboundMessage, OutboxItem, ReaderKind
from portal.mail.post import Answer, Envelope
from portal.people.models import Client, FamilyMember
from portal.sessions import closed_days, places
from portal.sessions import service as sessions
from portal.sessions.models import FamilySession, SessionKind
from portal.workflows import access_ended, center_closed, session_cancelled, session_moved
from tests.conftest import NOW, HeldClock
from tests.factories.consent import make_signed_consent
from tests.factories.mail import make_mail_address, make_opt_in, post_of
from tests.factories.people import make_client, make_family_member, make_staff
from tests.factories.sessions import make_session

ZONE = ZoneInfo("America/New_York")
HOUR = timedelta(hours=1)
LEADS = (72, 24)
KINDS = ("session_reminders", "places")


@dataclass
class Books:
    """One reader as the reckoning sees them."""

    address: str
    is_confirmed: bool = True
    is_opted_in: bool = True
    is_permitted: bool = True
    places: dict[int, datetime] = field(default_factory=dict)
    """Session → when the place was taken."""

    @property
    def gets_mail(self) -> bool:
        return self.is_opted_in and self.is_confirmed


@dataclass
class Evening:
    """One session as the reckoning sees it."""

    starts_at: datetime
    is_open: bool
    revision: int = 1
    moved_at: datetime | None = None
    is_cancelled: bool = False


class Captured:
    """The line to the server: takes every mail and keeps its envelope."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    def send(self, envelope: Envelope, _trace: Callable[[str], None]) -> Answer:
        self.envelopes.append(envelope)
        return Answer(MessageState.SENT)

    def close(self) -> None:
        return None


class Town:
    """Two readers and three evenings: two of the client's own groups, one open to everybody."""

    def __init__(self, app: Flask, clock: HeldClock) -> None:
        self.app, self.clock, self.line = app, clock, Captured()
        self.told: set[tuple[int, int, int, int]] = set()
        self.owed: dict[tuple[int, int], int] = {}
        self.news: set[tuple[int, int, int]] = set()
        self.count = 0
        with writing():
            self.client: Client = make_client()
            self.staff = Actor("staff", make_staff().id)
            self.readers = [self._reader() for _ in range(2)]
            self.sessions = [self._session(*each) for each in ((True, 26), (True, 75), (False, 100))]
        self.books = [Books(str(reader.email)) for reader in self.readers]
        self.evenings = [Evening(session.starts_at, session.is_open_kind) for session in self.sessions]
        self.reader_ids = [reader.id for reader in self.readers]
        self.session_ids = [session.id for session in self.sessions]
        self.post = replace(post_of(app), open_line=lambda: self.line)

    def _reader(self) -> FamilyMember:
        reader = make_family_member()
        make_mail_address(reader)
        for kind in KINDS:
            make_opt_in(reader, kind)
        make_signed_consent(client=self.client, family_member=reader, now=self.clock.at)
        return reader

    def _session(self, is_group: bool, hours: int) -> FamilySession:
        kind = SessionKind.MULTI_FAMILY if is_group else SessionKind.EDUCATION_EVENING
        starts_at = NOW + timedelta(hours=hours)
        return make_session(kind=kind, location=self.client.location, starts_at=starts_at)

    # What happens.

    def book(self, who: int, which: int) -> None:
        person = Actor("family", self.reader_ids[who])
        try:
            with writing():
                sessions.sign_up(
                    session_id=self.session_ids[which],
                    family_member_id=self.reader_ids[who],
                    actor=person,
                    now=self.clock.at,
                )
        except (Refused, NotFound):
            return
        self.books[who].places.setdefault(which, self.clock.at)

    def give_up(self, who: int, which: int) -> None:
        row = self._sign_up(who, which)
        if row is None:
            return
        try:
            with writing():
                sessions.give_up(
                    sign_up_id=row, actor=Actor("family", self.reader_ids[who]), now=self.clock.at
                )
        except Refused:
            return
        self._lose(who, which)

    def move(self, which: int, hours: int) -> None:
        evening = self.evenings[which]
        starts_at = evening.starts_at + timedelta(hours=hours)
        try:
            with writing():
                session_moved.move(
                    session_id=self.session_ids[which],
                    starts_at=starts_at,
                    ends_at=starts_at + 1.5 * HOUR,
                    actor=self.staff,
                    now=self.clock.at,
                )
        except Refused:
            return
        evening.starts_at, evening.moved_at = starts_at, self.clock.at
        evening.revision += 1
        for who, books in enumerate(self.books):
            if which in books.places and books.gets_mail:
                self.owed[who, which] = evening.revision

    def cancel(self, which: int) -> None:
        with writing():
            session_cancelled.cancel(
                session_id=self.session_ids[which], reason="weather", actor=self.staff, now=self.clock.at
            )
        self._cancelled(which)

    def close_the_center(self) -> None:
        """For the rest of this day: what lies in it is cancelled."""
        location, at = self.client.location, self.clock.at
        on = at.astimezone(ZONE).date()
        try:
            with writing():
                touched = [each.id for each in closed_days.touched(location, on, at)]
                fates = [center_closed.Fate(id_) for id_ in touched]
                center_closed.close(
                    location=location, reason="weather", fates=fates, actor=self.staff, now=at
                )
        except Refused:
            return
        for id_ in touched:
            self._cancelled(self.session_ids.index(id_))

    def choose(self, who: int, kinds: tuple[str, ...]) -> None:
        with writing():
            mail.set_preferences(
                reader_kind=ReaderKind.FAMILY,
                reader_id=self.reader_ids[who],
                kinds=kinds,
                actor=self.staff,
                now=self.clock.at,
            )
        self.books[who].is_opted_in = bool(kinds)
        self._forgive(who)

    def withdraw(self, who: int) -> None:
        consent = self._consent(who)
        if consent is None:
            return
        with writing():
            access_ended.stop(
                consent=db.session.get_one(Consent, consent),
                actor=Actor("client", self.client.id),
                now=self.clock.at,
            )
        books = self.books[who]
        books.is_permitted = False
        for which in [each for each in books.places if not self.evenings[each].is_open]:
            self._lose(who, which)

    def sign(self, who: int) -> None:
        if self.books[who].is_permitted:
            return
        with writing():
            make_signed_consent(
                client=db.session.get_one(Client, self.client.id),
                family_member=db.session.get_one(FamilyMember, self.reader_ids[who]),
                now=self.clock.at,
            )
        self.books[who].is_permitted = True

    def change_address(self, who: int) -> None:
        self.count += 1
        self.books[who].address = f"new{self.count}@mail.example"
        self._set_address(who, is_proven=False)
        self._forgive(who)

    def confirm(self, who: int) -> None:
        self._set_address(who, is_proven=True)

    def _set_address(self, who: int, *, is_proven: bool) -> None:
        with writing():
            row = mail.set_address(
                reader_kind=ReaderKind.FAMILY,
                reader_id=self.reader_ids[who],
                address=self.books[who].address,
                language="en",
                now=self.clock.at,
                actor=self.staff,
                is_proven=is_proven,
            )
        self.books[who].is_confirmed = row.confirmed_at is not None

    def pass_time(self, hours: int) -> None:
        """Time passes; then the worker's round, again if it dropped something, and the books are checked."""
        self.clock.advance(hours=hours)
        while self.round():
            pass
        self.nothing_due_is_missing()

    def only_prepare(self, hours: int) -> None:
        """Time passes; then the worker is killed between preparing and sending."""
        self.clock.advance(hours=hours)
        jobs.prepare_reminders()

    def round(self) -> bool:
        """The steps of the worker's round that make mail, and the sending itself; True: it dropped some."""
        before = len(self.line.envelopes)
        for step in (jobs.recover, jobs.tidy_ended_access, jobs.expire_offers, jobs.prepare_reminders):
            step()
        ended = dispatch(self.post)
        db.session.rollback()
        for envelope in self.line.envelopes[before:]:
            self.was_permitted(envelope)
        return bool(ended["passed_over"])

    # What the reckoning says.

    def was_permitted(self, envelope: Envelope) -> None:
        """Every mail was due and permitted at the instant of its sending."""
        message = db.session.get_one(OutboundMessage, int(envelope.message_id[1:].split("@")[0]))
        if message.kind == "confirm_address":
            return
        who = self.reader_ids.index(message.reader_id)
        books, at = self.books[who], self.clock.at
        assert books.gets_mail, "not wanted"
        assert envelope.address == books.address, "another address"
        items = [item for item in message.items if item.dropped_at is None]
        assert items
        if message.kind == "session_reminder":
            keys = [self._reminded(who, item, at) for item in items]
            assert any(due <= at for due in keys), "too early"
            assert time(8) <= at.astimezone(ZONE).time() < time(21), "at night"
        else:
            self._told_news(who, message, items[0])

    def _reminded(self, who: int, item: OutboxItem, at: datetime) -> datetime:
        which = self.session_ids.index(int(item.subject.split(":")[1]))
        evening, key = self.evenings[which], (who, which, item.time_revision, item.lead_hours)
        assert key not in self.told, "twice"
        assert not evening.is_cancelled, "cancelled"
        assert which in self.books[who].places, "no place"
        assert evening.is_open or self.books[who].is_permitted, "not permitted"
        assert item.time_revision == evening.revision, "an old time"
        assert at < evening.starts_at - HOUR, "too late"
        due_at = self._due_at(which, item.lead_hours)
        assert min(at, due_at) >= self._said_at(who, which) + 2 * HOUR, "just booked"
        self.told.add(key)
        return due_at

    def _told_news(self, who: int, message: OutboundMessage, item: OutboxItem) -> None:
        which = self.session_ids.index(int(item.subject.split(":")[1]))
        evening = self.evenings[which]
        assert evening.is_open or self.books[who].is_permitted, "not permitted"
        assert item.time_revision == evening.revision, "an old time"
        if message.kind == "session_cancelled":
            assert evening.is_cancelled
            assert (who, which, 0) not in self.news, "twice"
            self.news.add((who, which, 0))
            return
        assert which in self.books[who].places, "no place"
        if message.kind == "session_changed":
            assert (who, which, evening.revision) not in self.news, "twice"
            self.news.add((who, which, evening.revision))

    def nothing_due_is_missing(self) -> None:
        """Of each place the latest lead whose time has come was told, and the last move."""
        at = self.clock.at
        if not time(8) <= at.astimezone(ZONE).time() < time(21):
            return
        for who, books in enumerate(self.books):
            if not books.gets_mail:
                continue
            for which in books.places:
                evening = self.evenings[which]
                owed = self.owed.get((who, which))
                if owed == evening.revision and at < evening.starts_at:
                    assert (who, which, owed) in self.news, "a move was not told"
                lead = self._latest_lead(who, which, at)
                if lead is not None:
                    assert (who, which, evening.revision, lead) in self.told, "a due mail is missing"

    def _latest_lead(self, who: int, which: int, at: datetime) -> int | None:
        said_at = self._said_at(who, which)
        if at >= self.evenings[which].starts_at - HOUR or at < said_at + 2 * HOUR:
            return None
        dues = {lead: self._due_at(which, lead) for lead in LEADS}
        came = [lead for lead, due in dues.items() if said_at + 2 * HOUR <= due <= at]
        return min(came, default=None)

    def _due_at(self, which: int, lead: int) -> datetime:
        """`lead` hours before, or half past eight in the evening before the night it falls into."""
        due = self.evenings[which].starts_at - lead * HOUR
        local = due.astimezone(ZONE)
        if time(8) <= local.time() < time(21):
            return due
        day = local.date() - timedelta(days=1 if local.time() < time(8) else 0)
        return datetime.combine(day, time(20, 30), ZONE)

    def _said_at(self, who: int, which: int) -> datetime:
        booked_at, moved_at = self.books[who].places[which], self.evenings[which].moved_at
        return max(booked_at, moved_at) if moved_at and self.books[who].is_opted_in else booked_at

    def _lose(self, who: int, which: int) -> None:
        self.books[who].places.pop(which, None)
        self.owed.pop((who, which), None)

    def _forgive(self, who: int) -> None:
        """What was on its way is not owed any more: it was stopped, or its address is gone."""
        for key in [key for key in self.owed if key[0] == who]:
            self.owed.pop(key)

    def _cancelled(self, which: int) -> None:
        self.evenings[which].is_cancelled = True
        for who in range(len(self.books)):
            self._lose(who, which)

    def _sign_up(self, who: int, which: int) -> int | None:
        found = places.live_sign_up(self.session_ids[which], self.reader_ids[who])
        db.session.rollback()
        return found.id if found else None

    def _consent(self, who: int) -> int | None:
        query = select(Consent.id).where(
            Consent.family_member_id == self.reader_ids[who], Consent.state == "active"
        )
        found = db.session.scalar(query)
        db.session.rollback()
        return found
