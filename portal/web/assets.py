"""Addresses of static files. They carry a hash of the content, so a browser may keep them a year."""

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Flask, current_app, url_for
from markupsafe import Markup

_ICON = Markup('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>')


def asset(name: str) -> str:
    """The address of `static/<name>`. Raises FileNotFoundError for a name that is not there."""
    known: dict[str, str] = current_app.extensions["assets"]
    # A running server keeps its files; while somebody works on them, they change.
    if name not in known or current_app.debug:
        known[name] = _address(name)
    return known[name]


def _address(name: str) -> str:
    path = Path(current_app.static_folder or "") / name
    return url_for("static", filename=name, v=_digest(path, path.stat().st_mtime_ns))


def icon(name: str) -> Markup:
    """A picture of the sprite, always beside a word."""
    known: dict[str, Markup] = current_app.extensions["icons"]
    if name not in known or current_app.debug:
        known[name] = _ICON.format(asset("icons.svg"), name)
    return known[name]


@lru_cache(maxsize=32)
def _digest(path: Path, _changed_ns: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def init_app(app: Flask) -> None:
    """Offer both to the templates. A page asks dozens of times, so what was found is kept."""
    app.extensions["assets"], app.extensions["icons"] = {}, {}
    app.jinja_env.globals.update(asset=asset, icon=icon)
