"""`hub audit verify` finds what was torn, a backup made under load is whole, and one put back doubles nothing."""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from hub.doubles import Mode
from hub.errors import ConfigurationError, HubUnavailable
from hub.facts import replace
from hub.ledger import Content, Ledger, Search, back_up, examine
from hub.message import State
from hub.privacy import KeyRing, open_keyring
from tests.faults.conftest import double_of
from tests.faults.test_outage import drained, started
from tests.faults.traffic import Sender, effects_in, requests_over
from tests.installation import Admin, Installation, Node
from tests.ledger.makers import REFUSED, a_settlement, accepted, an_acceptance, claimed
from tests.ledger.taker import soon
from tests.postgres import Postgres

FLIPS = 150
OPEN_TO_DOUBT = {
    "message": {"operation", "revision", "trace", "caller_url", "expires_at"},
    "delivery": {
        "operation",
        "attempts",
        "tries",
        "token",
        "look_up",
        "failing_since",
        "holder",
        "reason",
        "priority",
        "skipped",
    },
    "lane": {"failures", "failing_from", "until", "tokens", "filled_at", "reason", "gate", "paused"},
    "node": {"name", "seen_at"},
}
"""What stands in one place only, in no index and in no line of the journal: nothing contradicts a flipped bit in it."""


@pytest.fixture
def keyring(tmp_path: Path) -> KeyRing:
    return open_keyring(tmp_path / "hub.keys")


async def a_book(folder: Path, keyring: KeyRing) -> Path:
    """A closed ledger of messages that wait, are delivered and are dead."""
    ledger = await Ledger.open(f"sqlite:///{folder}/hub.db", cipher=keyring, node="node-1", boot="boot-1")
    await accepted(ledger, *(f"R{number}" for number in range(12)))
    first, second, *_ = await claimed(ledger)
    await ledger.settle(a_settlement(first))
    await ledger.settle(a_settlement(second, REFUSED))
    await ledger.close()
    return folder / "hub.db"


def rows_of(book: Path) -> dict[str, list[tuple]] | None:
    """All rows of a book, None when they cannot be read."""
    try:
        with closing(sqlite3.connect(f"file:{book}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: [dict(row) for row in connection.execute(f'SELECT rowid, * FROM "{name}"')] for name in names}
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return None


def changed_columns(before: dict, after: dict | None) -> set[str]:
    """The columns that differ and should not have got by."""
    if after is None or after.keys() != before.keys():
        return {"all"}
    changed = set()
    for table, rows in before.items():
        if len(rows) != len(after[table]):
            changed.add(table)
            continue
        for old, new in zip(rows, after[table], strict=True):
            doubtful = OPEN_TO_DOUBT.get(table, set())
            changed |= {f"{table}.{name}" for name in old if old[name] != new.get(name) and name not in doubtful}
    return changed


def flaws_of(book: Path, keyring: KeyRing) -> list[str]:
    try:
        return [flaw.en for flaw in examine(f"sqlite:///{book}", cipher=keyring).flaws]
    except (ConfigurationError, HubUnavailable) as error:
        return [str(error)]


# -- verify -----------------------------------------------------------------------------------------------------------


async def test_a_flipped_bit_anywhere_in_the_file_is_found_or_has_changed_nothing(tmp_path: Path, keyring: KeyRing) -> None:
    book = await a_book(tmp_path, keyring)
    whole, rows, chance = book.read_bytes(), rows_of(book), random.Random(5)
    torn = tmp_path / "torn" / "hub.db"
    torn.parent.mkdir()
    found, missed = 0, set()

    for _ in range(FLIPS):
        bit = chance.randrange(len(whole) * 8)
        torn.write_bytes(whole[: bit // 8] + bytes([whole[bit // 8] ^ 1 << bit % 8]) + whole[bit // 8 + 1 :])
        if flaws_of(torn, keyring):
            found += 1
        else:
            missed |= changed_columns(rows, rows_of(torn))

    assert rows and flaws_of(book, keyring) == []
    assert found > 5
    assert missed == set()


async def test_a_name_in_the_file_that_is_no_text_any_more_is_a_flaw_like_others(tmp_path: Path, keyring: KeyRing) -> None:
    book = await a_book(tmp_path, keyring)
    whole = book.read_bytes()
    assert b"indexdelivery_due" in whole

    book.write_bytes(whole.replace(b"indexdelivery_due", b"index\xe4elivery_due"))

    assert any("not all can be read" in flaw for flaw in flaws_of(book, keyring))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE journal SET reason = 'no' WHERE id = 3", "journal"),
        ("DELETE FROM journal WHERE id = 4", "journal"),
        ("UPDATE content SET sealed = zeroblob(40) WHERE rowid = 2", "does not open"),
        ("UPDATE message SET sender = 'other' WHERE rowid = 2", "is not what its"),
        ("UPDATE delivery SET reference = 'R77' WHERE position = 3", "is not what its"),
        ("DELETE FROM message WHERE rowid = 1", "not there"),
    ],
)
async def test_what_a_person_changed_in_the_book_is_named(tmp_path: Path, keyring: KeyRing, change: str, said: str) -> None:
    book = await a_book(tmp_path, keyring)
    with closing(sqlite3.connect(book, isolation_level=None)) as connection:
        connection.execute(change)

    assert any(said in flaw for flaw in flaws_of(book, keyring))


async def test_the_command_says_whole_with_0_and_names_a_flaw_with_1_while_a_hub_serves_the_book_too(
    busy_town: Installation, nodes: list[Node]
) -> None:
    nodes.append(await asyncio.to_thread(started, busy_town))
    sender = Sender(Admin(nodes[0].url, busy_town.admin_key).key_for("portal"), lambda: nodes[0].url)
    await sender.say(requests_over(5, 5))

    served = await asyncio.to_thread(busy_town.hub, "audit", "verify")
    nodes[0].kill()
    with closing(sqlite3.connect(busy_town.root / "hub.db", isolation_level=None)) as connection:
        connection.execute("UPDATE journal SET event = 'delivered' WHERE id = 5")
    torn = await asyncio.to_thread(busy_town.hub, "audit", "verify", HUB_LANGUAGE="fr")

    assert served.returncode == 0 and "5 messages" in served.stdout and "whole" in served.stdout
    assert torn.returncode == 1 and "Cette ligne a été modifiée" in torn.stdout


async def test_a_content_that_was_changed_is_never_served(tmp_path: Path, keyring: KeyRing) -> None:
    book = await a_book(tmp_path, keyring)
    with closing(sqlite3.connect(book, isolation_level=None)) as connection:
        connection.execute("UPDATE content SET sealed = CAST(sealed || x'00' AS BLOB)")
    ledger = await Ledger.open(f"sqlite:///{book}", cipher=keyring, node="node-1", boot="boot-2")
    (found, *_) = (await ledger.find(Search())).found

    with pytest.raises(ConfigurationError):
        await ledger.content(found.message.id, "original")

    await ledger.close()


# -- backup -----------------------------------------------------------------------------------------------------------


async def test_a_backup_under_load_is_whole_and_holds_all_that_was_acknowledged_before_it(
    tmp_path: Path, keyring: KeyRing
) -> None:
    url = f"sqlite:///{tmp_path}/hub.db"
    ledger = await Ledger.open(url, cipher=keyring, node="node-1", boot="boot-1")
    acknowledged: list[str] = []
    done = asyncio.Event()

    async def sender(name: int) -> None:
        number = 0
        while not done.is_set():
            number += 1
            whole = replace(an_acceptance(f"{name}-{number}"), contents=(Content("original", "image/jpeg", bytes(9000)),))
            acknowledged.append((await ledger.accept(whole)).message)

    senders = [asyncio.create_task(sender(name)) for name in range(8)]
    copies = []
    for number in range(4):
        await asyncio.sleep(0.4)
        await soon(lambda least=50 * (number + 1): len(acknowledged) >= least)
        before = list(acknowledged)
        copy = tmp_path / f"copy-{number}.db"
        await asyncio.to_thread(back_up, url, copy)
        copies.append((copy, before))
    done.set()
    await asyncio.gather(*senders)
    await ledger.close()

    for copy, before in copies:
        assert flaws_of(copy, keyring) == []
        with closing(sqlite3.connect(copy)) as connection:
            assert set(before) <= {row[0] for row in connection.execute("SELECT id FROM message")}
    assert copies[-1][1]


async def test_a_backup_runs_over_no_file_and_names_postgresqls_own_tool(tmp_path: Path, keyring: KeyRing) -> None:
    book = await a_book(tmp_path, keyring)
    (tmp_path / "there.db").write_text("mine")

    with pytest.raises(ConfigurationError):
        back_up(f"sqlite:///{book}", tmp_path / "there.db")
    with pytest.raises(ConfigurationError) as refused:
        back_up("postgresql://hub@127.0.0.1/hub", tmp_path / "copy.db")

    assert (tmp_path / "there.db").read_text() == "mine" and "pg_dump" in refused.value.text.fr


async def test_a_dump_of_postgresql_under_load_is_restored_whole(
    postgres: Postgres, tmp_path: Path, keyring: KeyRing
) -> None:
    tools = Path(postgres.server.bin_path)
    if not (tools / "pg_dump").exists():
        pytest.skip("pg_dump is not beside this PostgreSQL")
    with two_databases(postgres) as (live, restored):
        ledger = await Ledger.open(live, cipher=keyring, node="node-1", boot="boot-1")
        acknowledged = [(await ledger.accept(an_acceptance(f"R{number}"))).message for number in range(20)]
        loading = asyncio.create_task(forever(ledger))
        dump = await asyncio.to_thread(output_of, tools / "pg_dump", "--no-owner", live)
        loading.cancel()
        await ledger.close()
        await asyncio.to_thread(output_of, tools / "psql", "-q", "-v", "ON_ERROR_STOP=1", restored, given=dump)

        found = examine(restored, cipher=keyring)
        with psycopg.connect(restored) as connection:
            kept = {row[0] for row in connection.execute("SELECT id FROM message")}

    assert found.flaws == () and set(acknowledged) <= kept


async def forever(ledger: Ledger) -> None:
    while True:
        await accepted(ledger, *(f"L{number}" for number in range(10)))


@contextmanager
def two_databases(postgres: Postgres) -> Iterator[tuple[str, str]]:
    """Two databases of their own: pg_dump takes a whole one."""
    names = [f"hub_{uuid.uuid4().hex}" for _ in range(2)]
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        for name in names:
            connection.execute(f"CREATE DATABASE {name}")
        yield postgres.url(names[0]), postgres.url(names[1])
        for name in names:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def output_of(*command: object, given: bytes = b"") -> bytes:
    done = subprocess.run([str(each) for each in command], input=given, capture_output=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


# -- restore ----------------------------------------------------------------------------------------------------------


@pytest.mark.long
async def test_a_backup_put_back_asks_first_for_what_was_delivered_since_and_tells_what_to_reconcile(
    busy_town: Installation, nodes: list[Node], tmp_path: Path
) -> None:
    recording, copy = tmp_path / "waste.jsonl", tmp_path / "copy.db"
    async with double_of("waste", busy_town, recording) as waste, double_of("portal", busy_town):
        await waste.tell(Mode("down"))
        nodes.append(await asyncio.to_thread(started, busy_town))
        admin = Admin(nodes[0].url, busy_town.admin_key)
        sender = Sender(admin.key_for("portal"), lambda: nodes[0].url)
        await sender.say(requests_over(12, 12))
        saved = await asyncio.to_thread(busy_town.hub, "backup", str(copy))
        await waste.tell(Mode())
        await drained(admin, seconds=30)
        nodes[0].kill()
        orders = len(waste.kept("orders"))

        for file in busy_town.root.glob("hub.db*"):
            file.unlink()
        shutil.copy(copy, busy_town.root / "hub.db")
        told = await asyncio.to_thread(busy_town.hub, "restored", "--reason", "the disk was lost")
        await asyncio.to_thread(nodes[0].start)
        await drained(admin, seconds=60)
        verified = await asyncio.to_thread(busy_town.hub, "audit", "verify")
        states = await asyncio.to_thread(admin.states)

    assert saved.returncode == 0 and told.returncode == 0, saved.stdout + told.stdout + told.stderr
    assert "12 deliveries were open" in told.stdout and "D-2026-00003" in told.stdout
    assert orders == 12 and len(waste.kept("orders")) == 12
    assert effects_in(recording).doubled == [] and states.get("dead", 0) == 0
    assert verified.returncode == 0, verified.stdout


async def test_of_a_restored_book_what_waited_is_in_doubt_and_what_had_ended_stays_so(
    tmp_path: Path, keyring: KeyRing
) -> None:
    book = await a_book(tmp_path, keyring)
    ledger = await Ledger.open(f"sqlite:///{book}", cipher=keyring, node="node-1", boot="boot-2")
    waiting = await accepted(ledger, "R98", "R99")

    found = await ledger.restored(actor="hub", reason="the disk was lost", now=await ledger.time())

    assert {each.delivery for each in found.open} >= set(waiting) and len(found.open) == 12
    assert all([(await ledger.delivery(each)).look_up for each in waiting])
    states = [each.state for summary in (await ledger.find(Search())).found for each in summary.deliveries]
    assert states.count(State.DELIVERED) == 1 and states.count(State.DEAD) == 1
    assert await ledger.verify_journal() is None
    await ledger.close()
