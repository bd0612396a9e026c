"""The database itself refuses what the rules of `core.db` forbid."""

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.core.db import db, reading, writing
from tests.factories.people import make_location


def test_a_read_transaction_cannot_write(app: Flask) -> None:
    with pytest.raises(DBAPIError), reading():
        db.session.execute(text("DELETE FROM location"))


def test_a_write_outside_a_transaction_raises(app: Flask) -> None:
    location = make_location()
    location.name = "Elsewhere"
    with pytest.raises(RuntimeError, match="outside"):
        db.session.flush()
    db.session.rollback()


def test_transactions_do_not_nest(app: Flask) -> None:
    with writing(), pytest.raises(RuntimeError, match="nest"), writing():
        pass


def test_an_error_rolls_everything_back(app: Flask) -> None:
    location_id = make_location().id
    with pytest.raises(ZeroDivisionError), writing():
        db.session.execute(text("DELETE FROM location"))
        raise ZeroDivisionError
    assert db.session.execute(text("SELECT id FROM location")).scalar() == location_id
