"""Plain lines that a document is made of, and the blocks that a page or a PDF shows of them.

`# ` a title, `## ` a heading, `- ` an item, else a paragraph.
"""

import hashlib
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from babel.dates import format_date


@dataclass(frozen=True)
class Block:
    """A piece of a text for a page: `kind` is title, heading, items or text."""

    kind: str
    lines: tuple[str, ...]


def digest(text: str) -> str:
    """SHA-256 of a text, as stored beside it."""
    return hashlib.sha256(text.encode()).hexdigest()


def day(on: date | None, language: str) -> str:
    """A date in words, in the document's language; nothing for no date."""
    return format_date(on, "long", locale=language) if on else ""


def blocks(text: str) -> list[Block]:
    """The text in pieces that a page can show."""
    marked = [_marked(line) for line in text.splitlines() if line.strip()]
    pieces: list[Block] = []
    for kind, group in groupby(marked, key=lambda pair: pair[0]):
        lines = tuple(line for _, line in group)
        pieces += [Block(kind, lines)] if kind == "items" else [Block(kind, (line,)) for line in lines]
    return pieces


def part(name: str, words: dict[str, str], **values: str) -> tuple[str, str]:
    """A heading and its text, filled with `values`."""
    return f"## {words[name]}", words[f"{name}_text"].format(**values)


def _marked(line: str) -> tuple[str, str]:
    for mark, kind in (("# ", "title"), ("## ", "heading"), ("- ", "items")):
        if line.startswith(mark):
            return kind, line.removeprefix(mark)
    return "text", line
