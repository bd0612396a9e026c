"""`flask mail`: the outbox and the mail server, for the center's IT."""

import logging
import sys

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError

from portal.core import clock
from portal.core.actor import job
from portal.core.db import reading, writing
from portal.mail import bounces, queries, smtp, suppression
from portal.operation import watch
from portal.operation.alarm import WHAT_TO_DO, Alarm
from portal.workflows import address_dead

logger = logging.getLogger("portal.mail")
TRY_AGAIN_LATER = 75
"""EX_TEMPFAIL: the mail server keeps the bounce and pipes it in again."""

mail = AppGroup("mail", help="Look after the outbox and the mail server.")


@mail.command("status")
def status() -> None:
    """How many messages stand in each state, and how the worker and the mail server do."""
    now = clock.now()
    with reading():
        for state, count in queries.counts().items():
            click.echo(f"{state.value:<12}{count:>8}")
        beat, away = queries.last_beat(), queries.server_away_since()
    if beat is None:
        click.echo("The worker has not done a round yet: start `flask worker`.")
    else:
        click.echo(f"The worker's last round was {int((now - beat).total_seconds())} seconds ago.")
    if away is not None:
        click.echo(f"No mail server has been reached for {int((now - away).total_seconds())} seconds.")


@mail.command("watch")
def watch_over() -> None:
    """Alert a person and end with 1 where the worker, the mail server or the disk does not work.

    For a timer: the worker watches by itself, but cannot tell of its own end.
    """
    now, config = clock.now(), current_app.config
    with reading():
        found = watch.troubles(now=now, database_url=config["SQLALCHEMY_DATABASE_URI"])
    Alarm(config["PORTAL_ALERT_ADDRESS"], config["MAIL_DEFAULT_SENDER"], smtp.KeptLine).ring(found, now)
    for trouble in found:
        click.echo(WHAT_TO_DO[trouble])
    if found:
        sys.exit(1)
    click.echo("All is well.")


@mail.command("bounce")
def bounce() -> None:
    """Read one bounce from standard input, as a mail server's alias pipes it in.

    Ends with 0 for whatever it ignores, so that no bounce of a bounce arises; the reason is logged.
    """
    raw = sys.stdin.buffer.read(bounces.MAX_BYTES + 1)
    config = current_app.config
    try:
        with writing():
            address_dead.take_bounce(
                raw, sender=config["MAIL_DEFAULT_SENDER"], key=config["SECRET_KEY"], now=clock.now()
            )
    except bounces.Ignored as ignored:
        logger.warning("a bounce was ignored: %s", ignored)
    except OperationalError:
        sys.exit(TRY_AGAIN_LATER)


@mail.command("lift")
@click.argument("address")
def lift(address: str) -> None:
    """Let mail go to ADDRESS again, once its owner has said that it works."""
    key = current_app.config["SECRET_KEY"]
    with writing():
        was_so = suppression.lift(address, key=key, actor=job("flask mail lift"), now=clock.now())
    click.echo("Mail may go there again." if was_so else "This address was not suspended.")
