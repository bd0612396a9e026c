"""The navigation of staff, administrators and the privacy office: one table, shown by role."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from flask import Flask, request
from flask_babel import lazy_gettext as _

from portal.web.access import ROLES, viewer
from portal.web.frame import href


@dataclass(frozen=True)
class Entry:
    """One link of the menu. It stands there only for those who may open its page."""

    endpoint: str
    label: str
    icon: str
    group: str


WORK, FOLLOW_UP, CENTER, PRIVACY = _("My work"), _("Follow up"), _("Center"), _("Privacy office")

ENTRIES = (
    Entry("staff.home", _("Overview"), "home", WORK),
    Entry("staff.today", _("Today"), "sun", WORK),
    Entry("staff.task_list", _("Tasks"), "check", WORK),
    Entry("staff.caseload", _("Caseload"), "people", WORK),
    Entry("staff.caller", _("At the telephone"), "phone", WORK),
    Entry("staff.intake", _("New client"), "plus", WORK),
    Entry("staff.sessions", _("Family sessions"), "calendar", WORK),
    Entry("staff.schedule", _("Program schedule"), "clock", WORK),
    Entry("staff.lessons", _("Lessons"), "book", WORK),
    Entry("staff.packs_list", _("Packs of lessons"), "list", WORK),
    Entry("staff.call_lists", _("Call lists"), "phone", FOLLOW_UP),
    Entry("staff.lessons_progress", _("Reading of lessons"), "eye", FOLLOW_UP),
    Entry("staff.consents", _("Consents"), "key", FOLLOW_UP),
    Entry("staff.desk", _("Signing desk"), "pen", FOLLOW_UP),
    Entry("staff.invitations", _("Invitations"), "mail", FOLLOW_UP),
    Entry("admin.settings", _("Settings"), "gear", CENTER),
    Entry("admin.locations", _("Locations"), "pin", CENTER),
    Entry("admin.users", _("Staff accounts"), "people", CENTER),
    Entry("staff.handovers", _("Hand over"), "people", CENTER),
    Entry("staff.second_steps", _("Lost phones"), "key", CENTER),
    Entry("admin.outbox", _("Outgoing e-mail"), "mail", CENTER),
    Entry("staff.imports", _("Bring in data"), "upload", CENTER),
    Entry("privacy.home", _("Overview"), "shield", PRIVACY),
    Entry("privacy.accountings", _("Accounting of disclosures"), "eye", PRIVACY),
    Entry("privacy.notices_list", _("Notice to clients"), "book", PRIVACY),
    Entry("privacy.audit", _("Audit"), "list", PRIVACY),
)


ALONE = frozenset({"staff.home", "privacy.home"})
"""First pages: every other page begins with their address, too."""


@dataclass(frozen=True)
class Link:
    """An entry as it is shown: its address, and whether it is the page of this request."""

    entry: Entry
    address: str
    is_current: bool


def menu() -> list[tuple[str, list[Link]]]:
    """The viewer's links by group, in the order of the table."""
    return [
        (str(group), list(links)) for group, links in groupby(_links(), key=lambda link: link.entry.group)
    ]


def _links() -> Iterator[Link]:
    current = _current()
    for entry in ENTRIES:
        address = href(entry.endpoint)
        if address and viewer().roles & ROLES.get(entry.endpoint, frozenset()):
            yield Link(entry, address, is_current=entry is current)


def _current() -> Entry | None:
    """The entry whose address is the longest beginning of this page's."""
    found, length = None, 0
    for entry in ENTRIES:
        address = href(entry.endpoint) or ""
        inside = request.path == address or request.path.startswith(address + "/")
        if inside and len(address) > length and (entry.endpoint not in ALONE or request.path == address):
            found, length = entry, len(address)
    return found


def init_app(app: Flask) -> None:
    """Offer the menu to the layouts."""
    app.jinja_env.globals.update(menu=menu)
