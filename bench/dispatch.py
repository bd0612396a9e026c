"""How fast reminders are prepared and sent, beside the floor of the same run and sink."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from bench.floor import smtp_rate
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


def measure(app: Flask, folder: Path) -> DispatchCost:
    """Prepare what is due and send it, then the same number through the floor."""
    with smtp_sink() as port, app.app_context():
        app.config.update(MAIL_SERVER="127.0.0.1", MAIL_PORT=port)
        smtp_rate("127.0.0.1", port, 50)
        start = time.perf_counter()
        reminders.prepare_all()
        prepared = time.perf_counter()
        post = worker_of(app).post
        while dispatch(post)[MessageState.SENT]:
            pass
        done = time.perf_counter()
        sent = db.session.query(OutboundMessage).filter(OutboundMessage.state == MessageState.SENT).count()
        db.session.rollback()
        floor = smtp_rate("127.0.0.1", port, max(sent, 200))
    return DispatchCost(
        sent=sent,
        prepare_per_s=sent / (prepared - start),
        send_per_s=sent / (done - prepared),
        both_per_s=sent / (done - start),
        floor_per_s=floor,
        fsync_ms=fsync_ms(str(folder)),
    )
