"""The worker's tasks, a few lines each. The outbox is the truth; huey only wakes a sweep."""

from flask import Flask

from portal.mail.kinds import Registry


def init_app(app: Flask, kinds: Registry) -> None:
    """Give the tasks their application and the registry of mail kinds."""
    app.extensions["mail_kinds"] = kinds
