"""The `flask` commands, thin."""

import sys
from typing import Any, BinaryIO

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from flask_babel import force_locale

from portal.accounts import queries as accounts
from portal.accounts import second_factor
from portal.accounts.rules import plain_name
from portal.audit import sealing
from portal.center import demo_mark
from portal.cli_mail import mail
from portal.cli_operation import backup, doctor
from portal.core import clock
from portal.core.actor import job
from portal.core.db import reading, writing
from portal.core.errors import Refused
from portal.demo import accounts as demo_accounts
from portal.demo import load as demo_load
from portal.education import service as education
from portal.education.problems import ContentError
from portal.imports import importer, tables
from portal.imports.models import ImportKind
from portal.imports.registry import IMPORTERS
from portal.imports.report import Report, ReportRow, RowState
from portal.jobs import worker_of
from portal.people import account_invitations
from portal.people.models import Role
from portal.web.wording import sentence
from portal.workflows import audit_damaged

audit = AppGroup("audit", help="Seal the audit and check its seals.")


@audit.command("seal")
def seal_audit() -> None:
    """Seal what is not sealed yet and print the newest digest, to be kept elsewhere."""
    while True:
        with writing():
            if not sealing.seal(clock.now()):
                break
    with reading():
        click.echo(sealing.newest_digest())


@audit.command("verify")
@click.option("--anchor", help="A digest that `flask audit seal` printed earlier.")
def verify_audit(anchor: str | None) -> None:
    """Walk the chain of seals; name the first damaged batch."""
    with reading():
        finding = sealing.verify(anchor)
    if finding:
        with writing():
            audit_damaged.report(finding, actor=job("flask audit verify"), now=clock.now())
        raise click.ClickException(f"Batch {finding.batch_id}: {finding.problem}. An incident is open.")
    click.echo("Every seal holds.")


staff = AppGroup("staff", help="Make the first administrator; help who lost a phone.")


@staff.command("add")
@click.option("--name", required=True, help="Given and family name.")
@click.option("--email", required=True)
@click.option(
    "--role", "roles", required=True, multiple=True, type=click.Choice([role.value for role in Role])
)
@click.option("--location", "location_id", type=int, help="The location's id, for a coordinator.")
def add_staff(name: str, email: str, roles: tuple[str, ...], location_id: int | None) -> None:
    """Add a staff member and print the one-time link to hand to them; it works for 7 days."""
    given_name, _, family_name = name.strip().partition(" ")
    if Role.COORDINATOR in roles and location_id is None:
        raise click.ClickException("A coordinator needs --location, the id of the place they look after.")
    now, actor = clock.now(), job("flask staff add")
    with writing():
        member = account_invitations.create_staff(
            given_name=given_name,
            family_name=family_name,
            email=email,
            roles={Role(role): location_id if role == Role.COORDINATOR else None for role in roles},
            now=now,
            actor=actor,
        )
        token = account_invitations.link_for(person=member, now=now, actor=actor)
    click.echo(f"{current_app.config['PORTAL_BASE_URL']}/welcome/{token}")


@staff.command("new-phone")
@click.option("--sign-in-name", required=True)
def forget_phone(sign_in_name: str) -> None:
    """Let somebody who lost a phone set up a new one; signs them out everywhere."""
    with writing():
        user = accounts.user_named(plain_name(sign_in_name))
        if user is None:
            raise click.ClickException("Nobody signs in with this name.")
        second_factor.forget(user_id=user.id, now=clock.now(), actor=job("flask staff new-phone"))
    click.echo("At the next sign-in a new phone is set up.")


lessons = AppGroup("lessons", help="Bring the lessons in line with their files.")


@lessons.command("load")
def load_lessons() -> None:
    """Load the lesson files that are new or changed; run it after every update."""
    try:
        with writing():
            count = education.load_content(clock.now())
    except ContentError as error:
        raise click.ClickException(f"Nothing was loaded.\n{error}") from error
    click.echo(f"New versions: {count}.")


@click.command("worker")
@click.option("--threads", default=2, show_default=True, help="How many tasks run side by side.")
@click.option("--no-periodic", is_flag=True, help="For a second worker: only one keeps the clock.")
@with_appcontext
def worker(threads: int, no_periodic: bool) -> None:
    """Send mail and keep the clock until told to stop (SIGTERM finishes what has begun)."""
    application: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    worker_of(application).run(threads=threads, periodic=not no_periodic)


imports = AppGroup("import", help="Bring in files of the center's other systems.")


def _import_command(kind: ImportKind, told: str) -> None:
    """`flask import KIND FILE`: the same look as the page's, and with --apply the same writing."""

    @imports.command(kind.value, help=told)
    @click.argument("file", type=click.File("rb"))
    @click.option("--apply", "write", is_flag=True, help="Write it; without this nothing is written.")
    def command(file: BinaryIO, write: bool) -> None:
        data = file.read(tables.MAX_BYTES + 1)
        with force_locale("en"):
            _look(kind, data)
            if write:
                _write(kind, data)


_import_command(ImportKind.TIMETABLE, "Compare a timetable (CSV or ICS) with what is there, row by row.")
_import_command(ImportKind.CLIENTS, "Compare clients (CSV) with those who are there, row by row.")
_import_command(ImportKind.RELATIVES, "Compare relatives (CSV) with those who are there, row by row.")
_import_command(ImportKind.SESSIONS, "Compare family sessions (CSV or ICS) with those that are there.")
_import_command(ImportKind.CENSUS, "Compare the record system's census (CSV) with the clients in care.")


def _look(kind: ImportKind, data: bytes) -> None:
    with reading(), _bar(data, "Reading") as bar:
        report = importer.preview(IMPORTERS[kind](now=clock.now()), data, bar.update)
    _print(report)


def _write(kind: ImportKind, data: bytes) -> None:
    now = clock.now()
    try:
        with writing(), _bar(data, "Writing", times=2) as bar:
            importer.apply(
                lambda: IMPORTERS[kind](now=now),
                data,
                kind=kind.value,
                actor=job(f"flask import {kind.value}"),
                now=now,
                progress=bar.update,
            )
    except Refused as refused:
        raise click.ClickException(sentence(refused)) from refused
    click.echo("Applied.")


def _bar(data: bytes, label: str, times: int = 1) -> Any:
    """A bar on a terminal; it goes to stderr, so that the rows can be piped on."""
    return click.progressbar(length=data.count(b"\n") * times, label=label, file=sys.stderr)


def _print(report: Report) -> None:
    if report.problem:
        raise click.ClickException(sentence(report.problem))
    for row in report.rows:
        place = f"Row {row.number}" if row.number else "Not in the file"
        click.echo(f"{place}: {row.text}: {_told(row)}")
    if report.total > len(report.rows):
        click.echo(f"... and {report.total - len(report.rows)} more rows.")
    told = [state for state in STATES if report.count(state) or state not in SELDOM]
    counts = [f"{report.count(state)} {STATES[state]}" for state in told]
    click.echo(", ".join(counts) + ".")


STATES = {
    RowState.NEW: "new",
    RowState.CHANGED: "changed",
    RowState.GONE: "gone",
    RowState.THERE: "there already",
    RowState.PROBLEM: "with a problem",
}


SELDOM = (RowState.CHANGED, RowState.GONE)
"""Counted only where there are any: most kinds of file know neither."""


def _told(row: ReportRow) -> str:
    if row.problem:
        return sentence(row.problem)
    return STATES[row.state] + (f" ({', '.join(row.names)})" if row.names else "")


demo = AppGroup("demo", help="The invented center of `make run`.")


@demo.command("load")
def load_demo() -> None:
    """Fill an empty database with invented people; does nothing where a client is there."""
    _refuse_outside_demo()
    if demo_load.load(code_key=str(current_app.config["SECRET_KEY"]), now=clock.now()):
        click.echo("The demo center is loaded.")


@demo.command("accounts")
def demo_accounts_list() -> None:
    """Print the demo's accounts, if this database holds the demo."""
    _refuse_outside_demo()
    with reading():
        is_demo = demo_mark.is_demo()
    if is_demo:
        click.echo("\n".join(demo_accounts.lines(clock.now())))


@demo.command("code")
@click.argument("name")
def demo_code(name: str) -> None:
    """Print the 6-digit code that the demo's staff member NAME needs now, such as dana."""
    _refuse_outside_demo()
    if not demo_accounts.is_staff(name):
        raise click.ClickException("No staff member of the demo has this name. Try dana, grace, ivy or omar.")
    click.echo(demo_accounts.code(clock.now()))


def _refuse_outside_demo() -> None:
    if not current_app.extensions["settings"].is_demo:
        raise click.ClickException("This is for a demo alone: set PORTAL_MODE=demo, with its own database.")


def init_app(app: Flask) -> None:
    """Register the commands."""
    app.cli.add_command(imports)
    app.cli.add_command(demo)
    app.cli.add_command(lessons)
    app.cli.add_command(mail)
    app.cli.add_command(worker)
    app.cli.add_command(audit)
    app.cli.add_command(backup)
    app.cli.add_command(doctor)
    app.cli.add_command(staff)
