"""Tables as CSV files for a spreadsheet program, in which no cell can act."""

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response

ACTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A cell that begins with one of these is a formula to a spreadsheet program."""


def answer(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """The table as a file to keep. `name` holds no person's name; UTF-8 with a mark, for Excel."""
    response = Response("\ufeff" + text(header, rows), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The table as RFC 4180 text."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow([cell(each) for each in header])
    writer.writerows([cell(each) for each in row] for row in rows)
    return written.getvalue()


def cell(value: object) -> str:
    """A value as plain text: an apostrophe keeps a spreadsheet from working it out."""
    plain = "" if value is None else str(value)
    return f"'{plain}" if plain.lstrip(" ").startswith(ACTS) else plain
