"""Addresses of static files. They carry a hash of the content, so a browser may keep them a year."""

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Flask, current_app, url_for


def asset(name: str) -> str:
    """The address of `static/<name>`. Raises FileNotFoundError for a name that is not there."""
    path = Path(current_app.static_folder or "") / name
    # A running server keeps its files; while somebody works on them, they change.
    changed_ns = path.stat().st_mtime_ns if current_app.debug else 0
    return url_for("static", filename=name, v=_digest(path, changed_ns))


@lru_cache(maxsize=32)
def _digest(path: Path, _changed_ns: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def init_app(app: Flask) -> None:
    """Offer `asset` to the templates."""
    app.jinja_env.globals.update(asset=asset)
