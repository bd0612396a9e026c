"""Postfix's smtp-sink: a server that misbehaves on order, and files what it took."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path

from flask import Flask

from tests.postgres import free_port

SINK = "/usr/sbin/smtp-sink"

REFUSES_WHAT_IT_HAS = ("-r", "-Q", "-f")
"""With "." the sink would file a mail that it then refuses."""


@dataclass(frozen=True)
class Sink:
    """What the servers of one test took together."""

    folder: Path

    @property
    def taken(self) -> Counter[str]:
        """Message-ID → how often it was accepted."""
        mails = [message_from_bytes(path.read_bytes()) for path in self.folder.iterdir()]
        return Counter(mail["Message-ID"] for mail in mails if mail["Message-ID"])  # others were never begun

    @contextmanager
    def running(self, app: Flask, *faults: str, timeout_s: float = 5) -> Iterator[None]:
        """Run a server with these faults and point the application at it."""
        port = free_port()
        files = [] if "." in faults and faults[0] in REFUSES_WHAT_IT_HAS else ["-d", f"{self.folder}/%M%S."]
        command = [SINK, "-u", "nobody", *files, *faults, f"127.0.0.1:{port}", "100"]
        server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        before = {name: app.config[name] for name in ("MAIL_SERVER", "MAIL_PORT", "MAIL_TIMEOUT_S")}
        app.config.update(MAIL_SERVER="127.0.0.1", MAIL_PORT=port, MAIL_TIMEOUT_S=timeout_s)
        try:
            wait_for(port)
            yield
        finally:
            server.kill()
            server.wait()
            app.config.update(before)


def wait_for(port: int) -> None:
    """Until somebody listens there."""
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise AssertionError(f"nobody listens on {port}")


@contextmanager
def sink() -> Iterator[Sink]:
    """A folder that smtp-sink, as an ordinary user, may write into."""
    folder = Path(tempfile.mkdtemp(prefix="sink"))
    folder.chmod(0o777)
    try:
        yield Sink(folder)
    finally:
        shutil.rmtree(folder)
