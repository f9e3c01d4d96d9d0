"""A PostgreSQL that is restarted, paused, full, read-only or badly set: said within seconds, back by itself, and no loss."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from hub.errors import ConfigurationError, HubUnavailable, NoRoom
from hub.facts import replace
from hub.ledger import Content, Ledger, Search
from hub.ledger.writer import Transaction
from tests.ledger.makers import LEASE, NOON, Reversing, a_settlement, accepted, an_acceptance, claimed, seconds
from tests.postgres import Postgres, postmaster, start_postgres
from tests.stopwatch import STEP
from tests.storage.conftest import Mount, mount


@pytest.fixture(scope="module")
def own() -> Iterator[Postgres]:
    """A server that these tests may stop, pause and set."""
    with start_postgres() as server:
        yield server


async def open_on(url: str) -> Ledger:
    return await Ledger.open(url, cipher=Reversing(), node="node-1", boot=uuid.uuid4().hex)


def processes_of(server: Postgres) -> list[psutil.Process]:
    """The server and all that it has started."""
    first = postmaster(server.server)
    return [first, *first.children(recursive=True)]


@contextmanager
def paused(server: Postgres) -> Iterator[None]:
    """The server, stopped as a machine that hangs."""
    frozen = processes_of(server)
    tell(frozen, signal.SIGSTOP)
    try:
        yield
    finally:
        tell(frozen, signal.SIGCONT)


def tell(processes: Sequence[psutil.Process], number: signal.Signals) -> None:
    for each in processes:
        with suppress(psutil.NoSuchProcess):  # one that cleaned up has ended just now
            each.send_signal(number)


def restart(server: Postgres) -> None:
    """Stop without a checkpoint, as a crash, and start again from the log."""
    control(server, f"-l {server.server.pgdata}/log restart")


def control(server: Postgres, what: str) -> None:
    tool = Path(server.server.bin_path) / "pg_ctl"
    command = f"{tool} -D {server.server.pgdata} -m immediate -w {what}"
    options = {"user": server.server.system_user} if server.server.system_user else {}
    subprocess.run(command.split(), check=True, capture_output=True, timeout=60, **options)


@contextmanager
def setting(server: Postgres, name: str, value: str) -> Iterator[None]:
    """A setting of the server, until the end of the block."""
    before = shown(server, name)
    change(server, f"ALTER SYSTEM SET {name} = '{value}'", name, value)
    try:
        yield
    finally:
        change(server, f"ALTER SYSTEM RESET {name}", name, before)


def change(server: Postgres, statement: str, name: str, value: str) -> None:
    """Change a setting; return once who connects finds it so: by then every process of the server has been told."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.execute(statement)
        connection.execute("SELECT pg_reload_conf()")
    while shown(server, name) != value:
        time.sleep(0.02)


def shown(server: Postgres, name: str) -> str:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        row = connection.execute(f"SHOW {name}").fetchone()
    assert row
    return str(row[0])


async def timed(asking: Awaitable[Any]) -> tuple[float, Any]:
    """How long a call took, to a step and without standstills, and what it gave or raised."""
    asked, steps = asyncio.ensure_future(asking), 0
    while not (await asyncio.wait({asked}, timeout=STEP))[0]:
        steps += 1
    try:
        answer = await asked
    except HubUnavailable as error:
        answer = error
    return steps * STEP, answer


async def until_taken(taking: Callable[[], Awaitable[Any]]) -> Any:
    while True:
        try:
            return await taking()
        except HubUnavailable:
            await asyncio.sleep(0.05)


async def messages(ledger: Ledger) -> set[str]:
    found, after = set(), ""
    while True:
        page = await ledger.find(Search(limit=200, after=after))
        found |= {each.message.id for each in page.found}
        if not (after := page.next):
            return found


# -- away -------------------------------------------------------------------------------------------------------------


async def test_a_server_restarted_as_by_a_crash_under_load_loses_nothing_and_leaves_no_lease_stuck(own: Postgres) -> None:
    ledger = await open_on(own.new_database())
    await accepted(ledger, *(f"L{n}" for n in range(5)))
    await claimed(ledger)
    kept: set[str] = set()
    said: list[float] = []
    done = asyncio.Event()

    async def sender(name: int) -> None:
        number = 0
        while not done.is_set():
            number += 1
            took, answer = await timed(ledger.accept(an_acceptance(f"{name}-{number}")))
            said.append(took)
            if not isinstance(answer, HubUnavailable):
                kept.add(answer.message)
            else:
                await asyncio.sleep(0.05)

    senders = [asyncio.create_task(sender(name)) for name in range(8)]
    for _ in range(3):
        await asyncio.sleep(0.5)
        await asyncio.to_thread(restart, own)
        back, _ = await timed(until_taken(lambda: ledger.accept(an_acceptance("after"))))
        assert back < 5
    done.set()
    await asyncio.gather(*senders)
    taken = await until_taken(lambda: ledger.take_up(now=NOON + LEASE + seconds(1)))

    assert kept and kept <= await messages(ledger)
    assert max(said) < 6
    assert taken == 5
    assert await ledger.verify_journal() is None
    await ledger.close()


async def test_a_paused_server_is_said_in_seconds_piles_up_no_threads_and_works_again_when_it_goes_on(own: Postgres) -> None:
    ledger = await open_on(own.new_database())
    await accepted(ledger, "R0")
    threads = threading.active_count()
    with paused(own):
        begun = [asyncio.create_task(timed(ledger.accept(an_acceptance(f"P{n}")))) for n in range(20)]
        await asyncio.sleep(1)
        later = [asyncio.create_task(timed(ledger.accept(an_acceptance(f"Q{n}")))) for n in range(20)]
        answers = await asyncio.gather(*begun, *later)
        reading = await asyncio.gather(*(timed(ledger.keys()) for _ in range(20)))
        standing = await ledger.standing()
        grown = threading.active_count() - threads

    receipt = await until_taken(lambda: ledger.accept(an_acceptance("R1")))

    assert all(took < 7 and isinstance(answer, HubUnavailable) for took, answer in [*answers, *reading])
    assert standing == "away" and grown <= 4
    references = {each.message.reference for each in (await ledger.find(Search())).found}
    assert {"R0", "R1"} <= references and receipt.reference == "R1"
    assert not any(name.startswith("Q") for name in references), "what had not begun when its caller gave up is not done"
    assert await ledger.standing() == "ok"
    await ledger.close()


async def test_where_no_connection_is_left_a_caller_is_told_at_once(own: Postgres) -> None:
    ledger = await open_on(own.new_database())
    held: list[psycopg.Connection] = []
    try:
        ledger._store.reading.dispose()
        await asyncio.to_thread(take_all, own, held, but=1)
        told = [await timed(ledger.keys()) for _ in range(3)]
        receipt = await ledger.accept(an_acceptance("R1"))
    finally:
        for each in held:
            each.close()

    assert all(isinstance(answer, HubUnavailable) for _, answer in told) and min(took for took, _ in told) < 1
    assert receipt.reference == "R1", "the one connection that writes is held all the time"
    assert await until_taken(ledger.keys) == ()
    await ledger.close()


def take_all(server: Postgres, held: list[psycopg.Connection], *, but: int) -> None:
    """Hold every connection of the server but so many that others hold; what was let go is free a moment later."""
    most = int(shown(server, "max_connections"))
    while len(held) < most - but:
        try:
            held.append(psycopg.connect(server.url()))
        except psycopg.OperationalError:
            gc.collect()  # connections that were given up while the server was paused
            time.sleep(0.02)


async def test_a_transaction_that_postgresql_breaks_off_for_anothers_sake_is_made_anew_and_counted(own: Postgres) -> None:
    url = own.new_database()
    ledger = await open_on(url)
    first, second = await accepted(ledger, "R1", "R2")
    order = "UPDATE delivery SET tries = tries WHERE id = %s"

    with psycopg.connect(url) as other:
        other.execute("SET deadlock_timeout = '100s'")  # the hub's side is the one that finds it, and is broken off
        other.execute(order, (first,))
        holding, waited = threading.Event(), threading.Event()

        def crossing(to: Transaction) -> str:
            to.connection.exec_driver_sql(order, (second,))
            holding.set()
            assert waited.wait(60)
            to.connection.exec_driver_sql(order, (first,))
            return "written"

        writing = asyncio.create_task(ledger._writer.run(crossing))
        assert await asyncio.to_thread(holding.wait, 60)
        crossed = asyncio.create_task(asyncio.to_thread(in_deadlock, other, order, second))
        await asyncio.to_thread(until_it_waits, url, other.info.backend_pid)
        waited.set()
        answer, _ = await asyncio.gather(writing, crossed)

    assert answer == "written" and ledger.retried >= 1
    await ledger.close()


def in_deadlock(other: psycopg.Connection, order: str, id_: str) -> None:
    """Ask for what the other side holds, and let go when that one was broken off."""
    other.execute(order, (id_,))
    other.rollback()


def until_it_waits(url: str, pid: int) -> None:
    """Return once a process of the server waits for another."""
    with psycopg.connect(url, autocommit=True) as connection:
        while connection.execute("SELECT cardinality(pg_blocking_pids(%s))", (pid,)).fetchone() == (0,):
            time.sleep(0.01)


# -- refusing ---------------------------------------------------------------------------------------------------------


async def test_a_full_disk_of_the_server_is_said_as_such_and_all_comes_back_when_there_is_room(
    own: Postgres, small_disk: Mount
) -> None:
    disk = small_disk("12m")
    shutil.chown(disk, own.server.system_user)
    space = f"small_{uuid.uuid4().hex[:8]}"
    change_alone(own, f"CREATE TABLESPACE {space} LOCATION '{disk}'")
    url = own.new_database() + f"%20-cdefault_tablespace%3D{space}"
    ledger = await open_on(url)
    (held,) = await accepted(ledger, "R0")

    kept, refused = [], []
    for number in range(60):
        _, answer = await timed(ledger.accept(large(f"F{number}")))
        (refused if isinstance(answer, HubUnavailable) else kept).append(answer)
    standing = await ledger.standing()
    assert mount("-o", "remount,size=64m", str(disk))
    after = await ledger.accept(large("R9"))
    (claim, *_) = await claimed(ledger)
    settled = await ledger.settle(a_settlement(claim))

    assert refused and all(isinstance(answer, NoRoom) for answer in refused)
    assert standing == "full"
    assert claim.delivery.id == held and settled
    assert {receipt.message for receipt in kept} | {after.message} <= await messages(ledger)
    assert await ledger.verify_journal() is None
    await ledger.close()
    with psycopg.connect(own.url(), autocommit=True) as connection:
        schema = url.partition("search_path%3D")[2].partition("%20")[0]
        connection.execute(f'DROP SCHEMA "{schema}" CASCADE')
        connection.execute(f"DROP TABLESPACE {space}")


def change_alone(server: Postgres, statement: str) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(statement)


def large(reference: str):
    return replace(an_acceptance(reference), contents=(Content("original", "image/jpeg", os.urandom(400_000)),))


async def test_a_database_that_turns_read_only_is_said_to_be_so_is_still_read_and_comes_back(own: Postgres) -> None:
    ledger = await open_on(own.new_database())
    await accepted(ledger, "R0")

    with setting(own, "default_transaction_read_only", "on"):
        _, answer = await timed(ledger.accept(an_acceptance("R1")))
        standing, readable = await ledger.standing(), await messages(ledger)
    await until_taken(lambda: ledger.accept(an_acceptance("R2")))

    assert isinstance(answer, HubUnavailable) and standing == "read-only" and len(readable) == 1
    assert await ledger.standing() == "ok" and len(await messages(ledger)) == 2
    await ledger.close()


@pytest.mark.parametrize("name", ["fsync", "full_page_writes"])
async def test_a_server_that_would_lose_what_it_acknowledges_is_refused(own: Postgres, name: str) -> None:
    url = own.new_database()
    with setting(own, name, "off"), pytest.raises(ConfigurationError) as refused:
        await open_on(url)

    assert name in refused.value.text.en and name in refused.value.text.fr


async def test_where_the_server_does_not_wait_for_its_disk_the_hubs_own_commits_do(own: Postgres) -> None:
    with setting(own, "synchronous_commit", "off"):
        ledger = await open_on(own.new_database())
        found = await ledger._writer.run(lambda to: to.connection.exec_driver_sql("SHOW synchronous_commit").scalar())
        await ledger.close()

    assert found == "on"
