"""A letter put into words: subject, text and HTML in the reader's language.

No Flask here: the templates of `templates/mail` have a Jinja environment of their own and
take their sentences from the same catalogue as the pages.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, get_timezone_name
from babel.support import Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from portal.mail.kinds import Kind, Letter

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("en", "es")
_MOMENTS = {"en": "EEE, MMM d, h:mm a", "es": "EEE d MMM, h:mm a"}
_DAYS = {"en": "EEE, MMM d", "es": "EEE d MMM"}
_NOT_IN_A_HEADER = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")


@dataclass(frozen=True)
class Office:
    """Who the mail says it is from, and where its links lead."""

    name: str
    """The discreet name; never the program's."""
    phone: str
    base_url: str


@dataclass(frozen=True)
class Words:
    """The finished words of one mail."""

    subject: str
    text: str
    html: str


@lru_cache(maxsize=1024)  # many letters tell of the same hour
def moment(at: datetime, zone: str, language: str) -> str:
    """ "Tue, Mar 4, 6:00 PM" / "mar 4 mar, 6:00 p. m.": the instant `at` in `zone`."""
    known = language if language in LANGUAGES else "en"
    text = format_datetime(at.astimezone(ZoneInfo(zone)), _MOMENTS[known], locale=known)
    return text.replace("\u202f", " ").replace("\xa0", " ")


def day(on: date, language: str) -> str:
    """ "Tue, Mar 4" / "mar 4 mar"."""
    known = language if language in LANGUAGES else "en"
    return format_date(on, _DAYS[known], locale=known)


@lru_cache(maxsize=1024)
def zone_name(zone: str, language: str) -> str:
    """ "Eastern Time" / "hora oriental"."""
    return get_timezone_name(ZoneInfo(zone), locale=language if language in LANGUAGES else "en")


@lru_cache
def environment(language: str) -> Environment:
    """The templates in one language. HTML escapes by itself."""
    made = Environment(
        loader=FileSystemLoader(ROOT / "templates" / "mail"),
        autoescape=select_autoescape(["html"], default=False),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    catalogue = Translations.load(ROOT / "portal" / "translations", [language])
    made.install_gettext_callables(  # type: ignore[attr-defined]
        catalogue.gettext, catalogue.ngettext, newstyle=True
    )
    made.globals.update(
        language=language,
        moment=lambda at, zone: moment(at, zone, language),
        day=lambda on: day(on, language),
        zone_name=lambda zone: zone_name(zone, language),
    )
    return made


def write(kind: Kind, letter: Letter, office: Office, stop_token: str | None = None) -> Words:
    """Put one letter into words. Raises a Jinja error for a gap without a value."""
    words = environment(letter.language if letter.language in LANGUAGES else "en")
    values = {
        "name": one_line(letter.name),
        "office": office.name,
        "phone": office.phone,
        "link": lambda path: office.base_url + path,
        "stop_path": f"/mail/{stop_token}" if stop_token else None,
        **letter.values,
    }
    file = letter.template or kind.name
    subject, text, html = (
        words.get_template(f"{file}.{form}").render(values) for form in ("subject", "txt", "html")
    )
    return Words(one_line(subject), text.strip() + "\n", html.strip() + "\n")


def one_line(text: str) -> str:
    """The text without line ends and control signs, so that it cannot start a header."""
    return " ".join(_NOT_IN_A_HEADER.sub(" ", text).split())
