"""`make bench`: fill 1 % and 100 %, measure pages, dispatch and memory, write docs/benchmarks.md."""

import argparse
import os
import platform
import tempfile
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade

import config
from bench import dispatch, memory, pages
from bench.fill import FIRST_ID, Progress, fill
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


def run(sign_ups: int) -> dict[str, object]:
    """Everything at one size."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        app = build(folder)
        with app.app_context():
            filled = fill(sign_ups, clock.now())
            with writing():
                education.load_content(clock.now())
        progress = Progress("pages", len(PATHS))
        costs = {}
        for path in PATHS:
            costs[path] = pages.measure(app, path, FIRST_ID, f"/page/{FIRST_ID}")
            progress.add(1)
        sending = dispatch.measure(app, folder)
        with app.app_context():
            headers = pages.signed_in(app, FIRST_ID + 1)
        env = memory.environment(app.config["SQLALCHEMY_DATABASE_URI"], folder, SECRET)
        web_mb, worker_mb = memory.measure(env, "/home", headers)
        return {
            "filled": filled,
            "pages": costs,
            "sending": sending,
            "web_mb": web_mb,
            "worker_mb": worker_mb,
        }


def main() -> None:
    """Measure both sizes and write the page."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--sign-ups", type=int, default=FULL)
    full = arguments.parse_args().sign_ups
    results = {size: run(size) for size in (full // 100, full)}
    REPORT.write_text(report(results))
    print(report(results))


def report(results: dict[int, dict[str, object]]) -> str:
    """The page: one table a question, with command, machine and date."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`. Ratios count; absolute figures belong to the machine and its other work.",
        "",
        f"- Date: {clock.now():%Y-%m-%d}",
        f"- Machine: {os.cpu_count()} cores, {memory_gb()} GiB, Python {platform.python_version()}, "
        f"{platform.machine()}, load average at the end {os.getloadavg()[1]:.1f}",
        "- Database: SQLite (WAL, synchronous FULL); sink: Postfix's smtp-sink on loopback",
        "- Floor of a page: a bare Flask page of about 10 kB with one select by key, in the same process",
        "- Floor of a mail: `smtplib.send_message` on one kept connection to the same sink",
        "",
        "## Pages",
        "",
        "CPU of the whole request through WSGI, median of 9 alternating rounds of 40 calls.",
        "",
        "| Sign-ups | Page | CPU ms | Floor ms | Ratio | Statements | Bytes |",
        "|---:|---|---:|---:|---:|---:|---:|",
    ]
    for size, result in results.items():
        for path, cost in result["pages"].items():  # type: ignore[attr-defined]
            lines.append(
                f"| {size:,} | `{path}` | {cost.page_ms:.2f} | {cost.floor_ms:.2f} | {cost.ratio:.1f} "
                f"| {cost.statements} | {cost.page_bytes:,} |"
            )
    lines += [
        "",
        "## Reminders",
        "",
        "The clock is held at noon; the floor is measured before and after. CPU in ms a mail.",
        "",
        "| Sign-ups | Sent | Prepared /s | Sent /s | Both /s | Floor /s | Ratio | CPU | Floor | fsync ms |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for size, result in results.items():
        cost = result["sending"]
        assert isinstance(cost, dispatch.DispatchCost)
        lines.append(
            f"| {size:,} | {cost.sent} | {cost.prepare_per_s:,.0f} | {cost.send_per_s:,.0f} "
            f"| {cost.both_per_s:,.0f} | {cost.floor_per_s:,.0f} | {cost.ratio:.2f} "
            f"| {cost.cpu_ms:.2f} | {cost.floor_cpu_ms:.2f} | {cost.fsync_ms:.2f} |"
        )
    lines += ["", "## Memory", "", "| Sign-ups | One web process MB | Worker MB |", "|---:|---:|---:|"]
    lines += [
        f"| {size:,} | {result['web_mb']:.0f} | {result['worker_mb']:.0f} |"
        for size, result in results.items()
    ]
    return "\n".join(lines) + "\n"


def memory_gb() -> int:
    """The machine's memory in GiB."""
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


if __name__ == "__main__":
    main()
