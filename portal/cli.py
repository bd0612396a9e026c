"""The `flask` commands, thin."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Register the commands."""
