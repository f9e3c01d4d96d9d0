"""Many callers, one commit: each has its own answer."""

import asyncio
import gc
import os
import threading
import time
import weakref
from datetime import UTC, datetime

import psycopg
import pytest
import sqlalchemy as sa

from hub.errors import Conflict, HubUnavailable
from hub.facts import replace
from hub.ledger import Acceptance, Content, Ledger, Search
from hub.ledger.accepting import accept
from hub.ledger.chain import Journal, head_of
from hub.ledger.store import QUICK
from hub.ledger.writer import Transaction, _Job
from hub.message import Receipt
from tests.ledger.conftest import Opener
from tests.ledger.makers import an_acceptance
from tests.passing import let_pass

WAITS = 30.0
"""Seconds after which a test is not held up any more."""


async def test_a_failing_caller_spoils_nothing_for_those_beside_it(ledger: Ledger) -> None:
    first = an_acceptance("R0")
    await ledger.accept(first)
    clash = replace(an_acceptance("clash"), contents=(), deliveries=first.deliveries)
    callers = [an_acceptance(f"R{n}") for n in range(30)]
    callers.insert(15, clash)

    answers = await asyncio.gather(*(ledger.accept(each) for each in callers), return_exceptions=True)

    assert isinstance(answers.pop(15), Conflict)
    assert all(isinstance(answer, Receipt) for answer in answers)
    assert len((await ledger.find(Search())).found) == 31
    assert (await ledger.find(Search(reference="clash"))).found == ()
    assert await ledger.verify_journal() is None


async def test_a_closed_ledger_says_that_it_is_unavailable(ledger: Ledger) -> None:
    await ledger.close()

    with pytest.raises(HubUnavailable):
        await ledger.accept(an_acceptance("R1"))
    with pytest.raises(HubUnavailable):
        await ledger.ping()


async def test_what_was_handed_in_before_closing_is_still_kept(opened: Opener) -> None:
    ledger = await opened()
    waiting = [asyncio.ensure_future(ledger.accept(an_acceptance(f"R{n}"))) for n in range(40)]
    await asyncio.sleep(0)

    await ledger.close()

    assert all(isinstance(answer, Receipt) for answer in await asyncio.gather(*waiting))
    again = await opened()
    assert len((await again.find(Search())).found) == 40


async def test_what_the_writer_holds_of_the_database_it_gives_back_after_an_error_and_in_the_end(ledger: Ledger) -> None:
    first = an_acceptance("R1")
    await ledger.accept(first)
    with pytest.raises(Conflict):
        await ledger.accept(replace(an_acceptance("clash"), contents=(), deliveries=first.deliveries))
    after_the_error = ledger._store.writing.pool.checkedout()  # type: ignore[attr-defined]
    await ledger.accept(an_acceptance("R2"))

    await ledger.close()

    assert (after_the_error, ledger._store.writing.pool.checkedout()) == (0, 0)  # type: ignore[attr-defined]


async def test_a_full_disk_is_said_to_be_so_and_nothing_acknowledged_is_lost(ledger_on_sqlite: Ledger) -> None:
    ledger = ledger_on_sqlite
    kept = [(await ledger.accept(an_acceptance(f"R{n}"))).message for n in range(5)]
    await set_pages(ledger, 1)

    answers = await asyncio.gather(*(ledger.accept(large(f"F{n}")) for n in range(5)), return_exceptions=True)
    await set_pages(ledger, 1_000_000)
    after = await ledger.accept(large("F9"))

    assert all(isinstance(answer, HubUnavailable) for answer in answers)
    assert {each.message.id for each in (await ledger.find(Search())).found} == {*kept, after.message}
    assert await ledger.verify_journal() is None


async def set_pages(ledger: Ledger, most: int) -> None:
    """Bound the file as a full disk would: SQLite then says SQLITE_FULL. It never goes below what is used."""
    await ledger._writer.run(lambda to: to.connection.exec_driver_sql(f"PRAGMA max_page_count={most}").scalar())


def large(reference: str) -> Acceptance:
    return replace(an_acceptance(reference), contents=(Content("original", "image/jpeg", os.urandom(300_000)),))


async def test_what_was_not_begun_in_time_is_answered_so_and_never_done(ledger: Ledger) -> None:
    begun, goes_on = threading.Event(), threading.Event()
    busy = asyncio.ensure_future(ledger._writer.run(lambda _: (begun.set(), goes_on.wait(WAITS))))
    await asyncio.to_thread(begun.wait, WAITS)
    waiting = asyncio.ensure_future(ledger.accept(an_acceptance("R1")))
    await asyncio.sleep(0)
    let_pass(2 * QUICK)

    with pytest.raises(HubUnavailable):
        await waiting
    goes_on.set()
    await busy
    await ledger.accept(an_acceptance("R2"))

    assert [each.message.reference for each in (await ledger.find(Search())).found] == ["R2"]
    assert not any(ledger._writer._limits._running.values()), "nothing is kept of callers that were answered"


async def test_a_caller_that_gave_up_disturbs_no_other(ledger: Ledger) -> None:
    impatient = asyncio.ensure_future(ledger.accept(an_acceptance("R1")))
    await asyncio.sleep(0)
    impatient.cancel()

    receipts = await asyncio.gather(*(ledger.accept(an_acceptance(f"R{n}")) for n in range(5)))

    assert len(receipts) == 5


async def test_a_lost_connection_is_made_anew(opened_on_postgres: Opener, postgres_url: str) -> None:
    ledger = await opened_on_postgres()
    await ledger.accept(an_acceptance("R1"))
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    receipt = await ledger.accept(an_acceptance("R2"))

    assert (await ledger.message(receipt.message)).reference == "R2"
    assert await ledger.verify_journal() is None


async def test_a_transaction_broken_off_by_a_lost_connection_is_unavailable_and_the_next_one_passes(
    opened_on_postgres: Opener, postgres_url: str
) -> None:
    ledger = await opened_on_postgres()
    await ledger.accept(an_acceptance("R1"))
    with psycopg.connect(postgres_url) as locking:
        locking.execute("LOCK TABLE message IN EXCLUSIVE MODE")
        stuck = [asyncio.ensure_future(ledger.accept(an_acceptance("R2"))) for _ in range(3)]
        await asyncio.to_thread(until_one_waits, locking)
        locking.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        answers = await asyncio.gather(*stuck, return_exceptions=True)

    assert all(isinstance(answer, HubUnavailable) for answer in answers)
    assert not (await ledger.accept(an_acceptance("R3"))).duplicate
    assert await ledger.verify_journal() is None


async def test_a_commit_of_its_own_that_comes_late_makes_no_conflict(opened_on_postgres: Opener, postgres_url: str) -> None:
    """As after a partition: the server commits what the node has long given up, while the node already writes again."""
    ledger = await opened_on_postgres()
    await ledger.accept(an_acceptance("R1"))
    engine = sa.create_engine(postgres_url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as cut_off:
        late = Journal(ledger.boot)
        late.write("said-late", at=datetime.now(UTC))
        late.flush(cut_off, head_of(cut_off, ledger.boot))
        saying = asyncio.ensure_future(ledger.accept(an_acceptance("R2")))
        with psycopg.connect(postgres_url, autocommit=True) as looking:
            await asyncio.to_thread(until_somebody_is_held_up, looking)
        cut_off.commit()
        receipt = await saying
    engine.dispose()

    assert (await ledger.message(receipt.message)).reference == "R2"
    assert await ledger.verify_journal() is None


def until_somebody_is_held_up(looking: psycopg.Connection) -> None:
    """Return once one waits for what another has locked."""
    while looking.execute("SELECT FROM pg_stat_activity WHERE pg_blocking_pids(pid) <> '{}'").fetchone() is None:
        time.sleep(0.01)


def until_one_waits(locking: psycopg.Connection) -> None:
    """Return once another waits for what this connection has locked."""
    while locking.execute("SELECT FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))").fetchone() is None:
        time.sleep(0.01)


async def test_a_node_that_stands_still_within_a_transaction_stands_in_nobodys_way(opened_on_postgres: Opener) -> None:
    one, other = await opened_on_postgres("node-1"), await opened_on_postgres("node-2")
    has_entered, stands_still = threading.Event(), iter([4.5])

    def accept_slowly(to: Transaction) -> Receipt:
        [receipt] = accept(to, [an_acceptance("R1", key="the same")])
        has_entered.set()
        time.sleep(next(stands_still, 0))
        return receipt

    slow = asyncio.ensure_future(one._writer.run(accept_slowly))
    await asyncio.to_thread(has_entered.wait, WAITS)
    first = await other.accept(an_acceptance("R1", key="the same"))
    second = await slow

    assert (first.duplicate, second.duplicate, second.message) == (False, True, first.message)
    assert one._writer.retried == 1
    assert await one.verify_journal() is None


def test_a_caller_that_will_never_be_answered_is_let_go_with_its_call() -> None:
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda _loop, _context: None)

    async def call() -> None:
        job = _Job(accept, an_acceptance("R1"), 0, loop.create_future())
        await job.answer

    caller = weakref.ref(loop.create_task(call()))
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    gc.collect()

    assert caller() is None
