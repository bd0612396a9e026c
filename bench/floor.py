"""The floors: the least that a page or a mail can cost, measured in the same run."""

import smtplib
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

from flask import Flask, render_template
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from werkzeug.test import EnvironBuilder, run_wsgi_app


class _Base(DeclarativeBase):
    pass


class Person(_Base):
    """The one table that the floor reads: the portal's own family members."""

    __tablename__ = "family_member"

    id: Mapped[int] = mapped_column(primary_key=True)
    given_name: Mapped[str]


def bare_app(database_url: str) -> Flask:
    """A bare Flask page: one select by key, one template of about 10 kB, nothing else."""
    app = Flask("floor", template_folder=str(Path(__file__).parent / "templates"))
    app.config["SQLALCHEMY_DATABASE_URI"] = database_url
    floor_db = SQLAlchemy(metadata=_Base.metadata)
    floor_db.init_app(app)

    @app.get("/page/<int:person_id>")
    def page(person_id: int) -> str:
        person = floor_db.session.scalars(select(Person).where(Person.id == person_id)).one()
        return render_template("floor.html", person=person, rows=range(20))

    return app


def wsgi_call(
    app: Flask, path: str, headers: dict[str, str] | None = None
) -> Callable[[], tuple[int, bytes]]:
    """A function that asks `path` once through WSGI, no network and no test client between."""

    def call() -> tuple[int, bytes]:
        environ = EnvironBuilder(path=path, headers=headers or {}).get_environ()
        chunks, status, _headers = run_wsgi_app(app.wsgi_app, environ, buffered=True)
        return int(status.split()[0]), b"".join(chunks)

    return call


def cpu_ms(call: Callable[[], object], times: int) -> float:
    """CPU milliseconds of this process per call."""
    start = time.process_time()
    for _ in range(times):
        call()
    return (time.process_time() - start) * 1000 / times


def smtp_rate(host: str, port: int, count: int) -> float:
    """Messages a second: `smtplib.send_message` on one kept connection, fsync or database none."""
    with smtplib.SMTP(host, port, timeout=20) as server:
        start = time.perf_counter()
        for number in range(count):
            server.send_message(_message(number))
        return count / (time.perf_counter() - start)


def _message(number: int) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "Reminder: appointment Tue, Mar 4, 6:00 PM"
    message["From"] = "Maple Street Office <office@mail.example>"
    message["To"] = f"member{number}@mail.example"
    text = "Hello Elena, you have an appointment on Tuesday, March 4 at 6:00 PM. " * 6
    message.set_content(text)
    message.add_alternative(f"<html><body><p>{text * 2}</p></body></html>", subtype="html")
    return message
