"""Every string of the screens and mails stands in Spanish, with the same gaps."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

import config

SPANISH = config.ROOT / "portal" / "translations" / "es" / "LC_MESSAGES" / "messages.po"
GAP = re.compile(r"%\((\w+)\)[sd]")


@pytest.fixture(scope="module")
def strings(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """What the code and the templates say now."""
    template = tmp_path_factory.mktemp("strings") / "messages.pot"
    babel = Path(sys.executable).parent / "pybabel"
    command = [str(babel), "-q", "extract", "-F", "babel.cfg", "-k", "lazy_gettext", "-o", str(template), "."]
    subprocess.run(command, cwd=config.ROOT, check=True)
    with template.open("rb") as file:
        return read_po(file)


@pytest.fixture(scope="module")
def spanish() -> Catalog:
    """The Spanish catalogue."""
    with SPANISH.open("rb") as file:
        return read_po(file, locale="es")


def texts(message: Message) -> list[str]:
    """The string, or the strings of each number."""
    return [message.string] if isinstance(message.string, str) else list(message.string or [""])


def test_every_string_is_translated(strings: Catalog, spanish: Catalog) -> None:
    missing = []
    for message in strings:
        if not message.id:
            continue
        found = spanish.get(message.id if isinstance(message.id, str) else message.id[0])
        if found is None or found.fuzzy or not all(texts(found)):
            missing.append(message.id)
    assert missing == [], "run `make translations`, then fill in these"


def test_translations_have_the_same_gaps(spanish: Catalog) -> None:
    for message in spanish:
        if not message.id:
            continue
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        known = {gap for each in ids for gap in GAP.findall(each)}
        for text in texts(message):
            assert set(GAP.findall(text)) <= known, message.id
