"""How much memory a web process and the worker hold, once warm."""

import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from tests.postgres import free_port

ROOT = Path(__file__).resolve().parent.parent
REQUESTS = 200


def resident_mb(pid: int) -> float:
    """The proportional share of resident memory of one process, in MB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def measure(env: dict[str, str], path: str, headers: dict[str, str]) -> tuple[float, float]:
    """(one gunicorn worker after REQUESTS pages, the mail worker after its first minute), in MB."""
    port = free_port()
    bin_folder = Path(sys.executable).parent
    web = subprocess.Popen(
        [bin_folder / "gunicorn", "wsgi:app", f"--bind=127.0.0.1:{port}", "--threads=4", "--log-level=error"],
        cwd=ROOT,
        env=env,
    )
    worker = subprocess.Popen([bin_folder / "flask", "--app", "wsgi", "worker"], cwd=ROOT, env=env)
    try:
        _wait(port)
        for _ in range(REQUESTS):
            request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
            urllib.request.urlopen(request, timeout=10).read()
        time.sleep(5)
        child = int(
            subprocess.run(
                ["pgrep", "-P", str(web.pid)], capture_output=True, text=True, check=True
            ).stdout.split()[0]
        )
        return resident_mb(child), resident_mb(worker.pid)
    finally:
        for process in (web, worker):
            process.terminate()
        for process in (web, worker):
            process.wait(30)


def _wait(port: int) -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1)
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the web server did not start")


def environment(database_url: str, folder: Path, secret: str) -> dict[str, str]:
    """The environment of the two processes."""
    return {
        **os.environ,
        "PORTAL_MODE": "test",
        "PORTAL_SECRET_KEY": secret,
        "DATABASE_URL": database_url,
        "QUEUE_URL": f"sqlite:///{folder}/queue.db",
        "PORTAL_MAIL_PORT": "9",
    }
