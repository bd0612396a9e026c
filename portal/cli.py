"""The `flask` commands, thin."""

import click
from flask import Flask
from flask.cli import AppGroup

from portal.audit import sealing
from portal.core import clock
from portal.core.db import reading, writing

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


def init_app(app: Flask) -> None:
    """Register the commands."""
    app.cli.add_command(audit)
