"""`flask backup` and `flask doctor`: for whoever runs the machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

import config
from portal.core import clock
from portal.core.db import reading
from portal.operation import backup as backups
from portal.operation import doctor as checks
from portal.operation.doctor import Health

MARKS = {Health.GOOD: "good  ", Health.LOOK: "LOOK  ", Health.BROKEN: "BROKEN"}

backup = AppGroup("backup", help="Encrypted backups: make, check and put back.")


@backup.command("key")
@click.argument("secret_file", type=click.Path(dir_okay=False, path_type=Path))
def make_key(secret_file: Path) -> None:
    """Make a pair of keys: the secret one into SECRET_FILE, the public one on the screen."""
    public, secret = backups.new_key()
    try:
        handle = os.open(secret_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise click.ClickException("There is a file of this name already. Name another one.") from None
    with os.fdopen(handle, "w") as file:
        file.write(f"# public key: {public}\n{secret}\n")
    click.echo(f"PORTAL_BACKUP_KEY={public}")
    click.echo("Move the secret file to a safe place away from this machine: only it opens the backups.")


@backup.command("create")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--key", envvar="PORTAL_BACKUP_KEY", required=True, help="The public key (age1…).")
def create_backup(file: Path | None, key: str) -> None:
    """Back the database up while it is in use, into FILE or a new file of PORTAL_BACKUP_DIR."""
    now = clock.now()
    target = file or _folder() / f"portal-{now:%Y%m%d-%H%M%S}.age"
    with _told():
        made = backups.create(url=_database(), target=target, public_key=key, now=now)
    click.echo(f"{target}: {sum(made.rows.values())} rows of {len(made.rows)} tables.")
    click.echo("It holds neither PORTAL_SECRET_KEY nor the other settings: keep those, too.")


@backup.command("verify")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--secret-file", required=True, type=click.File("r"))
def verify_backup(file: Path, secret_file: TextIO) -> None:
    """Open a backup and check that it is whole; writes nothing."""
    with _told():
        made = backups.verify(source=file, secret_key=secret_file.read())
    click.echo(f"Whole: {sum(made.rows.values())} rows of {len(made.rows)} tables, made at {made.made_at}.")


@backup.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--secret-file", required=True, type=click.File("r"))
@click.option("--to", "url", required=True, help="An empty database: sqlite:////path or postgresql://…")
def restore_backup(file: Path, secret_file: TextIO, url: str) -> None:
    """Put a backup into an empty database; the one in use is never touched."""
    with _told():
        made = backups.restore(source=file, secret_key=secret_file.read(), url=config.database_url(url))
    click.echo(f"Restored: {sum(made.rows.values())} rows of {len(made.rows)} tables, as of {made.made_at}.")
    click.echo("Set DATABASE_URL to it, then: `flask db upgrade`, `flask audit verify`, `flask doctor`.")


@click.command("doctor")
@with_appcontext
def doctor() -> None:
    """Check this installation and say what to mend; ends with 1 where something is broken."""
    folder = os.environ.get("PORTAL_BACKUP_DIR")
    with reading():
        found = list(
            checks.findings(
                now=clock.now(),
                database_url=_database(),
                migrations=config.ROOT / "migrations",
                backups=Path(folder) if folder else None,
            )
        )
    for each in found:
        click.echo(f"{MARKS[each.health]}  {each.subject:<18}{each.what_to_do}".rstrip())
    if any(each.health is Health.BROKEN for each in found):
        raise SystemExit(1)


def _database() -> str:
    return str(current_app.config["SQLALCHEMY_DATABASE_URI"])


def _folder() -> Path:
    folder = os.environ.get("PORTAL_BACKUP_DIR")
    if not folder:
        raise click.ClickException("Name a file, or set PORTAL_BACKUP_DIR to the folder of the backups.")
    return Path(folder)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except backups.BackupError as error:
        raise click.ClickException(str(error)) from None
