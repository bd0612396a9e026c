"""How a file of any kind is looked at and applied.

1. Rows are read one after the other; none is kept longer than it takes.
2. The reader of the kind compares each with what is there.
3. Applying begins with the same look: while one row has a problem, nothing is written.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import ClassVar, TypeVar

from sqlalchemy import select

from portal.audit import service as audit
from portal.center.models import Program
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import Refused
from portal.imports import tables
from portal.imports.report import WRITES, Report, ReportRow, RowState
from portal.imports.tables import TableRow

Progress = Callable[[int], None]
"""Called with the number of rows done since the last call."""

Read = TypeVar("Read")
MAX_NAME = 120


def _quietly(_rows: int) -> None:
    """Nobody watches."""


class Importer(ABC):
    """One kind of file against what is there now. Made anew for each look.

    `location_ids` are the locations that may be touched; None: all of them (the command line).
    """

    required: ClassVar[frozenset[str]]
    optional: ClassVar[frozenset[str]] = frozenset()
    shown: ClassVar[tuple[str, ...]]
    """The columns that tell a person which row it is."""

    def __init__(self, *, location_ids: frozenset[int] | None = None, now: datetime) -> None:
        self.location_ids = location_ids
        self.now = now

    def rows(self, data: bytes) -> Iterable[TableRow]:
        """The rows of the file. Refused as `tables.read` is."""
        return tables.rows(data, required=self.required, optional=self.optional)

    @abstractmethod
    def compared(self, row: TableRow) -> tuple[RowState, object, tuple[str, ...]]:
        """The state of a row, what it wants, and the columns that differ. Raises Refused."""

    @abstractmethod
    def write(self, wanted: object, *, actor: Actor, now: datetime) -> None:
        """Do what a row wants."""

    def gone(self) -> Iterator[ReportRow]:
        """Who is no longer named; only a census asks."""
        return iter(())

    def reports(self, data: bytes, progress: Progress = _quietly) -> Iterator[ReportRow]:
        """What becomes of each row; a problem of one does not hide those of the others."""
        found = False
        for row in self.rows(data):
            found = True
            yield self._report(row)
            progress(1)
        if not found:
            raise Refused("file_empty", field="file")
        yield from self.gone()

    def _report(self, row: TableRow) -> ReportRow:
        text = ", ".join(filter(None, (row.cells.get(name, "") for name in self.shown)))
        try:
            if row.cells.get("problem"):
                raise Refused(row.cells["problem"])
            state, wanted, names = self.compared(row)
        except Refused as refused:
            return ReportRow(row.number, text, RowState.PROBLEM, problem=refused)
        return ReportRow(row.number, text, state, wanted, names=names)


def preview(importer: Importer, data: bytes, progress: Progress = _quietly) -> Report:
    """Compare the file with what is there. Writes nothing, raises nothing."""
    report = Report()
    try:
        for row in importer.reports(data, progress):
            report.add(row)
    except Refused as refused:
        return Report(problem=refused)
    return report


def checked(importer: Importer, data: bytes, progress: Progress = _quietly) -> Report:
    """The preview of a file that may be applied.

    Refused with the file's own problem, or `import_has_problems` while a row has one.
    """
    report = preview(importer, data, progress)
    if report.problem:
        raise report.problem
    if report.count(RowState.PROBLEM):
        raise Refused("import_has_problems", field="file", rows=report.count(RowState.PROBLEM))
    return report


def take_turns() -> None:
    """Two people who apply at once take turns, so the second finds everything there."""
    db.session.execute(select(Program.id).order_by(Program.id).with_for_update())


def write(
    importer: Importer,
    data: bytes,
    *,
    actor: Actor,
    now: datetime,
    first: int = 0,
    most: int | None = None,
    progress: Progress = _quietly,
) -> tuple[int, int]:
    """Write the rows from the `first` one on, at most so many; returns how many were seen and written.

    What is there already is passed over, so writing twice changes nothing. Refused as the
    row's own problem, which `checked` would have found.
    """
    seen = written = 0
    for place, row in enumerate(importer.reports(data)):
        if place < first:
            continue
        if most is not None and seen == most:
            break
        seen += 1
        if row.problem:
            raise row.problem
        if row.state in WRITES:
            importer.write(row.wanted, actor=actor, now=now)
            written += 1
        progress(1)
    return seen, written


def apply(
    make: Callable[[], Importer],
    data: bytes,
    *,
    kind: str,
    actor: Actor,
    now: datetime,
    progress: Progress = _quietly,
) -> Report:
    """Write the whole file or nothing of it; applying twice changes nothing."""
    take_turns()
    report = checked(make(), data, progress)
    _seen, written = write(make(), data, actor=actor, now=now, progress=progress)
    if written:
        audit.record(f"{kind}.imported", actor=actor, now=now, rows=report.total, added=written)
    return report


def read_cell(row: TableRow, column: str, reader: Callable[[str], Read], code: str) -> Read:
    """A cell as its column means it; Refused `code` with the column and what stands there."""
    text = row.cells.get(column, "")
    try:
        return reader(text)
    except ValueError as error:
        raise Refused(code, column=column, text=text[:40]) from error


def name_cell(row: TableRow, column: str, most: int = MAX_NAME) -> str:
    """A name; Refused `name_not_possible` for an empty or an endless one."""
    text = " ".join(row.cells.get(column, "").split())
    if not 1 <= len(text) <= most:
        raise Refused("name_not_possible", column=column, most=most)
    return text
