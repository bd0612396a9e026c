"""The worker's tasks, a few lines each. The outbox is the truth; huey only wakes a sweep."""

from typing import Any

from flask import Flask


def init_app(app: Flask, kinds: dict[str, Any]) -> None:
    """Give the tasks their application and the registry of mail kinds."""
    app.extensions["mail_kinds"] = kinds
