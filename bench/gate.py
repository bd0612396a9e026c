"""What the gate and the audit cost: statements and CPU of a page, and appending to a long audit."""

import dataclasses
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import event, func, insert, select

import config
from bench.fill import FIRST_ID, Progress
from bench.floor import wsgi_call
from bench.pages import signed_in
from portal.app import create_app
from portal.audit import service as audit
from portal.audit.models import AuditEntry
from portal.core import clock
from portal.core.actor import job
from portal.core.db import db, writing
from portal.disclosure import gate
from portal.people.models import FamilyMember

ROUNDS = 5
CALLS = 20
AUDIT_ROUNDS = 10
APPENDS = 40
ENTRANCES = ("may_disclose", "permits", "permits_under", "usable_consents", "permitted")
FULL = 1_000_000
CHUNK = 10_000
ALONE = FIRST_ID + 999_999_999
"""A family member whom nobody lets in: the same page without anything of a client."""


@dataclass(frozen=True)
class GateCost:
    """The home page of somebody with client-linked data, and of somebody without."""

    statements_with: int
    statements_without: int
    gate_statements_with: int
    """Of these, the gate's own: they read `consent`."""
    gate_statements_without: int
    page_ms: float
    gate_ms: float
    """CPU inside `portal.disclosure.gate`, its statements included."""

    @property
    def added_statements(self) -> int:
        """How many statements the gate sends more where there is something to decide."""
        return self.gate_statements_with - self.gate_statements_without

    @property
    def share(self) -> float:
        """The gate's part of the page's CPU, from 0 to 1."""
        return self.gate_ms / self.page_ms


@dataclass(frozen=True)
class AuditCost:
    """Milliseconds to append one entry in a transaction of its own; medians of alternating rounds."""

    rows: int
    empty_ms: float
    full_ms: float
    empty_cpu_ms: float
    full_cpu_ms: float

    @property
    def ratio(self) -> float:
        """Wall time with `rows` entries to none; 1.0 is the same."""
        return self.full_ms / self.empty_ms

    @property
    def cpu_ratio(self) -> float:
        """The same in CPU time, without the disk's moods."""
        return self.full_cpu_ms / self.empty_cpu_ms


def measure_gate(app: Flask, family_member_id: int = FIRST_ID, path: str = "/home") -> GateCost:
    """Count and time `path` for a person with a permission and for one without any."""
    with app.app_context():
        _somebody_alone()
        with_data = wsgi_call(app, path, signed_in(app, family_member_id))
        without = wsgi_call(app, path, signed_in(app, ALONE))
        engine = db.engine
        db.session.remove()
    for call in (with_data, without):
        status, _body = call()
        assert status == 200, f"{path} answered {status}"
    shown, bare = _statements(engine, with_data), _statements(engine, without)
    page_ms, gate_ms = _timed(with_data)
    return GateCost(
        statements_with=len(shown),
        statements_without=len(bare),
        gate_statements_with=sum(map(_is_gate, shown)),
        gate_statements_without=sum(map(_is_gate, bare)),
        page_ms=page_ms,
        gate_ms=gate_ms,
    )


def measure_audit(app: Flask, rows: int = FULL) -> AuditCost:
    """Append by turns to `app`'s audit, filled up to `rows` entries, and to an empty database's.

    Fills the audit of `app` and leaves it so: give it a database that is thrown away.
    """
    with tempfile.TemporaryDirectory() as folder:
        empty = _empty_like(app, Path(folder))
        with app.app_context():
            _fill_audit(rows - (db.session.scalar(select(func.count(AuditEntry.id))) or 0))
        spent: dict[Flask, list[tuple[float, float]]] = {empty: [], app: []}
        for _ in range(AUDIT_ROUNDS):
            for each in (empty, app):
                with each.app_context():
                    spent[each] += [_append_ms() for _ in range(APPENDS)]
                    db.session.remove()
        with empty.app_context():
            db.engine.dispose()
    (empty_ms, empty_cpu), (full_ms, full_cpu) = (
        (statistics.median(wall for wall, _ in pairs), statistics.median(cpu for _, cpu in pairs))
        for pairs in (spent[empty], spent[app])
    )
    return AuditCost(rows, empty_ms, full_ms, empty_cpu, full_cpu)


def _empty_like(app: Flask, folder: Path) -> Flask:
    settings = dataclasses.replace(
        app.extensions["settings"],
        database_url=f"sqlite:///{folder}/empty.db",
        queue_url=f"sqlite:///{folder}/q.db",
    )
    empty = create_app(settings, TESTING=True)
    with empty.app_context():
        upgrade(directory=str(config.ROOT / "migrations"))
    return empty


def _somebody_alone() -> None:
    with writing():
        if db.session.get(FamilyMember, ALONE) is None:
            db.session.add(
                FamilyMember(id=ALONE, given_name="Alone", family_name="Dole", created_at=clock.now())
            )


def _is_gate(statement: str) -> bool:
    """A select out of the consents; the twin's EXISTS inside other statements is not one."""
    return "FROM consent" in statement.partition("WHERE")[0]


def _statements(engine: Any, call: Callable[[], object]) -> list[str]:
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.split(None, 1)[0].upper() not in ("BEGIN", "PRAGMA", "SET", "COMMIT", "ROLLBACK"):
            seen.append(" ".join(statement.split()))

    event.listen(engine, "before_cursor_execute", note)
    call()
    event.remove(engine, "before_cursor_execute", note)
    return seen


def _timed(call: Callable[[], object]) -> tuple[float, float]:
    """Medians of the CPU of a call and of the gate inside it, in milliseconds."""
    pages, gates = [], []
    for _ in range(ROUNDS):
        with _watched() as inside:
            start = time.process_time()
            for _ in range(CALLS):
                call()
            pages.append((time.process_time() - start) * 1000 / CALLS)
        gates.append(sum(inside) * 1000 / CALLS)
    return statistics.median(pages), statistics.median(gates)


@contextmanager
def _watched() -> Iterator[list[float]]:
    """Note the CPU seconds of every call into the gate from outside."""
    spent: list[float] = []
    real = {name: getattr(gate, name) for name in ENTRANCES}
    is_inside = False

    def watched(name: str) -> Callable[..., Any]:
        def entered(*args: Any, **kwargs: Any) -> Any:
            nonlocal is_inside
            if is_inside:
                return real[name](*args, **kwargs)
            is_inside, start = True, time.process_time()
            try:
                return real[name](*args, **kwargs)
            finally:
                spent.append(time.process_time() - start)
                is_inside = False

        return entered

    for name in ENTRANCES:
        setattr(gate, name, watched(name))
    try:
        yield spent
    finally:
        for name, function in real.items():
            setattr(gate, name, function)


def _append_ms() -> tuple[float, float]:
    """Wall and CPU milliseconds of one append with its commit."""
    start, cpu = time.perf_counter(), time.process_time()
    with writing():
        audit.record("client.viewed", actor=job("bench"), now=clock.now(), client_id=1, page="bench")
    return (time.perf_counter() - start) * 1000, (time.process_time() - cpu) * 1000


def _fill_audit(rows: int) -> None:
    progress, now = Progress("audit_entry", rows), clock.now()
    for start in range(0, rows, CHUNK):
        count = min(CHUNK, rows - start)
        with writing():
            db.session.execute(
                insert(AuditEntry),
                [
                    {
                        "at": now,
                        "kind": "client.viewed",
                        "actor_kind": "job",
                        "actor_name": "bench",
                        "client_id": number,
                        "fields": {"page": "bench"},
                    }
                    for number in range(start, start + count)
                ],
            )
        progress.add(count)
