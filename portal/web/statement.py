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


def notice_short() -> str:
    """The short form always, where something is handed out that cannot carry it."""
    return SHORT[current()]


def init_app(app: Flask) -> None:
    """Offer both to the templates."""
    app.jinja_env.globals.update(statement=statement, notice_short=notice_short)
