"""Who may open what: every route, each person, each method, against a table written apart from the code.

`matrix.txt` has one line a route: address, methods, and the letters of who may come in. A route that is
not in it fails, and so does a line without its route. The people of one location are sent with the ids of
their own clients and with those of another location's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from portal.accounts.models import Audience, User
from portal.core.actor import job
from portal.core.db import writing
from portal.oversight import tasks
from portal.oversight.rules import TaskKind
from portal.people.models import Role
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.people import (
    make_care_team_member,
    make_client,
    make_family_member,
    make_location,
    make_staff,
    make_user,
)
from tests.signin import post, sign_in

TABLE = Path(__file__).with_name("matrix.txt")
LETTERS = {
    "O": "somebody signed out",
    "F": "a family member",
    "K": "a client",
    "T": "a therapist",
    "C": "a coordinator",
    "A": "an administrator",
    "P": "the privacy officer",
}
STAFF = {"T": Role.THERAPIST, "C": Role.COORDINATOR, "A": Role.ADMIN, "P": Role.PRIVACY_OFFICER}
NOWHERE = 100_000_000_000_001
SIGNS_OUT = ("/sign-out", "/leave")
NEEDS_MORE = ("/staff/consents/new", "/my/check-in/leave")
"""Not there without a query or something that waits: 404 is the page's own answer."""


@dataclass(frozen=True)
class Line:
    """One route of the table."""

    address: str
    methods: frozenset[str]
    who: frozenset[str]


def table() -> dict[str, Line]:
    """The table, by address."""
    lines = {}
    for text in TABLE.read_text().splitlines():
        if text.strip() and not text.startswith("#"):
            address, methods, who = text.split()
            lines[address] = Line(address, frozenset(methods.split(",")), frozenset(who.strip("-")))
    return lines


def routes(app: Flask) -> dict[str, Rule]:
    """The routes of the application, by address."""
    return {rule.rule: rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"}


def methods_of(rule: Rule) -> set[str]:
    return (rule.methods or set()) & {"GET", "POST", "PUT", "DELETE", "PATCH"}


@dataclass(frozen=True)
class Place:
    """One location: somebody of each audience and role, and the ids that belong to them."""

    users: dict[str, User]
    ids: dict[str, int]


def settle() -> Place:
    """A client with therapist and relative, who has a consent; a coordinator; a task."""
    location = make_location()
    client, member = make_client(location=location, user=make_user()), make_family_member(user=make_user())
    consent = make_signed_consent(client=client, family_member=member)
    staff = {letter: make_staff(role, location=location, user=make_user()) for letter, role in STAFF.items()}
    make_care_team_member(client, staff["T"])
    with writing():
        task = tasks.open_task(
            TaskKind.OTHER,
            subject=f"client:{client.id}",
            location_id=location.id,
            client_id=client.id,
            actor=job("test"),
            now=NOW,
        )
    users = {"F": member.user, "K": client.user} | {letter: each.user for letter, each in staff.items()}
    return Place(
        users={letter: user for letter, user in users.items() if user},
        ids={
            "client_id": client.id,
            "relationship_id": consent.relationship_id,
            "consent_id": consent.id,
            "task_id": task.id,
        },
    )


def enter(client: FlaskClient, letter: str, place: Place) -> None:
    audience = {"F": Audience.FAMILY, "K": Audience.CLIENT}.get(letter, Audience.STAFF)
    sign_in(client, place.users[letter], audience)


def build(rule: Rule, ids: dict[str, int]) -> str:
    """The address with these ids; what they do not have belongs to nothing."""
    values = {
        name: ids.get(name, NOWHERE) if type(converter).__name__ == "IntegerConverter" else "nothing-here"
        for name, converter in rule._converters.items()
    }
    built = rule.build(values)
    assert built is not None
    return built[1]


def answers(client: FlaskClient, rule: Rule, ids: dict[str, int]) -> Iterator[tuple[str, int, str]]:
    for method in sorted(methods_of(rule)):
        address = build(rule, ids)
        answer = client.get(address) if method == "GET" else post(client, address)
        yield method, answer.status_code, answer.location or ""


def is_right(*, may: bool, letter: str, rule: Rule, status: int, location: str) -> bool:
    """Whether an answer is what the table says. Signed out: the door, never a word more."""
    at_door = status in (302, 303) and location.startswith("/sign-in")
    if may:
        bound = (
            bool(rule.arguments) or rule.rule in NEEDS_MORE
        )  # whether there is such a thing, is the page's own to say
        return status < 500 and (status != 404 or bound) and (letter == "O" or not at_door or bound)
    return (at_door or status == 404) if letter == "O" else status == 404


def test_the_table_and_the_routes_are_the_same_set(app: Flask) -> None:
    known, there = table(), routes(app)
    assert set(there) - set(known) == set(), "new routes: say in matrix.txt who may open them"
    assert set(known) - set(there) == set(), "lines of routes that are gone"
    wrong = {address for address, rule in there.items() if methods_of(rule) != known[address].methods}
    assert wrong == set(), "other methods than the table says"


def test_the_table_is_large_enough_to_mean_something(app: Flask) -> None:
    cells = sum(len(line.methods) for line in table().values()) * len(LETTERS)
    assert cells >= 1500


@pytest.mark.parametrize("letter", list(LETTERS))
def test_each_person_opens_what_the_table_says(app: Flask, client: FlaskClient, letter: str) -> None:
    place, lines, wrong = settle(), table(), []
    if letter != "O":
        enter(client, letter, place)
    for address, rule in routes(app).items():
        if address in SIGNS_OUT:
            continue
        may = letter in lines[address].who
        for method, status, location in answers(client, rule, {}):
            if not is_right(may=may, letter=letter, rule=rule, status=status, location=location):
                wrong.append(f"{method} {address}: {status} {location}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("letter", ["K", "T", "C", "A", "P"])
def test_the_clients_of_another_location_are_not_there(app: Flask, client: FlaskClient, letter: str) -> None:
    here, elsewhere = settle(), settle()
    opened, closed = [], 0
    enter(client, letter, here)
    for address, rule in routes(app).items():
        if not set(rule.arguments) & set(here.ids) or rule.endpoint.startswith(("public.", "signin.")):
            continue
        if letter == "P" and rule.endpoint.startswith("privacy."):
            continue  # the privacy office answers for every location
        for method, status, _location in answers(client, rule, elsewhere.ids):
            closed += status == 404
            if status != 404:
                opened.append(f"{method} {address}: {status}")
    assert not opened, "\n".join(opened)
    assert closed >= 20, "the walk is too short to mean anything"
