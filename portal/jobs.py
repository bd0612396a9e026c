"""The worker's tasks, a few lines each. The outbox is the truth; huey only wakes a sweep.

A task carries nothing but its name: an emptied queue, a task run twice or a consumer that
was killed loses and doubles nothing.
"""

import logging
import signal
from collections import Counter
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path

from flask import Flask
from huey import Huey, SqliteHuey, crontab
from huey.consumer import Consumer

from portal.audit import sealing
from portal.core import clock
from portal.core.actor import job
from portal.core.db import reading, writing
from portal.core.errors import Refused
from portal.imports import files
from portal.mail import bell, dispatch, purge, records, service, smtp
from portal.mail.kinds import Registry
from portal.mail.models import FINAL_STATES, MessageState
from portal.mail.pacing import Pace
from portal.mail.post import Post
from portal.mail.rules import KEEP_CONTEXT
from portal.operation import watch
from portal.operation.alarm import Alarm
from portal.reminders import service as reminders
from portal.sessions import conflicts, links
from portal.sessions import service as sessions
from portal.workflows import access_ended, address_dead, audit_damaged

logger = logging.getLogger("portal.jobs")
BATCH = 500
OVERLAPS = job("overlaps")


def queue_at(url: str) -> Huey:
    """The queue that `QUEUE_URL` names: a SQLite file of its own, PostgreSQL or Redis."""
    if url.startswith(("redis://", "rediss://")):
        from huey import RedisHuey  # noqa: PLC0415 - an extra, only where it is configured

        return RedisHuey("portal", url=url)
    if url.startswith("postgres"):
        from huey import PostgresHuey  # noqa: PLC0415

        return PostgresHuey("portal", dsn=url.replace("+psycopg", ""))
    path = Path(url.removeprefix("sqlite:///"))
    path.parent.mkdir(parents=True, exist_ok=True)
    return SqliteHuey("portal", filename=str(path))


class Worker:
    """The queue with its tasks: each minute's round, each night's look at the seals, each commit's sweep."""

    def __init__(self, app: Flask, kinds: Registry) -> None:
        self.app = app
        self.kinds = kinds

    @cached_property
    def pace(self) -> Pace:
        """Kept from round to round."""
        return Pace(self.app.config["MAIL_PER_MINUTE"])

    @cached_property
    def queue(self) -> Huey:
        """Opened at the first use: a web process that never wakes anybody never opens it."""
        queue = queue_at(self.app.extensions["settings"].queue_url)
        self.sweep_task = queue.task(name="sweep")(self.sweep)
        queue.periodic_task(crontab(minute="*"), name="round")(self.round)
        queue.periodic_task(crontab(hour="3", minute="20"), name="seals")(self.check)
        return queue

    @property
    def post(self) -> Post:
        """What sending needs to know of this installation."""
        config = self.app.config
        return Post(
            kinds=self.kinds,
            base_url=config["PORTAL_BASE_URL"],
            sender=config["MAIL_DEFAULT_SENDER"],
            address_key=config["SECRET_KEY"],
            open_line=smtp.KeptLine,
            pace=self.pace,
            on_dead_address=address_dead.ask_for_another,
        )

    def wake(self) -> None:
        """Ask the worker for a sweep. A queue that is away delays mail to the next round."""
        try:
            self.queue  # noqa: B018 - declares the tasks
            self.sweep_task()
        except Exception as error:
            logger.warning("the worker could not be woken: %s", type(error).__name__)

    def sweep(self) -> None:
        """Send what is due until nothing is left."""
        with self.app.app_context():
            while True:
                ended = dispatch.dispatch(self.post, limit=BATCH)
                _attempt(partial(note_server, ended))
                if ended[dispatch.SERVER_AWAY] or ended.total() < BATCH:
                    break

    def round(self) -> None:
        """Everything that is due by the clock. A step that breaks does not stop the others."""
        with self.app.app_context():
            for step in STEPS:
                _attempt(step)
        self.sweep()
        with self.app.app_context():
            _attempt(_beat)
            _attempt(self.watch)

    def check(self) -> None:
        """What is looked at once a day, at night (UTC)."""
        with self.app.app_context():
            _attempt(check_the_seals)

    @cached_property
    def alarm(self) -> Alarm:
        """It remembers when it last rang."""
        config = self.app.config
        return Alarm(config["PORTAL_ALERT_ADDRESS"], config["MAIL_DEFAULT_SENDER"], smtp.KeptLine)

    def watch(self) -> None:
        """Ring where something has not worked for five minutes, also what this worker cannot mend."""
        now = clock.now()
        with reading():
            found = watch.troubles(now=now, database_url=self.app.config["SQLALCHEMY_DATABASE_URI"])
        self.alarm.ring(found, now)

    def run(self, *, threads: int = 2, periodic: bool = True) -> None:
        """Work until told to stop; what has begun is finished first."""
        consumer = Consumer(self.queue, workers=threads, periodic=periodic, graceful_signal="TERM")
        consumer._signal_actions[signal.SIGINT] = (False, True)  # Ctrl-C drains too
        consumer.run()


def _attempt(step: Callable[[], object]) -> None:
    try:
        step()
    except Exception:
        logger.exception("a step of the round broke: %s", getattr(step, "__name__", "server"))


def note_server(ended: Counter[str]) -> None:
    """Keep since when no mail server has been reached; a conversation of any kind ends that."""
    is_away = bool(ended[dispatch.SERVER_AWAY])
    if is_away or any(ended[state] for state in (*FINAL_STATES, MessageState.DEFERRED)):
        with writing():
            service.note_server(is_away=is_away, now=clock.now())


def recover() -> None:
    """Settle what a dead worker left behind."""
    with writing():
        records.recover(now=clock.now())


def tidy_ended_access() -> None:
    """Places and waitlists behind a permission that the clock ended; each by itself."""
    with reading():
        ended = access_ended.due(clock.now())
    for consent_id in ended:
        with writing():
            access_ended.tidy(consent_id, clock.now())


def expire_offers() -> None:
    """Offers that ran out go to the next in line."""
    with writing():
        sessions.expire_offers(clock.now())


def prepare_reminders() -> None:
    """What is due becomes mail."""
    reminders.prepare_all()


def write_imports() -> None:
    """Long files that somebody applied, in parts; a row that no longer fits stops its file."""
    with reading():
        waiting = files.waiting()
    for file_id in waiting:
        while _write_part(file_id):
            pass


def _write_part(file_id: int) -> bool:
    try:
        with writing():
            return files.write_part(file_id=file_id, now=clock.now())
    except Refused as refused:
        with writing():
            files.stop(file_id=file_id, code=refused.code)
        return False


def forget_old_mail() -> None:
    """What messages of long ago pointed to, and links that are over."""
    with writing():
        at = clock.now()
        purge.purge(now=at)
        purge.purge_stop_links(now=at)
        links.purge(before=at - KEEP_CONTEXT)


def seal_audit() -> None:
    """Link what was audited since the last round into the chain."""
    with writing():
        sealing.seal(clock.now())


def check_the_seals() -> None:
    """Once a day: walk the chain of the audit; a damaged batch opens an incident."""
    with reading():
        finding = sealing.verify()
    if finding:
        with writing():
            audit_damaged.report(finding, actor=job("audit.verify"), now=clock.now())


def _beat() -> None:
    with writing():
        service.beat(now=clock.now())


def flag_overlaps() -> None:
    """Sessions that the schedule has moved under become a task; each by itself."""
    with reading():
        changed = list(conflicts.due(clock.now()))
    for session_id in changed:
        with writing():
            conflicts.look_again(session_id, actor=OVERLAPS, now=clock.now())


STEPS = (
    recover,
    tidy_ended_access,
    expire_offers,
    flag_overlaps,
    prepare_reminders,
    write_imports,
    forget_old_mail,
    seal_audit,
)
"""One round, in this order."""


def worker_of(app: Flask) -> Worker:
    """The worker of this application."""
    worker: Worker = app.extensions["worker"]
    return worker


def init_app(app: Flask, kinds: Registry) -> None:
    """Give the tasks their application and the registry of mail kinds."""
    worker = Worker(app, kinds)
    app.extensions["worker"] = worker
    bell.hang(None if app.testing else worker.wake)
