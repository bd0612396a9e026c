"""Following by family, by pack or by lesson: how many are how far, and who never signed in.

Pure: it only adds up the people that `following.of_caseload` has read.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from portal.education.following import Person
from portal.education.queries import Followed
from portal.education.rules import Standing


@dataclass
class Group:
    """One family, pack or lesson. `code` is the client's id, a pack's code or the lesson's title."""

    code: str
    title: str
    standings: Counter[Standing] = field(default_factory=Counter)
    """How many picked lessons are how far."""
    stuck: int = 0
    away: list[str] = field(default_factory=list)
    """The short names of those who have never signed in, each once."""

    def add(self, person: Person, followed: Sequence[Followed]) -> None:
        """Count this person with these of their lessons."""
        self.standings.update(one.standing for one in followed)
        self.stuck += sum(one.is_stuck for one in followed)
        name = person.relationship.family_member.short_name
        if not person.has_signed_in and name not in self.away:
            self.away.append(name)


def by_family(people: Iterable[Person]) -> list[Group]:
    """One group for each client, with everybody linked to them."""
    groups: dict[str, Group] = {}
    for person in people:
        client = person.relationship.client
        group = groups.setdefault(str(client.id), Group(str(client.id), client.short_name))
        group.add(person, person.followed)
    return list(groups.values())


def by_pack(people: Iterable[Person]) -> list[Group]:
    """One group for each pack that something came with; `code` is empty for single lessons."""
    return _by_lesson(people, lambda one: one.assignment.pack_code or "")


def by_module(people: Iterable[Person]) -> list[Group]:
    """One group for each lesson that is picked for somebody, by title."""
    return sorted(_by_lesson(people, lambda one: one.title), key=lambda group: group.title)


def _by_lesson(people: Iterable[Person], key: Callable[[Followed], str]) -> list[Group]:
    groups: dict[str, Group] = {}
    for person in people:
        for code in dict.fromkeys(key(one) for one in person.followed):
            group = groups.setdefault(code, Group(code, code))
            group.add(person, [one for one in person.followed if key(one) == code])
    return list(groups.values())
