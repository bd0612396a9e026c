"""What stands in the ledger, in words: for the client's page and the accounting."""

from flask_babel import lazy_gettext as _

from portal.consent import wording
from portal.disclosure.accounting import Line
from portal.disclosure.models import Channel
from portal.disclosure.notice import SHORT
from portal.web import language
from portal.web.scopes import BOXES

__all__ = ["CHANNELS", "SHORT", "SUBJECTS", "purpose", "subject"]

SUBJECTS = {
    "session": _("A family session"),
    "sessions": _("The list of family sessions"),
    "week": _("Your calendar of one week"),
    "weeks": _("Your calendar of the coming weeks"),
    "assignment": _("A lesson picked for you two"),
    "permission": _("What this person may see"),
    "program_step": _("Where you are in the program"),
    "program_end": _("That the program has ended"),
}

CHANNELS = {
    Channel.PAGE: _("on a page"),
    Channel.FEED: _("in their own calendar"),
    Channel.PRINT: _("on paper"),
    Channel.FILE: _("in a file"),
    Channel.PHONE: _("by telephone"),
    Channel.MAIL: _("in an e-mail"),
}


def subject(line: Line) -> str:
    """What was shown."""
    return str(SUBJECTS.get(line.subject_kind) or BOXES[line.scope].label)


def purpose(line: Line) -> str:
    """What the consent says it is for."""
    return wording.PURPOSES[language.current()].get(line.purpose, line.purpose)
