"""How long 10,000 clients take to bring in, and the most memory the process held.

python -m bench.imports 10000
"""

import resource
import sys
import tempfile
import time
from datetime import UTC, datetime

from flask_migrate import upgrade

import config
from portal.app import create_app
from portal.core.actor import Actor
from portal.core.db import reading, writing
from portal.imports import importer
from portal.imports.importer import Importer
from portal.imports.models import ImportKind
from portal.imports.registry import IMPORTERS
from tests.factories.people import make_program
from tests.factories.schedule import make_track

NOW = datetime(2026, 3, 4, 15, tzinfo=UTC)
HEADER = b"record number,given name,family name,birth date,location,track,start\n"
ROW = b"N%d,Given%d,Family%d,1990-01-01,Water Street,IOP evenings,2026-03-09\n"


def peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def reader() -> Importer:
    return IMPORTERS[ImportKind.CLIENTS](now=NOW)


def main(rows: int) -> None:
    data = HEADER + b"".join(ROW % (each, each, each) for each in range(rows))
    before, start = peak_mb(), time.process_time()
    with reading():
        importer.preview(reader(), data)
    looked = time.process_time()
    with writing():
        importer.apply(reader, data, kind="clients", actor=Actor("staff", 1), now=NOW)
    written = time.process_time()
    print(
        f"{rows} rows: looked at in {looked - start:.1f} s, written in {written - looked:.1f} s of processor"
    )
    print(f"most memory held: {before} MB before, {peak_mb()} MB after")


if __name__ == "__main__":
    folder = tempfile.mkdtemp()
    settings = config.Settings(
        mode="test",
        secret_key="x" * 64,
        database_url=f"sqlite:///{folder}/a.db",
        queue_url=f"sqlite:///{folder}/q.db",
        secure_cookies=False,
        mail_use_tls=False,
        mail_sender="office@mail.example",
    )
    with create_app(settings, TESTING=True).app_context():
        upgrade(directory=str(config.ROOT / "migrations"))
        make_track(program=make_program(), name="IOP evenings")
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
