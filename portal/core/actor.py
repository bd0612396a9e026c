"""Who does something: passed into every service, never looked up inside one."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """`kind` is staff, client, family, desk, visitor or job; `name` is for a named job."""

    kind: str
    id: int | None = None
    name: str | None = None


def job(name: str) -> Actor:
    """A named job of the worker or the command line."""
    return Actor("job", None, name)


VISITOR = Actor("visitor")
