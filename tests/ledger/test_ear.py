"""Words between nodes on PostgreSQL: who is woken, and that no two processes work under one name."""

import asyncio
import subprocess
import sys

import psycopg
import pytest

from hub.errors import ConfigurationError
from hub.ledger import ear
from tests.ledger.conftest import Opener
from tests.ledger.makers import NOON, REFUSED, a_settlement, accepted, claimed
from tests.ledger.taker import Hand, attending, soon
from tests.stopwatch import wait_awake


async def test_a_node_hears_what_another_one_leaves_to_be_claimed(opened_on_postgres: Opener) -> None:
    one, other = await opened_on_postgres("node-1"), await opened_on_postgres("node-2")
    hand = await attending(other, Hand())

    await accepted(one, "R1")

    await soon(lambda: hand.woken == 1)


async def test_a_replay_wakes_every_node_and_a_delivery_that_ends_wakes_none(opened_on_postgres: Opener) -> None:
    one, other = await opened_on_postgres("node-1"), await opened_on_postgres("node-2")
    first, _ = await accepted(one, "R1", "R2")
    dead, done = await claimed(one)
    hand = await attending(other, Hand())

    await one.settle(a_settlement(done))
    await one.settle(a_settlement(dead, REFUSED))
    await asyncio.sleep(0.2)
    quiet = hand.woken
    await one.replay(first, actor="awa", reason="Repaired", now=NOON)

    await soon(lambda: hand.woken == 1)
    assert quiet == 0


async def test_a_connection_that_is_lost_is_made_anew_and_the_worker_looks_at_once(
    opened_on_postgres: Opener, postgres_url: str
) -> None:
    one, other = await opened_on_postgres("node-1"), await opened_on_postgres("node-2")
    hand = await attending(other, Hand())

    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND query LIKE 'LISTEN%'"
        )

    await soon(lambda: hand.woken == 1)
    await accepted(one, "R1")
    await soon(lambda: hand.woken == 2)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is late in noticing an end is waited for."""
    monkeypatch.setattr(ear, "HELD", 60.0)


async def test_a_second_node_of_the_same_name_is_refused_and_told_what_to_do(opened_on_postgres: Opener) -> None:
    one, other = await opened_on_postgres("node-1"), await opened_on_postgres("node-1")
    await attending(one, Hand())

    with pytest.raises(ConfigurationError) as refused:
        await attending(other, Hand())

    assert "HUB_NODE" in refused.value.text.en and "node-1" in refused.value.text.fr


async def test_a_name_is_free_again_as_soon_as_its_node_is_closed(opened_on_postgres: Opener, patient: None) -> None:
    one = await opened_on_postgres("node-1")
    await attending(one, Hand())

    await one.close()

    await attending(await opened_on_postgres("node-1"), Hand())


HOLDER = """
import asyncio, sys
from hub.ledger import Ledger
from tests.ledger.makers import Reversing
from tests.ledger.taker import Hand

async def hold():
    ledger = await Ledger.open(sys.argv[1], cipher=Reversing(), node="node-1", boot="killed")
    await ledger.attend(Hand())
    print("held", flush=True)
    await asyncio.sleep(60)

asyncio.run(hold())
"""


def killed_while_it_holds_its_name(url: str) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, url], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "held\n"
        process.kill()


async def test_a_killed_node_starts_again_under_its_name_without_waiting(
    opened_on_postgres: Opener, postgres_url: str, patient: None
) -> None:
    await asyncio.to_thread(killed_while_it_holds_its_name, postgres_url)
    again = await opened_on_postgres("node-1")

    starting = asyncio.ensure_future(attending(again, Hand()))
    assert await wait_awake(starting, 2.9)
    await starting
