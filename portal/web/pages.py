"""How a page says its address: `@pages.get("/home")` beside the view.

A module collects its pages; the audience's `build()` puts them on a blueprint. So the
family pages can be mounted a second time, read-only, as the client's preview.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import Blueprint

from portal.accounts.models import Audience
from portal.web import access

View = TypeVar("View", bound=Callable[..., Any])


@dataclass
class Pages:
    """The pages of one module. The endpoint is the view's name."""

    rules: list[tuple[str, Callable[..., Any], tuple[str, ...]]] = field(default_factory=list)

    def get(self, rule: str) -> Callable[[View], View]:
        """A page that only shows."""
        return self._add(rule, "GET")

    def form(self, rule: str) -> Callable[[View], View]:
        """A page with a form that posts to itself."""
        return self._add(rule, "GET", "POST")

    def post(self, rule: str) -> Callable[[View], View]:
        """A button: changes something, then redirects."""
        return self._add(rule, "POST")

    def _add(self, rule: str, *methods: str) -> Callable[[View], View]:
        def remember(view: View) -> View:
            self.rules.append((rule, view, methods))
            return view

        return remember


def blueprint(
    name: str, audience: Audience | None, modules: Iterable[Pages], url_prefix: str | None = None
) -> Blueprint:
    """The guarded blueprint of one audience with the pages of its modules."""
    made = access.guard(Blueprint(name, "portal", url_prefix=url_prefix), audience)
    for pages in modules:
        for rule, view, methods in pages.rules:
            # "/" of a prefix is the prefix itself: `/staff`, not a redirect to `/staff/`.
            address = "" if rule == "/" and url_prefix else rule
            made.add_url_rule(address, view.__name__, view, methods=list(methods))
    return made
