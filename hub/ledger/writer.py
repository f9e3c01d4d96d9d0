"""Group commit: one thread owns the writing connection, takes what is queued, and commits it together.

A caller is answered after the commit that holds its work. Its error is its own; a failed commit is everyone's.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from hub.errors import HubError
from hub.facts import Fact
from hub.ledger.chain import Journal, head_of
from hub.ledger.ear import CHANNEL, Ear
from hub.ledger.facts import Claim, Offer, Taker
from hub.ledger.failures import Trouble, is_passing, translated, trouble_of, unavailable
from hub.ledger.store import Store
from hub.time_limits import TimeLimits

TOGETHER = 256
"""At most so many calls in one commit: beyond it the first one's wait grows more than the throughput."""

WAITING = 20_000
"""At most so many calls in the queue: beyond it a caller is told at once to come again later."""

MOMENT = 0.002
"""How long, in seconds, a commit waits for more calls when there are fewer than the last one had."""

TRIES = 5
"""How often a transaction is made anew that PostgreSQL broke off for another's sake."""

STAYS_FULL = 10.0
"""Seconds after the last refusal for want of room in which the disk still counts as full: small writes may pass again."""

NOTIFY = "SELECT pg_notify(%s, %s)"
"""Wakes the workers of all nodes at the commit; however often it is said in a transaction, they hear it once."""

log = logging.getLogger("hub.ledger")

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Transaction:
    """What a piece of work is given: the connection inside its transaction, the journal, and who writes.

    `offer` says what this node's worker takes at once; `born` is what it is handed after the commit (born leased, or claimed
    as another's successor), and `stirred` the lanes in which something may be claimed then.
    """

    connection: sa.Connection
    journal: Journal
    node: str
    boot: str
    offer: Callable[[], Offer | None] = field(default=lambda: None)
    born: list[Claim] = field(default_factory=list)
    stirred: set[str] = field(default_factory=set)


Bulk = Callable[[Transaction, Sequence[Item]], Sequence[Result | HubError]]
"""Work on many items at once: for each, in the same order, its result or its error."""


class _Job(Fact, frozen=True, eq=False, gc=True):
    """One caller's item, the work that takes it (with others of its kind), and where the answer goes. `bounded`: its caller
    waits only so long, and what has not been begun by then is not done. It is searched for garbage: the caller that holds it
    waits for the answer that it holds."""

    bulk: Bulk[Any, Any]
    item: Any
    order: int
    answer: asyncio.Future[Any]
    bounded: bool = False

    @property
    def is_given_up(self) -> bool:
        return self.bounded and self.answer.done()

    def run_out(self) -> None:
        """Tell the caller that it has waited long enough."""
        if not self.answer.done():
            self.answer.set_exception(unavailable())


@dataclass(frozen=True, slots=True)
class _Hand:
    """The worker, and the loop and context in which it is spoken to."""

    taker: Taker
    opened: Callable[[Claim], Claim]
    loop: asyncio.AbstractEventLoop
    context: contextvars.Context

    def give(self, to: Transaction) -> None:
        """Hand over what a commit leaves to be done."""
        if (to.born or to.stirred) and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._given, tuple(to.born), bool(to.stirred), context=self.context.copy())

    def _given(self, born: tuple[Claim, ...], is_stirred: bool) -> None:
        if born:
            self.taker.take([self.opened(each) for each in born])
        if is_stirred:
            self.taker.wake()


def _nothing() -> None:
    """Nobody attends, so nothing is born leased."""


def _each(to: Transaction, works: Sequence[Callable[[Transaction], Any]]) -> Sequence[Any]:
    """The bulk of work that comes alone."""
    return [work(to) for work in works]


class Writer:
    """The one writing thread of a ledger."""

    def __init__(self, store: Store, *, node: str, boot: str) -> None:
        self._store = store
        self._node = node
        self._boot = boot
        self._head: tuple[int, str] | None = None
        self._connection: sa.Connection | None = None
        self._closed = False
        self._hand: _Hand | None = None
        self._ear: Ear | None = None
        self._together = 1
        self._trouble: Trouble | None = None
        self._troubled_at = 0.0
        self.retried = 0
        """Transactions made anew because PostgreSQL broke them off for another's sake."""
        self.unsure: Future[None] = Future()
        """Done when the disk did not confirm a write: from then on this process must write nothing more."""
        self._limits = TimeLimits()
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="ledger-writer", daemon=True)
        self._thread.start()

    @property
    def trouble(self) -> Trouble | None:
        """What the last transaction failed of, if it failed of the database itself."""
        return self._trouble

    async def submit(self, bulk: Bulk[Item, Result], item: Item, *, order: int = 0, within: float | None = None) -> Result:
        """Do work that many callers ask for together; in a commit, lower `order` goes first.

        HubUnavailable `within` so many seconds, if they are given.
        """
        if self._closed or self._queue.qsize() >= WAITING:
            raise unavailable()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Result] = loop.create_future()
        job = _Job(bulk, item, order, answer, within is not None)
        self._queue.put(job)
        if within is None:
            return await answer
        running = self._limits.begin(job, within, loop)
        try:
            return await answer
        finally:
            running.pop(job, None)

    async def run(self, work: Callable[[Transaction], Result], *, order: int = 0) -> Result:
        """Do work of its own kind."""
        bulk: Bulk[Callable[[Transaction], Result], Result] = _each
        return await self.submit(bulk, work, order=order)

    async def attend(self, taker: Taker, *, opened: Callable[[Claim], Claim]) -> None:
        """Hand `taker`, in this loop, what is leased to it as something else is written, each `opened`; and wake it for what
        is to be claimed, by whichever node it was left."""
        if self._store.writing.dialect.name == "postgresql":
            self._ear = Ear(self._store.writing.url, node=self._node, boot=self._boot, heard=taker.wake)
            await self._ear.open()
        self._hand = _Hand(taker, opened, asyncio.get_running_loop(), contextvars.copy_context())

    async def close(self) -> None:
        """Finish what is queued and end the thread."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        if self._ear:
            await self._ear.close()

    # -- in the thread ------------------------------------------------------------------------------------------------

    def _serve(self) -> None:
        open_ = True
        while open_:
            taken = self._take()
            open_ = taken[-1] is not None
            jobs = sorted((job for job in taken if job and not job.is_given_up), key=lambda job: job.order)
            if jobs:
                _answer(jobs, self._done(jobs))
        if self._connection:
            self._connection.close()
            self._connection = None

    def _take(self) -> list[_Job | None]:
        """All that is queued, up to the bound or the end; at least one.

        When the last commit answered many, they are likely to come again together: they get a moment to do so.
        """
        taken = [self._queue.get()]
        if self._together > 1 and self._queue.qsize() < self._together - 1:
            time.sleep(MOMENT)
        while taken[-1] and len(taken) < TOGETHER:
            try:
                taken.append(self._queue.get_nowait())
            except queue.Empty:
                break
        self._together = len(taken)
        return taken

    def _done(self, jobs: Sequence[_Job]) -> Sequence[Any]:
        """Each job's result or error, all committed. Together first; after one's error, each in its own savepoint."""
        if self.unsure.done():
            return [unavailable()] * len(jobs)
        try:
            return self._committed(jobs, _together)
        except Exception as error:
            if len(jobs) == 1 or trouble_of(error):
                return self._failed(jobs, error)
        try:
            return self._committed(jobs, _apart)
        except Exception as error:
            return self._failed(jobs, error)

    def _failed(self, jobs: Sequence[_Job], error: Exception) -> Sequence[Any]:
        """The answers to a transaction of which nothing was kept, and what the node does about it."""
        if trouble := trouble_of(error):
            if trouble is not self._trouble:
                log.error("the ledger cannot be written: %s (%s)", trouble, getattr(error, "orig", error))
            self._trouble, self._troubled_at = trouble, time.monotonic()
        match trouble:
            case Trouble.FULL if self._store.room.give_up():
                self._note_full()
            case Trouble.UNSURE if not self.unsure.done():
                self.unsure.set_result(None)
        return [translated(error)] * len(jobs)

    def _note_full(self) -> None:
        """Write in the journal, in the room that was just made, that there is none."""
        try:
            self._committed((), _ran_out)
        except sa.exc.SQLAlchemyError as error:
            self._failed((), error)

    def _committed(self, jobs: Sequence[_Job], way: Callable[[Transaction, Sequence[_Job]], Sequence[Any]]) -> Sequence[Any]:
        """One transaction around the jobs, made anew when the database broke it off for another's sake."""
        for rest in reversed(range(TRIES)):
            try:
                return self._transaction(jobs, way)
            except sa.exc.SQLAlchemyError as error:
                self._head = None
                if not (rest and is_passing(error)):
                    raise
                self.retried += 1
        raise unavailable()

    def _transaction(
        self, jobs: Sequence[_Job], way: Callable[[Transaction, Sequence[_Job]], Sequence[Any]]
    ) -> Sequence[Any]:
        with self._begun() as connection:
            head = self._head or head_of(connection, self._boot)
            offer = self._hand.taker.offer if self._hand else _nothing
            to = Transaction(connection, Journal(self._boot), self._node, self._boot, offer)
            answers = way(to, jobs)
            head = to.journal.flush(connection, head)
            if to.stirred and connection.dialect.name == "postgresql":
                connection.exec_driver_sql(NOTIFY, (CHANNEL, self._boot))
        self._head = head
        if self._hand:
            self._hand.give(to)
        if self._trouble and (self._trouble is not Trouble.FULL or time.monotonic() - self._troubled_at > STAYS_FULL):
            self._trouble = None
        return answers

    @contextmanager
    def _begun(self) -> Iterator[sa.Connection]:
        """A transaction. SQLite's connection stays in this thread's hand from one to the next: to fetch it and bring it back
        costs a fifth of a message. After an error it is brought back, and made clean; and PostgreSQL's always is, for its
        server may have gone away meanwhile, which is looked at as it is fetched."""
        connection, self._connection = self._connection or self._store.writing.connect(), None
        stays = False
        try:
            with connection.begin():
                yield connection
            stays = connection.dialect.name == "sqlite"
        finally:
            if stays:
                self._connection = connection
            else:
                connection.close()


def _ran_out(to: Transaction, _: Sequence[_Job]) -> Sequence[Any]:
    to.journal.write("room-ran-out", at=datetime.now(UTC), actor="hub")
    return ()


def _together(to: Transaction, jobs: Sequence[_Job]) -> Sequence[Any]:
    """All jobs of a kind at once; the first error ends everything."""
    kinds: dict[Bulk[Any, Any], list[int]] = {}
    for place, job in enumerate(jobs):
        kinds.setdefault(job.bulk, []).append(place)
    answers: list[Any] = [None] * len(jobs)
    for bulk, places in kinds.items():
        results = bulk(to, [jobs[place].item for place in places])
        for place, result in zip(places, results, strict=True):
            answers[place] = result
    return answers


def _apart(to: Transaction, jobs: Sequence[_Job]) -> Sequence[Any]:
    """Each job in a savepoint, so that the error of one undoes nothing of another."""
    return [_alone(to, job) for job in jobs]


def _alone(to: Transaction, job: _Job) -> Any:
    mark, born = to.journal.mark(), len(to.born)
    try:
        with to.connection.begin_nested():
            return job.bulk(to, [job.item])[0]
    except Exception as error:
        if trouble_of(error) or is_passing(error):
            raise
        to.journal.back_to(mark)
        del to.born[born:]
        return translated(error)


def _answer(jobs: Sequence[_Job], answers: Iterable[Any]) -> None:
    """Hand every answer to the loop that waits for it, in one call a loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
    for job, answer in zip(jobs, answers, strict=True):
        by_loop.setdefault(job.answer.get_loop(), []).append((job.answer, answer))
    for loop, answered in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_hand_over, answered)


def _hand_over(answered: Sequence[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, answer in answered:
        if future.done():
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
