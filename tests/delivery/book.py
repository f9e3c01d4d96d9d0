"""The ledger's own SQL and group commit on a SQLite in memory, without threads: each commit happens at one moment of
virtual time. Several nodes may share one book, which takes the place of PostgreSQL here.

What happens to any delivery or run is also written down beside the book, by the database itself, for the judge.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from datetime import datetime
from enum import Enum
from functools import cache, partial
from typing import Any

import sqlalchemy as sa

from hub.errors import MessageError, same
from hub.ledger import Ledger, claiming, tables
from hub.ledger.contents import Safe
from hub.ledger.store import Store
from hub.ledger.writer import Writer
from tests.ledger.makers import Reversing

TURN = 0.001
"""Seconds that a transaction takes."""

TRAIL = """
CREATE TABLE trail (id INTEGER PRIMARY KEY, at REAL, delivery TEXT, before TEXT, after TEXT, token INTEGER,
                    token_after INTEGER, holder TEXT, holder_after TEXT, lease_until INTEGER);
CREATE TRIGGER delivery_made AFTER INSERT ON delivery BEGIN
  INSERT INTO trail (at, delivery, before, after, token, token_after, holder, holder_after, lease_until)
  VALUES (virtual_time(), new.id, '', new.state, 0, new.token, '', new.holder, NULL);
END;
CREATE TRIGGER delivery_changed AFTER UPDATE OF state, token, holder ON delivery
WHEN old.state <> new.state OR old.token <> new.token OR old.holder <> new.holder BEGIN
  INSERT INTO trail (at, delivery, before, after, token, token_after, holder, holder_after, lease_until)
  VALUES (virtual_time(), old.id, old.state, new.state, old.token, new.token, old.holder, new.holder, old.lease_until);
END;
CREATE TRIGGER delivery_gone AFTER DELETE ON delivery BEGIN
  INSERT INTO trail (at, delivery, before, after, token, token_after, holder, holder_after, lease_until)
  VALUES (virtual_time(), old.id, old.state, '', old.token, old.token, old.holder, '', old.lease_until);
END;
CREATE TABLE fired (id INTEGER PRIMARY KEY, at REAL, slot INTEGER, node TEXT);
CREATE TRIGGER fire_made AFTER INSERT ON fire BEGIN
  INSERT INTO fired (at, slot, node) VALUES (virtual_time(), new.slot, new.node);
END;
CREATE TRIGGER fire_taken_up AFTER UPDATE OF at ON fire WHEN old.at <> new.at BEGIN
  INSERT INTO fired (at, slot, node) VALUES (virtual_time(), new.slot, new.node);
END;
"""
"""Every change of a delivery's state, token or holder, and when it was made; `lease_until` is what it was before.
And every time that a node won the slot of a schedule."""


class Commit(Enum):
    """What becomes of a commit: it is made; it is not; it is made, and nobody is told."""

    MADE = "made"
    REFUSED = "refused"
    UNTOLD = "untold"


class Wire(sqlite3.Connection):
    """The one connection to a book. `away`: nothing passes; `fate`: what becomes of the next commit."""

    away = False
    fate = Commit.MADE

    def begin(self) -> None:
        """Open a transaction, if the book can be reached."""
        if self.away:
            raise sa.exc.OperationalError("BEGIN", None, sqlite3.OperationalError("nobody answers"))
        self.execute("BEGIN")

    def commit(self) -> None:
        fate, self.fate = self.fate, Commit.MADE
        if fate is Commit.REFUSED:
            self.rollback()
            raise sqlite3.OperationalError("disk I/O error")
        super().commit()
        if fate is Commit.UNTOLD:
            raise sqlite3.ProgrammingError("Cannot operate on a closed database.")  # SQLAlchemy's sign of a lost connection

    def close(self) -> None:
        """What SQLAlchemy does with a connection that it holds lost; the book stays."""


@cache
def _template() -> tuple[sqlite3.Connection, sa.Dialect]:
    """An empty book, made once, and the dialect whose compiled statements all books share."""
    engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    tables.metadata.create_all(engine)
    with engine.connect() as connection:
        made: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
        made.executescript(TRAIL)
    return made, engine.dialect


COMPILED: dict[Any, Any] = {}


def new_engine() -> sa.Engine:
    """An empty book in memory."""
    template, dialect = _template()
    wire = sqlite3.connect(":memory:", factory=Wire, isolation_level=None, check_same_thread=False)
    template.backup(wire)
    wire.create_function("virtual_time", 0, _virtual_time)
    pool = sa.pool.StaticPool(lambda: wire, reset_on_return=None)
    options = {"compiled_cache": COMPILED}
    engine = sa.Engine(pool, dialect, sa.make_url("sqlite://"), execution_options=options)
    sa.event.listen(engine, "begin", lambda _: wire.begin())
    return engine


def wire_of(engine: sa.Engine) -> Wire:
    """The connection to a book."""
    with engine.connect() as connection:
        wire = connection.connection.driver_connection
    assert isinstance(wire, Wire)
    return wire


def _virtual_time() -> float:
    try:
        return asyncio.get_running_loop().time()
    except RuntimeError:
        return 0.0


class InTurn(Executor):
    """What a pool of threads does, done in this one, a turn later, while the book can be reached."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def submit(self, work: Callable[..., Any], /, *args: Any, **options: Any) -> Future[Any]:
        done: Future[Any] = Future()
        asyncio.get_running_loop().call_later(TURN, self._do, done, partial(work, *args, **options))
        return done

    def _do(self, done: Future[Any], work: Callable[[], Any]) -> None:
        try:
            with self._book.reached():
                answer = work()
        except Exception as error:
            done.set_exception(error)
        else:
            self._book.noticed(answer)
            done.set_result(answer)


class Book(Writer):
    """One node's way to the book: its store and its writer, and the times at which they are `away` or `broken`. `fate`
    tells what becomes of a commit, `refuses` what the book will take at no time; `noticed` hears each answer in the moment
    of its commit, or in which it was read."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], datetime], node: str = "node-1", boot: str = "boot-1") -> None:
        self.store = Store(engine, engine, None, threads=InTurn(self))  # type: ignore[arg-type]
        super().__init__(self.store, node=node, boot=boot)
        self.engine, self.clock, self.node, self.boot = engine, clock, node, boot
        self.wire = wire_of(engine)
        self.away = self.broken = False
        self.fate: Callable[[], Commit] = lambda: Commit.MADE
        self.noticed: Callable[[Any], None] = lambda _: None
        self.refuses: Callable[[Any], bool] = lambda _: False
        self._expected = False

    async def submit(self, bulk: Any, item: Any, **how: Any) -> Any:
        if self.broken:
            raise RuntimeError("a fault of our own")
        if self.refuses(item):
            raise MessageError(same("it cannot be kept"))
        if not self._expected:
            self._expected = True
            asyncio.get_running_loop().call_later(TURN, self._turn)
        return await super().submit(bulk, item, **how)

    def _serve(self) -> None:
        """The thread has nothing to do: what it would do is done in turns."""

    def _turn(self) -> None:
        """All that is queued, in one commit, as the writer's thread does it until it is told to end."""
        self._expected = False
        self._together = 1  # nobody comes while it waits for more
        self._queue.put(None)
        with self.reached():
            self.wire.fate = self.fate()
            super()._serve()

    def _done(self, jobs: Sequence[Any]) -> Sequence[Any]:
        answers = super()._done(jobs)
        for answer in answers:
            self.noticed(answer)
        return answers

    @contextmanager
    def reached(self) -> Iterator[None]:
        """While this holds the book is reached from here, if it can be."""
        self.wire.away = self.away
        try:
            yield
        finally:
            self.wire.away, self.wire.fate = False, Commit.MADE


class VirtualLedger(Ledger):
    """The real ledger over a book; its time is the town's."""

    def __init__(self, book: Book) -> None:
        super().__init__(book.store, book, safe=Safe(Reversing()), node=book.node, boot=book.boot)  # type: ignore[arg-type]
        self.book = book

    async def time(self) -> datetime:
        await self.ping()
        return self.book.clock()

    async def void(self, *, now: datetime) -> int:
        """As on PostgreSQL: what earlier starts of this node held, and nobody else's."""
        boots = sa.select(tables.node.c.boot).where(tables.node.c.boot != self.boot, tables.node.c.name == self.node)
        mine = tables.delivery.c.holder.in_(boots)
        return await self._writer.run(lambda to: claiming._lose(to, claiming._sending().where(mine), now=now))

    async def register(self) -> None:
        """Enter this start of the node."""
        await self._writer.run(lambda to: claiming.register(to, now=self.book.clock()))
