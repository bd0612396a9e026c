"""Gather every string for translation and merge it into the Spanish catalogue."""

import subprocess
import sys
import tempfile
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "portal" / "translations" / "es" / "LC_MESSAGES" / "messages.po"
# No dates and no addresses in it: the file changes only when a string does.
HEADER = """# Spanish of the family portal's screens and mail. US Spanish, "usted".
msgid ""
msgstr ""
"Project-Id-Version: Family portal\\n"
"Language: es\\n"
"Language-Team: es\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"""


def main() -> None:
    """Extract, merge, write, compile; say what is left to translate."""
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "messages.pot"
        command = [Path(sys.executable).parent / "pybabel", "-q", "extract", "-F", "babel.cfg"]
        subprocess.run([*command, "-k", "lazy_gettext", "-o", template, "."], cwd=ROOT, check=True)
        with template.open("rb") as file:
            strings = read_po(file)
    with CATALOGUE.open("rb") as file:
        spanish = read_po(file, locale="es")
    spanish.update(strings, no_fuzzy_matching=True)
    spanish.obsolete.clear()
    with CATALOGUE.open("wb") as file:
        file.write(HEADER.encode() + b"\n")
        write_po(file, spanish, omit_header=True, no_location=True, sort_output=True, width=110)
    with CATALOGUE.with_suffix(".mo").open("wb") as file:
        write_mo(file, spanish)
    left = [message.id for message in spanish if message.id and not all(_texts(message.string))]
    print(f"{len(spanish)} strings, {len(left)} to translate", *left, sep="\n  ")


def _texts(string: object) -> list[str]:
    return [string] if isinstance(string, str) else list(string or [""])  # type: ignore[call-overload]


if __name__ == "__main__":
    main()
