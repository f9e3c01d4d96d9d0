"""Where the book lies: the engines for SQLite and PostgreSQL, the lock file, and the reader threads."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection

from hub.errors import ConfigurationError, Text
from hub.ledger.durability import check, check_place, refusal
from hub.ledger.failures import Trouble, translated, trouble_of, unavailable
from hub.ledger.room import Room
from hub.ledger.statements import said
from hub.ledger.upgrading import upgrade
from hub.lifecycle import Gate
from hub.message import Priority, State

READERS = 4
"""Reader threads: enough that one long search does not hold up the rest."""
ENGINE: dict[str, Any] = {"max_overflow": 0, "hide_parameters": True}
"""No connection beside those that are counted; and an error does not tell the values of its statement: they are private."""

Result = TypeVar("Result")

QUICK, LONG = 5.0, 60.0
"""Seconds that a caller waits for an answer: of a question by an index, and of a search or a count."""

SQLITE = ("PRAGMA busy_timeout=4000", "PRAGMA foreign_keys=ON")
SQLITE_WRITER = (*SQLITE, "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL")
SQLITE_READER = (*SQLITE, "PRAGMA query_only=1", "PRAGMA wal_autocheckpoint=0")
"""Before 3.51.3 SQLite can corrupt a WAL that two connections reset: the writer alone checkpoints."""

POSTGRESQL = (
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local')",
    "SET statement_timeout = '60s'",
    "SET lock_timeout = '4s'",
    "SET idle_in_transaction_session_timeout = '60s'",
)
"""Accepted means on disk, whatever the server's default; and no statement, lock or node holds others up for long."""


POSTGRESQL_WRITER = (
    *POSTGRESQL,
    "SET idle_in_transaction_session_timeout = '3s'",
    *(f"SET enable_{way} = off" for way in ("seqscan", "bitmapscan", "hashjoin", "mergejoin")),
    "SET jit = off",
)
"""A node that stands still within a transaction holds its locks for a shorter time than others wait for them. And each
statement of the writer goes by an index and wants few rows: plans made for a table that was not yet analysed would read it
whole, and batches slow down tenfold."""


@dataclass(frozen=True, slots=True)
class Store:
    """An open database: one engine that writes, one that reads, and the threads that do the reading."""

    writing: sa.Engine
    reading: sa.Engine
    lock: IO[str] | None
    room: Room = field(default_factory=Room)
    threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(READERS, thread_name_prefix="ledger-reader")
    )

    async def read(self, question: Callable[[sa.Connection], Result], *, within: float | None = QUICK) -> Result:
        """Ask in a reader thread, from one snapshot of the database. HubUnavailable `within` so many seconds."""
        try:
            asked = asyncio.get_running_loop().run_in_executor(self.threads, self._ask, question)
        except RuntimeError as closed:
            raise unavailable() from closed
        try:
            async with asyncio.timeout(within):
                return await asked
        except TimeoutError as error:
            raise unavailable() from error

    def _ask(self, question: Callable[[sa.Connection], Result]) -> Result:
        try:
            with self.reading.begin() as connection:
                return question(connection)
        except sa.exc.SQLAlchemyError as error:
            raise translated(error) from error

    async def close(self) -> None:
        """Let go of the database; the writer's connection is the last, for the last one checkpoints."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self.threads.shutdown()
        self.reading.dispose()
        self.writing.dispose()
        if self.lock:
            self.lock.close()


PLAIN: Mapping[type, Callable[[Any], Any]] = {
    type(None): lambda none: none,
    bool: int,
    bytes: bytes,
    State: str.__str__,
    Gate: str.__str__,
    Priority: int,
}
"""How SQLite's driver takes what is no plain number or text. Of what it is not told it asks anew, for each value, whether
that has a way of its own: by errors that are raised and dropped, which takes longer than to write the value."""

STATEMENTS = 512
"""How many statements a connection to SQLite knows by heart: one for each number of rows of each that takes many."""


async def open_store(url: str, *, ballast: int = 0) -> Store:
    """The database of a URL, made or brought up to date, with a ballast of so many bytes beside a SQLite book.

    ConfigurationError when it cannot be, or would not keep what it acknowledges.
    """
    return await asyncio.to_thread(_open, url, ballast)


def _open(url: str, ballast: int) -> Store:
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise _not_understood() from error
    match parsed.get_backend_name():
        case "sqlite" if parsed.database and parsed.database != ":memory:" and not parsed.query:
            store = _sqlite(parsed, Path(parsed.database), ballast)
        case "postgresql":
            store = _postgresql(parsed.set(drivername="postgresql+psycopg"))
        case _:
            raise _not_understood()
    return _upgraded(store)


def _upgraded(store: Store) -> Store:
    try:
        with store.writing.connect() as connection:
            check(connection)
        upgrade(store.writing)
    except sa.exc.SQLAlchemyError as error:
        if trouble_of(error) is Trouble.FULL and store.room.give_up():
            return _upgraded(store)
        store._close()
        raise refusal(error) or translated(error) from error
    except ConfigurationError:
        store._close()
        raise
    return store


def _sqlite(url: sa.URL, path: Path, ballast: int) -> Store:
    check_place(path.resolve().parent)
    lock = _locked(path)
    path.touch(mode=0o600)  # references and keys' hashes are nobody else's to read; SQLite's own files take its mode
    for kind, plainly in PLAIN.items():
        sqlite3.register_adapter(kind, plainly)
    manual: dict[str, Any] = {"isolation_level": None, "cached_statements": STATEMENTS}
    writing = sa.create_engine(url, **ENGINE, pool_size=1, connect_args=manual)
    reading = sa.create_engine(url, **ENGINE, pool_size=READERS, connect_args=manual)
    _prepare(writing, SQLITE_WRITER)
    _prepare(reading, SQLITE_READER)
    _begin_with(writing, "BEGIN IMMEDIATE")
    _begin_with(reading, "BEGIN")
    return Store(writing, reading, lock, Room(Path(f"{path}.ballast"), ballast))


def _postgresql(url: sa.URL) -> Store:
    patience = {
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 2,
        "tcp_user_timeout": 20_000,
    }
    writing = sa.create_engine(url, **ENGINE, pool_size=1, pool_pre_ping=True, connect_args=patience)
    reading = sa.create_engine(
        url,
        **ENGINE,
        pool_size=READERS,
        pool_pre_ping=True,
        connect_args=patience,
        isolation_level="REPEATABLE READ",
    ).execution_options(postgresql_readonly=True)
    _prepare(writing, POSTGRESQL_WRITER)
    _prepare(reading, POSTGRESQL)
    return Store(writing, reading, lock=None)


def _prepare(engine: sa.Engine, statements: tuple[str, ...]) -> None:
    """Say these statements on each new connection."""

    def say(connection: DBAPIConnection, _record: Any) -> None:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        cursor.close()
        connection.commit()

    sa.event.listen(engine, "connect", say)


def _begin_with(engine: sa.Engine, statement: str) -> None:
    """Open transactions ourselves: Python's sqlite3 opens them late, and as readers."""
    sa.event.listen(engine, "begin", lambda connection: said(connection, statement))


def _locked(path: Path) -> IO[str]:
    """The lock file of a SQLite book, held until it is closed or the process ends."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = Path(f"{path}.lock").open("a", encoding="ascii")  # noqa: SIM115 (held until the book is closed)
    except OSError as error:
        raise ConfigurationError(
            Text(
                en=f"The folder of the ledger, {path.parent}, cannot be written to.",
                fr=f"Le dossier du registre, {path.parent}, n'est pas accessible en écriture.",
            )
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise _already_held(path) from error
    os.set_inheritable(lock.fileno(), False)
    return lock


def _already_held(path: Path) -> ConfigurationError:
    return ConfigurationError(
        Text(
            en=f"Another process already uses the ledger {path}. SQLite serves one process; for several, use PostgreSQL.",
            fr=f"Un autre processus utilise déjà le registre {path}. SQLite n'en sert qu'un ; pour plusieurs, "
            "utilisez PostgreSQL.",
        )
    )


def _not_understood() -> ConfigurationError:
    return ConfigurationError(
        Text(
            en="The ledger's address must be sqlite:///<path> or postgresql://<user>@<host>/<database>.",
            fr="L'adresse du registre doit être sqlite:///<chemin> ou postgresql://<utilisateur>@<hôte>/<base>.",
        )
    )
