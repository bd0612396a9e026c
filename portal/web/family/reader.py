"""Whose pages these are: the signed-in person's, or a relative's as their client previews them.

In the preview the reader is the relative and sees what this one client allows, nothing
that is the relative's own: no places, no progress, no answers, no other client.
"""

from dataclasses import dataclass
from datetime import datetime

from flask import g

from portal.consent.rules import Scope
from portal.disclosure import gate
from portal.disclosure.gate import LiveConsent, Permit
from portal.people.models import Client, FamilyMember
from portal.schedule import queries as schedule
from portal.web import access


@dataclass(frozen=True)
class Reader:
    """The person whose pages are shown. `previewed_by` is the client who looks, if one does."""

    person: FamilyMember
    previewed_by: Client | None = None

    @property
    def own_id(self) -> int | None:
        """The id for what is the person's alone: places, progress. None in the preview: there is none."""
        return None if self.previewed_by else self.person.id

    @property
    def zone(self) -> str:
        """The zone that decides which day it is for this person: theirs, else their location's."""
        if self.previewed_by:
            return self.person.timezone or self.previewed_by.location.timezone
        return self.person.timezone or schedule.zone_of(self.person.id) or "UTC"

    def consents(self, at: datetime) -> list[LiveConsent]:
        """The consents that give this person anything at `at`; in the preview the client's own alone."""
        found = gate.usable_consents(family_member_id=self.person.id, at=at)
        return [each for each in found if self._may_see(each.client_id)]

    def permits(self, at: datetime, scope: Scope | None = None) -> list[Permit]:
        """What the gate lets through at `at`; in the preview what this client allows alone."""
        found = gate.permits(family_member_id=self.person.id, at=at, scope=scope)
        return [each for each in found if self._may_see(each.client_id)]

    def _may_see(self, client_id: int) -> bool:
        return self.previewed_by is None or client_id == self.previewed_by.id


def reader() -> Reader:
    """The reader of this request. Only the preview's own guard can name another than the signed-in one."""
    previewed: Reader | None = g.get("previewed")
    return previewed or Reader(access.family_member())


def preview(person: FamilyMember, client: Client) -> None:
    """Let the client see this request's page as `person` would."""
    g.previewed = Reader(person, client)


def previewed() -> FamilyMember | None:
    """Whom the client looks at as; None on real pages."""
    found: Reader | None = g.get("previewed")
    return found.person if found else None
