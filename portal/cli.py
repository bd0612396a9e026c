"""The `flask` commands, thin."""

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from portal.accounts import queries as accounts
from portal.accounts import second_factor
from portal.accounts.rules import plain_name
from portal.audit import sealing
from portal.core import clock
from portal.core.actor import job
from portal.core.db import reading, writing
from portal.education import service as education
from portal.education.problems import ContentError
from portal.jobs import worker_of
from portal.mail import queries as mail_queries
from portal.people import account_invitations
from portal.people.models import Role

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
        raise click.ClickException(f"Batch {finding.batch_id}: {finding.problem}.")
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


mail = AppGroup("mail", help="Look after the outbox.")


@mail.command("status")
def mail_status() -> None:
    """How many messages stand in each state, and when the worker last did its round."""
    with reading():
        for state, count in mail_queries.counts().items():
            click.echo(f"{state.value:<12}{count:>8}")
        beat = mail_queries.last_beat()
    if beat is None:
        click.echo("The worker has not done a round yet: start `flask worker`.")
    else:
        seconds = int((clock.now() - beat).total_seconds())
        click.echo(f"The worker's last round was {seconds} seconds ago.")


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


def init_app(app: Flask) -> None:
    """Register the commands."""
    app.cli.add_command(lessons)
    app.cli.add_command(mail)
    app.cli.add_command(worker)
    app.cli.add_command(audit)
    app.cli.add_command(staff)
