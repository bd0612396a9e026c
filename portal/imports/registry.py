"""The kinds of file that can be brought in, and who reads each."""

from portal.imports.clients import CensusImporter, ClientImporter
from portal.imports.importer import Importer
from portal.imports.models import ImportKind
from portal.imports.relatives import RelativeImporter
from portal.imports.sessions import SessionImporter
from portal.imports.timetables import TimetableImporter

IMPORTERS: dict[ImportKind, type[Importer]] = {
    ImportKind.TIMETABLE: TimetableImporter,
    ImportKind.CLIENTS: ClientImporter,
    ImportKind.RELATIVES: RelativeImporter,
    ImportKind.SESSIONS: SessionImporter,
    ImportKind.CENSUS: CensusImporter,
}

CALENDARS = frozenset({ImportKind.TIMETABLE, ImportKind.SESSIONS})
"""Kinds that may also come as a calendar file."""
EVERYWHERE = frozenset({ImportKind.TIMETABLE})
"""Kinds that are not bound to the locations of whoever brings them in."""
