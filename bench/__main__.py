"""`make bench`: fill 1 % and 100 %, measure, write docs/benchmarks.md."""

import argparse
import os
import platform
import tempfile
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade

import config
from bench import dispatch, doors, due, gate, memory, office, pages, report
from bench.fill import FIRST_ID, SIGN_UPS_A_FAMILY_MEMBER, Progress, fill
from bench.report import Once, Size
from portal.app import create_app
from portal.core import clock
from portal.core.db import writing
from portal.education import service as education

SECRET = "the benchmark's own secret, long enough to be let through"
FULL = 200_000
REPORT = config.ROOT / "docs" / "benchmarks.md"
PATHS = ("/home", "/sessions", "/calendar", "/learn", "/permissions")


def build(folder: Path) -> Flask:
    """The application on an empty SQLite database in `folder`."""
    settings = config.Settings(
        mode="test",
        secret_key=SECRET,
        database_url=f"sqlite:///{folder}/portal.db",
        queue_url=f"sqlite:///{folder}/queue.db",
        secure_cookies=False,
        mail_use_tls=False,
        mail_sender="office@mail.example",
    )
    app = create_app(settings, TESTING=True)
    with app.app_context():
        upgrade(directory=str(config.ROOT / "migrations"))
    return app


def run(sign_ups: int) -> Size:
    """Everything that is measured at both sizes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        app = _filled(folder, sign_ups)
        costs = _pages(app)
        at_office = office.measure(app, sign_ups // SIGN_UPS_A_FAMILY_MEMBER * 2 // 3)
        through_gate = gate.measure_gate(app)
        sending = dispatch.measure(app, folder)
        with app.app_context():
            headers = pages.signed_in(app, FIRST_ID + 1)
        env = memory.environment(app.config["SQLALCHEMY_DATABASE_URI"], folder, SECRET)
        web_mb, worker_mb = memory.measure(env, "/home", headers)
        return Size(costs, at_office, through_gate, sending, web_mb, worker_mb)


def run_once(few: int, many: int, audit_rows: int, door_tries: int) -> Once:
    """What fills its database further: the doors, what is due, the audit."""
    with tempfile.TemporaryDirectory() as name:
        app = _filled(Path(name), few)
        timing = doors.measure_doors(app, door_tries)
        found = due.measure(app, few, many)
        return Once(timing, found, gate.measure_audit(app, audit_rows))


def _filled(folder: Path, sign_ups: int) -> Flask:
    app = build(folder)
    with app.app_context():
        fill(sign_ups, clock.now())
        with writing():
            education.load_content(clock.now())
    return app


def _pages(app: Flask) -> dict[str, pages.PageCost]:
    paths = {path: path for path in PATHS} | {"a lesson's card": office.card_page(app, FIRST_ID)}
    progress, costs = Progress("pages", len(paths)), {}
    for name, path in paths.items():
        costs[name] = pages.measure(app, path, FIRST_ID, f"/page/{FIRST_ID}")
        progress.add(1)
    return costs


def main() -> None:
    """Measure both sizes and write the page."""
    arguments = argparse.ArgumentParser(prog="python -m bench")
    arguments.add_argument("--sign-ups", type=int, default=FULL, help="the large size; the small one is 1 %%")
    arguments.add_argument("--audit-rows", type=int, default=gate.FULL)
    arguments.add_argument("--door-tries", type=int, default=doors.TRIES)
    arguments.add_argument("--report", type=Path, default=REPORT, help="where the page is written")
    asked = arguments.parse_args()
    full = asked.sign_ups
    results = {size: run(size) for size in (full // 100, full)}
    once = run_once(full // 100, full, asked.audit_rows, asked.door_tries)
    text = report.page(results, once, machine())
    asked.report.write_text(text)
    print(text)


def machine() -> list[str]:
    """When and where this was measured."""
    return [
        f"- Date: {clock.now():%Y-%m-%d}",
        f"- Machine: {os.cpu_count()} cores, {memory_gb()} GiB, Python {platform.python_version()}, "
        f"{platform.machine()}, load average at the end {os.getloadavg()[1]:.1f}",
    ]


def memory_gb() -> int:
    """The machine's memory in GiB."""
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


if __name__ == "__main__":
    main()
