"""Reading a table out of a CSV file that a person made: bytes in, numbered rows out.

Knows nothing of what the rows mean. Every problem is a `Refused` with the row it is in, so
that a page and a command say the same sentence.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from portal.core.errors import Refused

MAX_BYTES = 2 * 1024 * 1024
MAX_ROWS = 10_000
MAX_CELL = 500
SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True)
class TableRow:
    """One row by column name, its cells stripped; `number` is the line's in a spreadsheet."""

    number: int
    cells: dict[str, str]


def rows(
    data: bytes, *, required: frozenset[str], optional: frozenset[str] = frozenset()
) -> Iterator[TableRow]:
    """The rows of the file, one after the other; blank ones are left out.

    Refused `file_too_large`, `file_not_utf8`, `file_empty`, `file_broken` (row),
    `columns_missing` and `columns_unknown` (names), `columns_twice`, `row_too_long` (row),
    `too_many_rows`.
    """
    if len(data) > MAX_BYTES:
        raise Refused("file_too_large", field="file", megabytes=MAX_BYTES // (1024 * 1024))
    lines = _lines(_text(data))
    header = _header(next(lines, (0, []))[1], required, optional)
    for number, cells in lines:
        yield _row(number, cells, header)


def _text(data: bytes) -> str:
    """UTF-8, with or without the mark that spreadsheets put in front."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused("file_not_utf8", field="file") from error
    if "\x00" in text:  # UTF-16, or no text at all
        raise Refused("file_not_utf8", field="file")
    if not text.strip():
        raise Refused("file_empty", field="file")
    return text


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    number = found = 0
    while True:
        number += 1
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            raise Refused("file_broken", field="file", row=number) from error
        if not any(cells):
            continue
        found += 1
        if found > MAX_ROWS + 1:
            raise Refused("too_many_rows", field="file", most=MAX_ROWS)
        yield number, cells


def _separator(text: str) -> str:
    """What the first line is divided by: spreadsheets outside the US write semicolons."""
    first = text.lstrip().splitlines()[0]
    return max(SEPARATORS, key=first.count)


def _header(cells: list[str], required: frozenset[str], optional: frozenset[str]) -> list[str]:
    names = [" ".join(cell.lower().replace("_", " ").split()) for cell in cells]
    missing = required - set(names)
    unknown = {name for name in names if name} - required - optional
    if missing:
        raise Refused("columns_missing", field="file", names=", ".join(sorted(missing)))
    if unknown:
        raise Refused("columns_unknown", field="file", names=", ".join(sorted(unknown))[:MAX_CELL])
    if len(set(names)) != len(names):
        raise Refused("columns_twice", field="file")
    return names


def _row(number: int, cells: list[str], header: list[str]) -> TableRow:
    if len(cells) > len(header) and any(cells[len(header) :]):
        raise Refused("row_too_long", field="file", row=number)
    if any(len(cell) > MAX_CELL for cell in cells):
        raise Refused("row_too_long", field="file", row=number)
    padded = cells + [""] * (len(header) - len(cells))
    return TableRow(number, dict(zip(header, padded, strict=False)))
