"""What a family home page costs: CPU as a ratio to the bare page, and statements."""

import statistics
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import event

from bench.floor import bare_app, cpu_ms, wsgi_call
from portal.accounts import service as accounts
from portal.accounts.models import Audience, User
from portal.core import clock
from portal.core.db import db, writing
from portal.people.models import FamilyMember

ROUNDS = 9
CALLS = 40


@dataclass(frozen=True)
class PageCost:
    """Medians over alternating rounds of the page and the floor."""

    page_ms: float
    floor_ms: float
    statements: int
    page_bytes: int
    floor_bytes: int

    @property
    def ratio(self) -> float:
        """Page to floor."""
        return self.page_ms / self.floor_ms


def signed_in(app: Flask, family_member_id: int) -> dict[str, str]:
    """The Cookie header of a browser in which this family member is signed in."""
    now = clock.now()
    with writing():
        member = db.session.get_one(FamilyMember, family_member_id)
        member.user = user = member.user or User(
            sign_in_name=f"bench{family_member_id}@mail.example", passphrase_hash="!", created_at=now
        )
        db.session.flush()
        return cookie(app, user, Audience.FAMILY, now)


def cookie(app: Flask, user: User, audience: Audience, now: datetime) -> dict[str, str]:
    """The Cookie header of a browser in which this account has opened some page before."""
    _session, secret = accounts.open_browser_session(
        user=user, audience=audience, now=now, second_factor=audience is Audience.STAFF
    )
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    signed = signer.dumps({"_user_id": secret, "_fresh": True, "csrf_token": "0" * 40})
    return {"Cookie": f"{app.config['SESSION_COOKIE_NAME']}={signed}"}


def measure(app: Flask, path: str, family_member_id: int, floor_path: str) -> PageCost:
    """Measure `path` for this person against the floor on the same database."""
    with app.app_context():
        headers = signed_in(app, family_member_id)
        engine = db.engine
        db.session.remove()
    page = wsgi_call(app, path, headers)
    floor = wsgi_call(bare_app(app.config["SQLALCHEMY_DATABASE_URI"]), floor_path)
    status, body = page()
    assert status == 200, f"{path} answered {status}"
    floor_status, floor_body = floor()
    assert floor_status == 200
    sent = statements(engine, page)
    pages, floors = [], []
    for _ in range(ROUNDS):
        pages.append(cpu_ms(page, CALLS))
        floors.append(cpu_ms(floor, CALLS))
    return PageCost(statistics.median(pages), statistics.median(floors), sent, len(body), len(floor_body))


def statements(engine: Any, call: Any) -> int:
    """How many SELECTs and the like one call sends; transaction control is not counted."""
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.split(None, 1)[0].upper() not in ("BEGIN", "PRAGMA", "SET", "COMMIT", "ROLLBACK"):
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    call()
    event.remove(engine, "before_cursor_execute", note)
    return len(seen)
