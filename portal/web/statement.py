"""The statement on passing on (42 CFR 2.32) in its short form: one place for pages and prints.

A layout asks `statement()` after its page; it speaks once, and only where the response
shows something of a client. The full form stands on "What you can see".
"""

from flask import Flask

from portal.disclosure.notice import SHORT
from portal.web import ledger
from portal.web.language import current


def statement() -> str:
    """The short form in the page's language; empty where nothing is disclosed."""
    return SHORT[current()] if ledger.shows_records() else ""


def init_app(app: Flask) -> None:
    """Offer it to the layouts."""
    app.jinja_env.globals.update(statement=statement)
