"""Who plays in the demo. Every name is invented; given names are all different."""

from dataclasses import dataclass
from enum import StrEnum

from portal.consent.rules import Scope
from portal.people.models import RelationshipCode, Role

EVERYDAY = frozenset({Scope.SESSIONS, Scope.LESSONS, Scope.PROGRAM_TIMES})
NEARLY_EVERYTHING = frozenset(Scope) - {Scope.GROUP_NAMES}
NO_TIMES = frozenset({Scope.SESSIONS, Scope.LESSONS})
NAMED = EVERYDAY | {Scope.GROUP_NAMES}

MORNINGS, EVENINGS = "IOP mornings", "IOP evenings"


class Story(StrEnum):
    """What became of a consent."""

    ACTIVE = "active"
    ENDS_SOON = "ends_soon"
    WAITING = "waiting"
    ON_HOLD = "on_hold"
    REVOKED = "revoked"
    NARROWED = "narrowed"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Relative:
    """A family member and the consent that names them."""

    given_name: str
    family_name: str
    code: RelationshipCode
    story: Story = Story.ACTIVE
    scopes: frozenset[Scope] = EVERYDAY
    language: str = "en"
    has_account: bool = True


@dataclass(frozen=True)
class Player:
    """A client: `weeks` ago they began, on which track, with whom around them."""

    given_name: str
    family_name: str
    born: int
    track: str
    weeks: int
    relatives: tuple[Relative, ...] = ()
    language: str = "en"
    no_family_contact: bool = False


@dataclass(frozen=True)
class Colleague:
    """A member of staff."""

    given_name: str
    family_name: str
    role: Role


STAFF = (
    Colleague("Dana", "Ortiz", Role.THERAPIST),
    Colleague("Samuel", "Adeyemi", Role.THERAPIST),
    Colleague("Grace", "Lindqvist", Role.COORDINATOR),
    Colleague("Ivy", "Nakamura", Role.PRIVACY_OFFICER),
    Colleague("Omar", "Haddad", Role.ADMIN),
)

MOTHER, FATHER, SPOUSE = RelationshipCode.MOTHER, RelationshipCode.FATHER, RelationshipCode.SPOUSE
SIBLING, CHILD, PARTNER = RelationshipCode.SIBLING, RelationshipCode.CHILD, RelationshipCode.PARTNER
GRANDPARENT = RelationshipCode.GRANDPARENT

CLIENTS = (
    Player(
        "Marcus",
        "Rivera",
        1994,
        EVENINGS,
        3,
        (
            Relative("Elena", "Rivera", MOTHER, scopes=NEARLY_EVERYTHING),
            Relative("Hector", "Rivera", FATHER, Story.WAITING, has_account=False),
        ),
    ),
    Player("Priya", "Raman", 1989, MORNINGS, 5, (Relative("Anil", "Raman", SPOUSE, scopes=NAMED),)),
    Player(
        "Dwayne",
        "Kerr",
        1978,
        EVENINGS,
        7,
        (
            Relative("Loretta", "Kerr", MOTHER, Story.ON_HOLD),
            Relative("Tyrone", "Kerr", SIBLING, scopes=NO_TIMES),
        ),
    ),
    Player("Hannah", "Wolf", 1996, MORNINGS, 1),
    Player(
        "Luis",
        "Ortega",
        1985,
        EVENINGS,
        2,
        (
            Relative("Rosa", "Ortega", SPOUSE, scopes=NAMED, language="es"),
            Relative("Carmen", "Ortega", MOTHER, language="es"),
        ),
        language="es",
    ),
    Player(
        "Aisha",
        "Bello",
        1991,
        MORNINGS,
        4,
        (
            Relative("Tunde", "Bello", FATHER),
            Relative("Folake", "Bello", MOTHER, Story.ENDS_SOON),
        ),
    ),
    Player(
        "Connor",
        "Walsh",
        2001,
        EVENINGS,
        0,
        (
            Relative("Maeve", "Walsh", MOTHER, Story.WAITING, has_account=False),
            Relative("Declan", "Walsh", FATHER, Story.WAITING, has_account=False),
        ),
    ),
    Player("Mei", "Tanaka", 1983, MORNINGS, 6, (Relative("Kenji", "Tanaka", SPOUSE),)),
    Player(
        "Jamal",
        "Brooks",
        1999,
        EVENINGS,
        5,
        (Relative("Denise", "Brooks", MOTHER), Relative("Andre", "Brooks", SIBLING, Story.REVOKED)),
    ),
    Player("Sofia", "Petrov", 1976, MORNINGS, 8, (Relative("Nikolai", "Petrov", SPOUSE, Story.ENDS_SOON),)),
    Player(
        "Ravi",
        "Menon",
        1992,
        EVENINGS,
        1,
        (
            Relative("Lakshmi", "Menon", MOTHER, scopes=NAMED),
            Relative("Arun", "Menon", FATHER, has_account=False),
        ),
    ),
    Player(
        "Naomi",
        "Stein",
        1988,
        MORNINGS,
        9,
        (
            Relative("Walter", "Stein", FATHER, scopes=NO_TIMES, has_account=False),
            Relative("Judith", "Stein", MOTHER),
        ),
    ),
    Player("Tyler", "Hayes", 1997, EVENINGS, 4, no_family_contact=True),
    Player(
        "Camila",
        "Reyes",
        1990,
        MORNINGS,
        3,
        (
            Relative("Jorge", "Reyes", PARTNER, language="es"),
            Relative("Pilar", "Reyes", MOTHER, Story.NARROWED, language="es"),
        ),
        language="es",
    ),
    Player(
        "Noah",
        "Fischer",
        2000,
        EVENINGS,
        6,
        (
            Relative("Ingrid", "Fischer", MOTHER),
            Relative("Lukas", "Fischer", SIBLING, scopes=NO_TIMES, has_account=False),
        ),
    ),
    Player(
        "Destiny",
        "Moore",
        1995,
        MORNINGS,
        2,
        (
            Relative("Patricia", "Moore", GRANDPARENT),
            Relative("Calvin", "Moore", FATHER, Story.ON_HOLD),
        ),
    ),
    Player(
        "Viktor",
        "Novak",
        1972,
        EVENINGS,
        8,
        (
            Relative("Zuzana", "Novak", SPOUSE),
            Relative("Pavel", "Novak", CHILD, scopes=NO_TIMES, has_account=False),
        ),
    ),
    Player(
        "Amara",
        "Okafor",
        1987,
        MORNINGS,
        0,
        (
            Relative("Chidi", "Okafor", SIBLING, Story.WAITING, has_account=False),
            Relative("Ngozi", "Okafor", MOTHER, Story.WAITING, has_account=False),
        ),
    ),
    Player(
        "Ethan",
        "Park",
        1998,
        EVENINGS,
        9,
        (
            Relative("Soo-jin", "Park", MOTHER),
            Relative("Min-ho", "Park", FATHER, has_account=False),
        ),
    ),
    Player(
        "Leila",
        "Karimi",
        1993,
        MORNINGS,
        7,
        (
            Relative("Dariush", "Karimi", FATHER, Story.ENDS_SOON),
            Relative("Shirin", "Karimi", MOTHER),
        ),
    ),
    Player("Brandon", "Cole", 1986, EVENINGS, 3, (Relative("Melissa", "Cole", SPOUSE, Story.REVOKED),)),
    Player(
        "Yolanda",
        "Cruz",
        1979,
        MORNINGS,
        5,
        (Relative("Teresa", "Cruz", CHILD, language="es"),),
        language="es",
    ),
    Player(
        "Peter",
        "Nguyen",
        1984,
        EVENINGS,
        2,
        (
            Relative("Linh", "Nguyen", SPOUSE),
            Relative("Bao", "Nguyen", FATHER, scopes=NO_TIMES, has_account=False),
        ),
    ),
    Player(
        "Kayla",
        "Reed",
        2002,
        MORNINGS,
        1,
        (Relative("Donna", "Reed", MOTHER, scopes=NAMED), Relative("Keith", "Reed", FATHER)),
    ),
    Player("Isaac", "Reed", 1999, EVENINGS, 6, (Relative("Donna", "Reed", MOTHER),)),
    Player(
        "Fatima",
        "Aziz",
        1990,
        MORNINGS,
        4,
        (Relative("Yusuf", "Aziz", SPOUSE), Relative("Mariam", "Aziz", SIBLING, scopes=NO_TIMES)),
    ),
    Player(
        "Gary",
        "Sullivan",
        1968,
        EVENINGS,
        7,
        (Relative("Nora", "Sullivan", CHILD), Relative("Colm", "Sullivan", CHILD, Story.EXPIRED)),
    ),
    Player("Alina", "Popescu", 1994, MORNINGS, 8),
    Player("Desmond", "Clarke", 1981, EVENINGS, 5, no_family_contact=True),
    Player(
        "Rachel",
        "Gold",
        1989,
        MORNINGS,
        2,
        (Relative("Adam", "Gold", SPOUSE), Relative("Miriam", "Gold", MOTHER, Story.ENDS_SOON)),
    ),
)
