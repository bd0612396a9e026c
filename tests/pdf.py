"""Reading a PDF without a library: whether it is tagged, and its text through the fonts' own maps."""

import re
import zlib

STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.S)
PAIR = re.compile(rb"<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]+)>")


def streams(content: bytes) -> list[bytes]:
    """Every stream, unpacked where it is packed."""
    found = []
    for raw in STREAM.findall(content):
        try:
            found.append(zlib.decompress(raw))
        except zlib.error:
            found.append(raw)
    return found


def objects(content: bytes) -> bytes:
    """The file with its packed objects laid open."""
    return content + b"\n".join(streams(content))


def text(content: bytes) -> str:
    """All words; spaces between pieces are lost, so compare without them."""
    known: dict[bytes, str] = {}
    for stream in streams(content):
        for block in re.findall(rb"beginbfchar(.*?)endbfchar", stream, re.S):
            for glyph, letters in PAIR.findall(block):
                known[glyph.lower()] = bytes.fromhex(letters.decode()).decode("utf-16-be")
    pieces = []
    for stream in streams(content):
        for shown in re.findall(rb"\[?((?:<[0-9a-fA-F]+>[-\d.\s]*)+)\]?\s*TJ?j?", stream):
            glyphs = b"".join(re.findall(rb"<([0-9a-fA-F]+)>", shown)).lower()
            pieces.append("".join(known.get(glyphs[n : n + 4], "") for n in range(0, len(glyphs), 4)))
    return "".join(pieces)
