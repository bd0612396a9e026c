"""`flask mail`: the outbox and the mail server, for the center's IT."""

import logging
import smtplib
import sys

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError

from portal.core import clock
from portal.core.actor import job
from portal.core.db import reading, writing
from portal.mail import bounces, queries, smtp, suppression
from portal.mail.models import MessageState
from portal.operation import mail_check, watch
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


@mail.command("check")
@click.option("--to", "address", help="Who gets the test mail; without it PORTAL_ALERT_ADDRESS.")
@click.option("--selector", default="", help="The relay's DKIM selector.")
def check(address: str | None, selector: str) -> None:
    """Try the mail server, look at the sender's domain, send one test mail; ends with 1 if that fails."""
    config = current_app.config
    _say("mail server", *_try_the_server())
    for found in mail_check.advice(
        sender=config["MAIL_DEFAULT_SENDER"],
        username=config["MAIL_USERNAME"],
        selector=selector,
        look_up=mail_check.txt_records,
    ):
        _say(found.subject, found.is_well, found.text)
    to = address or config["PORTAL_ALERT_ADDRESS"]
    if not to:
        _say("test mail", None, "Nobody to send it to: use --to, or set PORTAL_ALERT_ADDRESS.")
        return
    answer = Alarm(to, config["MAIL_DEFAULT_SENDER"], smtp.KeptLine).write("This is a test. All is well.")
    is_sent = answer.state is MessageState.SENT
    _say("test mail", is_sent, "It was taken." if is_sent else f"It was not taken: {answer.reason}.")
    if not is_sent:
        sys.exit(1)


def _try_the_server() -> tuple[bool, str]:
    try:
        return True, smtp.try_out()
    except (OSError, smtplib.SMTPException) as error:
        return (
            False,
            f"No way in: {type(error).__name__}. Look at PORTAL_MAIL_SERVER and its kin.",
        )


def _say(subject: str, is_well: bool | None, text: str) -> None:
    mark = {True: "good   ", False: "MEND   ", None: "unknown"}[is_well]
    click.echo(f"{mark} {subject}: {text}")


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
