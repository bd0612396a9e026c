"""`make run`: the database, the demo center if it is empty, then web, worker and mail catcher.

Everything listens on this machine alone. Ctrl-C stops all of it.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
VAR = ROOT / "var"
STOP_WITHIN_S = 15


def port(name: str, default: int) -> int:
    """The port that the environment names, else `default`, else a free one."""
    wanted = int(os.environ.get(name, default))
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            if name in os.environ:
                sys.exit(f"Port {wanted} is taken. Set {name} to another one, or stop what uses it.")
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def secret() -> str:
    """A secret of this checkout's own, so that a restart signs nobody out."""
    file = VAR / "demo-secret"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(48))
    return file.read_text()


def flask(*words: str, env: dict[str, str]) -> None:
    """Run a `flask` command to its end; its failure ends this script."""
    done = subprocess.run([BIN / "flask", "--app", "wsgi", *words], cwd=ROOT, env=env, check=False)
    if done.returncode:
        sys.exit(f"`flask {' '.join(words)}` failed; what it printed above says why.")


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until the web server answers."""
    for _ in range(150):
        if process.poll() is not None:
            sys.exit("The web server did not start; what it printed above says why.")
        try:
            urllib.request.urlopen(url, timeout=1)
            return
        except OSError:
            time.sleep(0.1)
    sys.exit("The web server does not answer.")


def stop(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    """End every process, gently first."""
    for process in processes.values():
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    end = time.monotonic() + STOP_WITHIN_S
    for process in processes.values():
        try:
            process.wait(max(0.1, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()


def main() -> None:
    """Start everything, say where it is, wait."""
    VAR.mkdir(exist_ok=True)
    web, smtp, mailbox = port("PORT", 8000), port("SMTP_PORT", 8025), port("MAILBOX_PORT", 8026)
    address = f"http://127.0.0.1:{web}"
    env = {
        **os.environ,
        "PORTAL_MODE": "demo",
        "PORTAL_SECRET_KEY": secret(),
        "DATABASE_URL": os.environ.get("DATABASE_URL", f"sqlite:///{VAR}/demo.db"),
        "QUEUE_URL": os.environ.get("QUEUE_URL", f"sqlite:///{VAR}/demo-queue.db"),
        "PORTAL_BASE_URL": address,
        "PORTAL_MAIL_SERVER": "127.0.0.1",
        "PORTAL_MAIL_PORT": str(smtp),
        "PYTHONUNBUFFERED": "1",
    }
    print("Preparing the database …", flush=True)
    flask("db", "upgrade", env=env)
    flask("demo", "load", env=env)
    own_group = {"cwd": ROOT, "env": env, "start_new_session": True}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        processes["mail catcher"] = subprocess.Popen(
            [BIN / "python", "scripts/mail_catcher.py", str(smtp), str(mailbox)], **own_group
        )
        processes["web server"] = subprocess.Popen(
            [
                BIN / "gunicorn",
                "wsgi:app",
                f"--bind=127.0.0.1:{web}",
                "--workers=2",
                "--threads=4",
                "--worker-class=gthread",
                "--log-level=warning",
            ],
            **own_group,
        )
        processes["worker"] = subprocess.Popen([BIN / "flask", "--app", "wsgi", "worker"], **own_group)
        wait_for(f"{address}/healthz", processes["web server"])
        flask("demo", "accounts", env=env)
        print(f"\n  The portal   {address}\n  Its mail     http://127.0.0.1:{mailbox}\n  Ctrl-C stops all.\n")
        while True:
            time.sleep(0.5)
            for name, process in processes.items():
                if process.poll() is not None:
                    sys.exit(f"The {name} ended by itself; what it printed above says why.")
    except KeyboardInterrupt:
        print("\nStopping …", flush=True)
    finally:
        stop(processes)


if __name__ == "__main__":
    main()
