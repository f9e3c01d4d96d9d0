"""The ledger's own SQL on a SQLite in memory, without threads: each transaction happens at one moment of virtual time.

Several nodes may share one book, which takes the place of PostgreSQL here: one transaction after the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.errors import MessageError, same
from hub.ledger import Ledger, claiming, tables
from hub.ledger.chain import Journal, head_of
from hub.ledger.contents import Safe
from hub.ledger.failures import translated, unavailable
from hub.ledger.writer import Transaction
from tests.ledger.makers import Reversing

TURN = 0.001
"""Seconds that a transaction takes."""


def new_engine() -> sa.Engine:
    """An empty book in memory."""
    engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool, connect_args={"isolation_level": None})
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    tables.metadata.create_all(engine)
    return engine


@dataclass
class Book:
    """One node's way to the book: reads, writes, and the times at which it is away or broken. `lost`: it takes what it is
    given, and says that it did not. `refuses` tells what it will take at no time; `noticed` hears each answer in the
    moment of its commit."""

    engine: sa.Engine
    clock: Callable[[], datetime]
    node: str = "node-1"
    boot: str = "boot-1"
    away: bool = False
    lost: Callable[[], bool] = field(default=lambda: False)
    broken: bool = False
    noticed: Callable[[Any], None] = field(default=lambda _: None)
    refuses: Callable[[Any], bool] = field(default=lambda _: False)

    async def submit(self, bulk: Callable[[Transaction, Sequence[Any]], Sequence[Any]], item: Any, *, order: int = 0) -> Any:
        await self._turn()
        if self.broken:
            raise RuntimeError("a fault of our own")
        if self.refuses(item):
            raise MessageError(same("it cannot be kept"))
        answer = self._written(bulk, item)
        self.noticed(answer)
        await asyncio.sleep(TURN)
        if isinstance(answer, Exception):
            raise answer
        if self.lost():
            raise unavailable()
        return answer

    async def run(self, work: Callable[[Transaction], Any], *, order: int = 0) -> Any:
        return await self.submit(lambda to, works: [each(to) for each in works], work)

    async def read(self, question: Callable[[sa.Connection], Any]) -> Any:
        await self._turn()
        with self.engine.begin() as connection:
            return question(connection)

    async def _turn(self) -> None:
        await asyncio.sleep(TURN)
        if self.away:
            raise unavailable()

    def _written(self, bulk: Callable[[Transaction, Sequence[Any]], Sequence[Any]], item: Any) -> Any:
        try:
            with self.engine.begin() as connection:
                to = Transaction(connection, Journal(self.boot), self.node, self.boot)
                [answer] = bulk(to, [item])
                to.journal.flush(connection, head_of(connection, self.boot))
        except Exception as error:
            return translated(error)
        return answer


class VirtualLedger(Ledger):
    """The real ledger over a book; its time is the town's."""

    def __init__(self, book: Book) -> None:
        super().__init__(book, book, safe=Safe(Reversing()), node=book.node, boot=book.boot)  # type: ignore[arg-type]
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
