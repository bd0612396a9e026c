"""What may be brought in: the words, the columns and the roles of each kind of file."""

from dataclasses import dataclass

from flask_babel import lazy_gettext as _

from portal.imports.models import ImportKind
from portal.people.models import Role


@dataclass(frozen=True)
class Column:
    """One column: its name in the first row, what to write, an example."""

    name: str
    what: object
    example: str


@dataclass(frozen=True)
class Kind:
    """One kind of file as its pages show it."""

    title: object
    line: object
    roles: frozenset[Role]
    columns: tuple[Column, ...]
    back: str = "imports"


PERSON = (
    Column("given name", _("The first name"), "Marcus"),
    Column("family name", _("The last name"), "Dole"),
)
FURTHER = (
    Column("email", _("An e-mail address; may be empty"), "marcus@mail.example"),
    Column("language", _("en or es; en if empty"), "en"),
)
CLIENT = (
    *PERSON,
    Column("birth date", _("The date of birth"), "1990-05-17"),
    Column("location", _("The location's name as it is entered here"), "Water Street"),
    Column("record number", _("The number in your record system; may be empty"), "A-1044"),
    *FURTHER,
    Column("track", _("For a new client: the timetable; may be empty"), "IOP evenings"),
    Column("start", _("The first day on the timetable"), "2026-03-09"),
    Column("therapist", _("The e-mail address of the therapist; may be empty"), "dana@center.example"),
    Column("last day", _("The last day of the program, once it has ended"), ""),
    Column("ended", _("With a last day: finished or left"), ""),
)
OWN = frozenset({Role.COORDINATOR})

KINDS: dict[ImportKind, Kind] = {
    ImportKind.TIMETABLE: Kind(
        _("Bring in a timetable"),
        _("Tracks and their groups. A calendar file (ICS) works too."),
        frozenset({Role.COORDINATOR, Role.ADMIN}),
        (
            Column("track", _("The name of the timetable that clients follow"), "IOP evenings"),
            Column("group", _("The name of the group"), "Process group"),
            Column("weekday", _("One or several days of the week"), "Mon-Thu"),
            Column("start", _("When it begins, in local time"), "5:30 PM"),
            Column("end", _("When it ends, on the same day"), "8:30 PM"),
            Column("from", _("The first day"), "2026-01-05"),
            Column("weeks", _("How many weeks a client usually stays; 10 if empty"), "10"),
            Column("until", _("The last day the group meets; empty if it goes on"), "2026-12-17"),
            Column("location", _("The location's name as it is entered here"), "Water Street"),
            Column("family hour", _("Whether this is the hour for families: yes or no"), "no"),
        ),
        back="schedule",
    ),
    ImportKind.CLIENTS: Kind(
        _("Bring in clients"),
        _("New clients are entered, known ones are updated. Nobody gets a consent, an account or an e-mail."),
        OWN,
        CLIENT,
        back="caseload",
    ),
    ImportKind.RELATIVES: Kind(
        _("Bring in relatives"),
        _("Relatives are linked to their clients. They see nothing until a consent is signed."),
        OWN,
        (
            Column(
                "client number", _("The client's number in your record system, or the three next"), "A-1044"
            ),
            Column("client given name", _("The client's first name"), "Marcus"),
            Column("client family name", _("The client's last name"), "Dole"),
            Column("client birth date", _("The client's date of birth"), "1990-05-17"),
            *PERSON,
            Column(
                "relationship",
                _(
                    "spouse, partner, mother, father, child, sibling, grandparent, "
                    "other relative, friend or guardian"
                ),
                "mother",
            ),
            *FURTHER,
            Column("phone", _("A telephone number; may be empty"), "555-0100"),
        ),
        back="caseload",
    ),
    ImportKind.SESSIONS: Kind(
        _("Bring in family sessions"),
        _("They come as drafts; publish them one by one. A calendar file (ICS) works too."),
        OWN,
        (
            Column("location", _("The location's name as it is entered here"), "Water Street"),
            Column("kind", _("multi-family, education evening or open house"), "education evening"),
            Column("date", _("The day"), "2026-04-14"),
            Column("start", _("When it begins, in local time"), "6:00 PM"),
            Column("end", _("When it ends, on the same day"), "7:30 PM"),
            Column("places", _("How many people may come"), "12"),
            Column("title en", _("The title in English"), "How recovery works"),
            Column("title es", _("The title in Spanish; may be empty for a draft"), ""),
            Column("language", _("The language spoken: en or es"), "en"),
            Column("room", _("The room; may be empty"), "Room 2"),
            Column("meeting", _("in person, video or both"), "in person"),
        ),
        back="sessions",
    ),
    ImportKind.CENSUS: Kind(
        _("Compare with the census"),
        _(
            "The file of everybody in care. You see who is new, who has changed and who is missing. "
            "Whoever is missing becomes a task; nobody's program ends by a file alone."
        ),
        OWN,
        CLIENT,
        back="caseload",
    ),
}


def kinds_for(roles: frozenset[Role]) -> dict[ImportKind, Kind]:
    """What a person with these roles may bring in."""
    return {kind: each for kind, each in KINDS.items() if each.roles & roles}
