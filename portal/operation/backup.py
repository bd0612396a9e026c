"""Backups: encrypted to a public key, so that the machine which makes them cannot open them.

The format is age (through pyrage); inside is a tar of the manifest and the database. Plain copies exist
only in a folder that nobody else can read, and are gone when the command ends.
"""

import hashlib
import os
import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from io import BufferedIOBase
from pathlib import Path

import pyrage
from pyrage import x25519

from portal.operation.rules import Manifest, missing
from portal.operation.snapshots import SnapshotError, snapshots_of

DATA, MANIFEST = "database", "manifest.json"


class BackupError(Exception):
    """A backup cannot be made, read or put back; the message says what to do."""


def new_key() -> tuple[str, str]:
    """A public key for the machine, and the secret one that stays away from it."""
    identity = x25519.Identity.generate()
    return str(identity.to_public()), str(identity)


def create(*, url: str, target: Path, public_key: str, now: datetime) -> Manifest:
    """Copy the database under load and write it, encrypted, to a new file.

    Raises BackupError for a key that is none, or a target that exists.
    """
    recipient = _recipient(public_key)
    with _translated(), _private_folder() as folder:
        rows, revision = snapshots_of(url).take(folder / DATA)
        manifest = Manifest(now.isoformat(), _engine_of(url), revision, _digest(folder / DATA), rows)
        (folder / MANIFEST).write_bytes(manifest.to_json())
        part = target.with_name(target.name + ".part")
        with _new_file(target, part) as out:
            _piped(lambda sink: _pack(folder, sink), lambda source: _encrypt(source, out, recipient))
    return manifest


def verify(*, source: Path, secret_key: str) -> Manifest:
    """Open a backup, hold it to its manifest and to the engine's own checks; nothing is written."""
    with _translated(), _opened(source, secret_key) as (manifest, data):
        found = snapshots_of(f"{manifest.engine}://").check(data)
        if found is not None:
            _hold(manifest, found)
        return manifest


def restore(*, source: Path, secret_key: str, url: str) -> Manifest:
    """Put a backup into an empty database, and hold that to the manifest."""
    with _translated(), _opened(source, secret_key) as (manifest, data):
        if _engine_of(url) != manifest.engine:
            raise BackupError(f"This backup is of {manifest.engine}. Name a database of the same kind.")
        _hold(manifest, snapshots_of(url).put_back(data))
        return manifest


def _hold(manifest: Manifest, found: dict[str, int]) -> None:
    wrong = missing(manifest.rows, found)
    if wrong:
        raise BackupError(f"Rows are missing ({'; '.join(wrong)}). Use an older backup.")


def _engine_of(url: str) -> str:
    return "sqlite" if url.startswith("sqlite") else "postgresql"


def _recipient(public_key: str) -> x25519.Recipient:
    try:
        return x25519.Recipient.from_str(public_key.strip())
    except pyrage.RecipientError:
        raise BackupError(
            "The public key is not one. It begins with age1; `flask backup key` makes a pair."
        ) from None


def _identity(secret_key: str) -> x25519.Identity:
    lines = [line for line in secret_key.splitlines() if line.strip() and not line.startswith("#")]
    try:
        return x25519.Identity.from_str(lines[0].strip())
    except (IndexError, pyrage.IdentityError):
        raise BackupError("The key file holds no key. Its line begins with AGE-SECRET-KEY-.") from None


def _encrypt(source: BufferedIOBase, out: BufferedIOBase, recipient: x25519.Recipient) -> None:
    pyrage.encrypt_io(source, out, [recipient])


@contextmanager
def _opened(source: Path, secret_key: str) -> Iterator[tuple[Manifest, Path]]:
    identity = _identity(secret_key)
    with _private_folder() as folder:
        try:
            with source.open("rb") as file:
                _piped(
                    lambda sink: pyrage.decrypt_io(file, sink, [identity]),
                    lambda plain: _unpack(plain, folder),
                )
        except FileNotFoundError:
            raise BackupError("There is no such file.") from None
        except pyrage.DecryptError as error:
            raise BackupError(_why(str(error))) from None
        except (tarfile.TarError, OSError, EOFError):
            raise BackupError(CUT_SHORT) from None
        yield _read(folder), folder / DATA


CUT_SHORT = "The file is damaged or cut short. Copy it again, or use an older backup."


def _why(problem: str) -> str:
    if "No matching keys" in problem:
        return "This key does not open this backup. Use the key that was made with its public key."
    return CUT_SHORT


def _read(folder: Path) -> Manifest:
    try:
        manifest = Manifest.from_json((folder / MANIFEST).read_bytes())
    except (OSError, ValueError, TypeError):
        raise BackupError("This is not a backup of the portal, or of a newer version.") from None
    if _digest(folder / DATA) != manifest.sha256:
        raise BackupError(CUT_SHORT)
    return manifest


def _pack(folder: Path, sink: BufferedIOBase) -> None:
    with tarfile.open(fileobj=sink, mode="w|") as tar:
        for name in (MANIFEST, DATA):
            tar.add(folder / name, arcname=name)


def _unpack(source: BufferedIOBase, folder: Path) -> None:
    with tarfile.open(fileobj=source, mode="r|") as tar:
        for member in tar:
            if member.name in (MANIFEST, DATA) and member.isreg():
                tar.extract(member, folder, filter="data")
    while source.read(1 << 20):  # what follows the tar must be read, or the writer waits
        pass


def _piped(write: Callable[[BufferedIOBase], None], read: Callable[[BufferedIOBase], None]) -> None:
    """Run the two ends of a pipe side by side; the writer's trouble comes before the reader's."""
    reading, writing = os.pipe()
    trouble: list[Exception] = []

    def writer() -> None:
        try:
            with os.fdopen(writing, "wb") as sink:
                write(sink)
        except Exception as error:
            trouble.append(error)

    thread = threading.Thread(target=writer)
    thread.start()
    try:
        with os.fdopen(reading, "rb") as source:
            read(source)
    except Exception as error:
        thread.join()
        raise (trouble or [error])[0] from None
    thread.join()
    if trouble:
        raise trouble[0]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _private_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="portal-backup-") as name:  # made for its owner alone
        yield Path(name)


@contextmanager
def _new_file(target: Path, part: Path) -> Iterator[BufferedIOBase]:
    if target.exists():
        raise BackupError("There is a file of this name already. Name another one.")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.replace(target)
    except OSError as error:
        raise BackupError(f"The backup could not be written: {error.strerror}.") from None
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except SnapshotError as error:
        raise BackupError(str(error)) from None
