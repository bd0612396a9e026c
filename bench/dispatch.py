"""How fast reminders are prepared and sent, beside the floor of the same run and sink."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import Flask

from bench.fill import ZONE
from bench.floor import smtp_rate
from portal.core import clock
from portal.core.db import db
from portal.jobs import worker_of
from portal.mail.dispatch import dispatch
from portal.mail.models import MessageState, OutboundMessage
from portal.reminders import service as reminders
from tests.postgres import free_port

SYNCED_WRITES = 200


@dataclass(frozen=True)
class DispatchCost:
    """Mails a second, through the portal and through bare smtplib, and what a commit waits."""

    sent: int
    prepare_per_s: float
    send_per_s: float
    both_per_s: float
    floor_per_s: float
    cpu_ms: float
    """CPU of this process for one mail, prepared and sent; the floor's is `floor_cpu_ms`."""
    floor_cpu_ms: float
    fsync_ms: float

    @property
    def ratio(self) -> float:
        """Prepared and sent, to the floor."""
        return self.both_per_s / self.floor_per_s


@contextmanager
def smtp_sink() -> Iterator[int]:
    """Postfix's smtp-sink on a free port of loopback: takes everything, keeps nothing."""
    program = shutil.which("smtp-sink", path=f"{os.environ['PATH']}:/usr/sbin:/usr/lib/postfix/sbin")
    if program is None:
        raise SystemExit("smtp-sink is missing: apt-get install postfix")
    port = free_port()
    as_user = ["-u", "nobody"] if os.getuid() == 0 else []
    process = subprocess.Popen([program, *as_user, f"127.0.0.1:{port}", "100"])
    time.sleep(0.5)
    try:
        yield port
    finally:
        process.terminate()
        process.wait()


def fsync_ms(folder: str) -> float:
    """What one small write with fsync costs where the database lies."""
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        start = time.perf_counter()
        for _ in range(SYNCED_WRITES):
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
        return (time.perf_counter() - start) * 1000 / SYNCED_WRITES


def noon() -> datetime:
    """Today's noon where the invented center is."""
    return datetime.now(ZoneInfo(ZONE)).replace(hour=12, minute=0, second=0, microsecond=0).astimezone(UTC)


def measure(app: Flask, folder: Path) -> DispatchCost:
    """Prepare what is due and send it, between two halves of the floor; at noon, when mail may go."""
    with smtp_sink() as port, app.app_context(), clock.stopped_at(noon()):
        app.config.update(MAIL_SERVER="127.0.0.1", MAIL_PORT=port)
        smtp_rate("127.0.0.1", port, 50)
        floor_before = smtp_rate("127.0.0.1", port, 500)
        cpu, start = time.process_time(), time.perf_counter()
        reminders.prepare_all()
        prepared = time.perf_counter()
        post = worker_of(app).post
        while dispatch(post)[MessageState.SENT]:
            pass
        cpu, done = time.process_time() - cpu, time.perf_counter()
        sent = db.session.query(OutboundMessage).filter(OutboundMessage.state == MessageState.SENT).count()
        db.session.rollback()
        floor_cpu = time.process_time()
        floor_after = smtp_rate("127.0.0.1", port, 500)
        floor_cpu = time.process_time() - floor_cpu
    return DispatchCost(
        sent=sent,
        prepare_per_s=sent / (prepared - start),
        send_per_s=sent / (done - prepared),
        both_per_s=sent / (done - start),
        floor_per_s=2 / (1 / floor_before + 1 / floor_after),
        cpu_ms=cpu * 1000 / sent,
        floor_cpu_ms=floor_cpu * 1000 / 500,
        fsync_ms=fsync_ms(str(folder)),
    )
