"""What a file would do, row by row. Only so many rows are kept, whatever the file's length."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from portal.core.errors import Refused

ROWS_KEPT = 500
"""How many rows with a problem, and how many others, a report can show."""


class RowState(StrEnum):
    """What a row would do."""

    NEW = "new"
    CHANGED = "changed"
    GONE = "gone"
    """Not a row: somebody whom the file no longer names."""
    THERE = "there"
    PROBLEM = "problem"


WRITES = (RowState.NEW, RowState.CHANGED, RowState.GONE)
"""The states that applying does something about."""


@dataclass(frozen=True)
class ReportRow:
    """What becomes of one row; a problem has the refusal that says it in words.

    `wanted` is what the row asks for, in the shape of its kind.
    """

    number: int
    text: str
    state: RowState
    wanted: object = None
    problem: Refused | None = None
    names: tuple[str, ...] = ()
    """The columns that would change."""


@dataclass
class Report:
    """What a file would do. `problem` is one with the whole file."""

    rows: list[ReportRow] = field(default_factory=list)
    problem: Refused | None = None
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, row: ReportRow) -> None:
        """Count a row, and keep it while there is room for its sort."""
        self.counts[row.state] += 1
        problems = self.counts[RowState.PROBLEM]
        alike = problems if row.state is RowState.PROBLEM else self.total - problems
        if alike <= ROWS_KEPT:
            self.rows.append(row)

    def count(self, state: str) -> int:
        """How many rows are in a state."""
        return self.counts[state]

    @property
    def total(self) -> int:
        """How many rows there are."""
        return sum(self.counts.values())

    @property
    def to_write(self) -> int:
        """How many rows applying would do something about."""
        return sum(self.counts[state] for state in WRITES)

    @property
    def may_apply(self) -> bool:
        """Nothing is in the way, and something would change."""
        return self.problem is None and not self.count(RowState.PROBLEM) and self.to_write > 0
