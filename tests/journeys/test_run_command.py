"""`make run` starts everything, says where it is, and stops all of it on Ctrl-C."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.postgres import free_port

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 90


@contextmanager
def running(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command as `make run` calls it; yields it with what it printed until it was ready."""
    ports = {name: str(free_port()) for name in ("PORT", "SMTP_PORT", "MAILBOX_PORT")}
    process = subprocess.Popen(
        [sys.executable, "scripts/run_demo.py"],
        cwd=ROOT,
        env={
            **os.environ,
            **ports,
            "DATABASE_URL": f"sqlite:///{folder}/demo.db",
            "QUEUE_URL": f"sqlite:///{folder}/queue.db",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process, _until(process, "Ctrl-C")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def _until(process: subprocess.Popen[str], word: str) -> str:
    printed, end = "", time.monotonic() + PATIENCE_S
    assert process.stdout is not None
    while word not in printed:
        assert time.monotonic() < end, printed
        line = process.stdout.readline()
        assert line, printed
        printed += line
    return printed


def _children_left(printed: str) -> list[str]:
    port = re.search(r"127\.0\.0\.1:(\d+)", printed)
    assert port is not None
    found = subprocess.run(
        ["pgrep", "-f", f"127.0.0.1:{port.group(1)}"], capture_output=True, text=True, check=False
    )
    return found.stdout.split()


@pytest.mark.smtp
def test_it_starts_says_where_it_is_and_stops_all_of_it(tmp_path: Path) -> None:
    with running(tmp_path) as (process, printed):
        portal, mailbox = re.findall(r"http://127\.0\.0\.1:\d+", printed)[-2:]
        assert "elena@demo.example" in printed
        assert urllib.request.urlopen(f"{portal}/sign-in", timeout=5).status == 200
        assert urllib.request.urlopen(mailbox, timeout=5).status == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        with pytest.raises(OSError, match="refused"):
            urllib.request.urlopen(portal, timeout=5)
        assert _children_left(printed) == []


@pytest.mark.smtp
def test_a_second_start_takes_seconds_and_keeps_the_center(tmp_path: Path) -> None:
    with running(tmp_path) as (process, _printed):
        process.send_signal(signal.SIGINT)
        process.wait(20)
    with running(tmp_path) as (process, printed):
        assert "elena@demo.example" in printed
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
