"""The database: one place where transactions open and close.

- `reading()` for a GET: the database itself refuses writes.
- `writing()` for a POST or a job: one transaction, the lock taken at once (SQLite:
  BEGIN IMMEDIATE), committed on leaving, rolled back on any error.

Services never commit. A write outside `writing()` raises.
"""

import enum
import secrets
import sqlite3
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    DateTime,
    Engine,
    Enum,
    Executable,
    Integer,
    MetaData,
    event,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session, mapped_column
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

BUSY_TIMEOUT_S = 10

_mode: ContextVar[str] = ContextVar("transaction_mode", default="none")
_after_commit: ContextVar[list[Callable[[], None]] | None] = ContextVar("after_commit", default=None)
_known: ContextVar[dict[Hashable, Any] | None] = ContextVar("known", default=None)
T = TypeVar("T")


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Aware in Python, UTC in the database, the same text order on both engines."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime is not an instant")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class minutes_before(FunctionElement[datetime]):
    """SQL: the instant so many minutes before another; both are columns."""

    type = UtcDateTime()
    inherit_cache = True


@compiles(minutes_before, "sqlite")
def _minutes_before_in_sqlite(element: minutes_before, compiler: SQLCompiler, **options: Any) -> str:
    at, minutes = (compiler.process(each, **options) for each in element.clauses)
    return f"strftime('%Y-%m-%d %H:%M:%f', {at}, '-' || {minutes} || ' minutes')"


@compiles(minutes_before, "postgresql")
def _minutes_before_in_postgresql(element: minutes_before, compiler: SQLCompiler, **options: Any) -> str:
    at, minutes = (compiler.process(each, **options) for each in element.clauses)
    return f"({at} - make_interval(mins => CAST({minutes} AS integer)))"


def random_id() -> int:
    """A key that cannot be counted: 15 random digits, exact in every browser."""
    return 10**14 + secrets.randbelow(9 * 10**14)


# SQLite autoincrements only a column that is exactly INTEGER PRIMARY KEY.
BigInt = BigInteger().with_variant(Integer, "sqlite")

PublicId = Annotated[int, mapped_column(BigInt, primary_key=True, default=random_id)]
RowId = Annotated[int, mapped_column(BigInt, primary_key=True, autoincrement=True)]


def _enum_values(kind: type[enum.Enum]) -> list[str]:
    return [member.value for member in kind]


class Base(DeclarativeBase):
    """The declarative base: naming convention for migrations, types by annotation."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: UtcDateTime,
        int: BigInt,
        dict[str, Any]: JSON,
        list[Any]: JSON,
        enum.Enum: Enum(enum.Enum, native_enum=False, length=40, values_callable=_enum_values),
    }


# The models stand on `Base` itself (typed); Flask-SQLAlchemy is given its metadata.
db = SQLAlchemy(metadata=Base.metadata)


@contextmanager
def reading() -> Iterator[None]:
    """A transaction that cannot write; ended on leaving."""
    token = _mode.set("read")
    known_token = _known.set({})
    try:
        yield
    finally:
        db.session.rollback()
        _known.reset(known_token)
        _mode.reset(token)


_one_writer = threading.Lock()


@contextmanager
def _turn() -> Iterator[None]:
    """The turn of this thread to write.

    SQLite has one writer, and its busy handler polls in no order: of 16 threads some would
    starve until the timeout. The threads of one process queue here instead.
    """
    if db.engine.dialect.name != "sqlite":
        yield
        return
    if not _one_writer.acquire(timeout=BUSY_TIMEOUT_S):
        raise OperationalError("BEGIN IMMEDIATE", None, sqlite3.OperationalError("database is locked"))
    try:
        yield
    finally:
        _one_writer.release()


@contextmanager
def writing() -> Iterator[None]:
    """One transaction that may write; the write lock is held from the first line.

    Raises RuntimeError when nested: a service that needs this is in the wrong place.
    """
    if _mode.get() == "write":
        raise RuntimeError("transactions do not nest; services never open one")
    db.session.rollback()  # a read snapshot must not be upgraded (SQLite would refuse)
    token = _mode.set("write")
    known_token = _known.set({})
    callbacks: list[Callable[[], None]] = []
    callbacks_token = _after_commit.set(callbacks)
    try:
        with _turn():
            yield from _committed()
    finally:
        _known.reset(known_token)
        _mode.reset(token)
        _after_commit.reset(callbacks_token)
    for callback in callbacks:
        callback()


def _committed() -> Iterator[None]:
    try:
        db.session.connection()
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


def after_commit(callback: Callable[[], None]) -> None:
    """Run `callback` once the present transaction has committed; never if it rolls back."""
    callbacks = _after_commit.get()
    if callbacks is None:
        raise RuntimeError("after_commit() belongs inside writing()")
    if callback not in callbacks:
        callbacks.append(callback)


def once(key: Hashable, read: Callable[[], T]) -> T:
    """What `read` gave the first time in this transaction; outside of one it is read each time.

    Only for what does not change in between; who changes it says `forget(key)`.
    """
    known = _known.get()
    if known is None:
        return read()
    if key not in known:
        known[key] = read()
    value: T = known[key]
    return value


def connection() -> Connection:
    """The connection of this transaction, for statements that are made once and run often.

    It sees no change of an object before that is flushed.
    """
    return once(Connection, db.session.connection)


def rows(statement: Executable, values: Mapping[str, Any]) -> Sequence[Any]:
    """The rows of columns that a statement, made once, finds with these values.

    A page that only reads has nothing to flush and asks the connection itself, which costs
    half of what the session does.
    """
    if _mode.get() == "read":
        return connection().execute(statement, values).all()
    return db.session.execute(statement, values).all()


def forget(key: Hashable) -> None:
    """Read it anew when it is asked for the next time."""
    (_known.get() or {}).pop(key, None)


def is_locked(error: Exception) -> bool:
    """Whether the database was busy: worth a 503 with Retry-After, not a 500."""
    cause = getattr(error, "orig", error)
    return isinstance(cause, sqlite3.OperationalError) and "locked" in str(cause)


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: object) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None  # BEGIN is ours, below
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_S * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",  # NORMAL may lose a committed transaction at power loss
        "foreign_keys = ON",
        "secure_delete = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    mode = _mode.get()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if mode == 'read' else 'OFF'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if mode == "write" else "BEGIN")
    elif mode == "read":
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")


@event.listens_for(Session, "before_flush")
def _no_stray_flush(session: Session, _context: object, _instances: object) -> None:
    if _mode.get() != "write" and (session.new or session.dirty or session.deleted):
        raise RuntimeError("a write outside core.db.writing()")


@event.listens_for(Session, "do_orm_execute")
def _no_stray_statement(state: ORMExecuteState) -> None:
    if _mode.get() != "write" and (state.is_insert or state.is_update or state.is_delete):
        raise RuntimeError("a write outside core.db.writing()")
