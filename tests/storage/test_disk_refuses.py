"""A disk that can only be read, a book that another tool holds, a sync that fails, settings that lose: said, and no loss."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sqlite3
import subprocess
from contextlib import closing, suppress
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from hub.errors import ConfigurationError, HubUnavailable
from hub.ledger import Ledger, Search
from hub.ledger.durability import check, check_place, kind_of
from tests.faults.conftest import double_of
from tests.faults.traffic import bin_request
from tests.installation import HUB, Admin, Installation, Node
from tests.ledger.makers import Reversing, accepted, an_acceptance
from tests.stopwatch import wait_awake
from tests.storage.conftest import Mount, mount, open_at
from tests.storage.crash_points import why_not

MOUNTS = """\
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
35 21 0:31 / /run rw,nosuid - tmpfs tmpfs rw
60 21 0:52 / /srv/ledger\\040of\\040town rw,relatime shared:9 - nfs4 nas:/hub rw,vers=4.2
"""


# -- read only --------------------------------------------------------------------------------------------------------


async def test_a_disk_that_can_only_be_read_is_refused_at_the_start_with_what_to_do(small_disk: Mount) -> None:
    disk = small_disk("16m")
    ledger = await open_at(disk)
    await accepted(ledger, "R1")
    await ledger.close()
    assert mount("-o", "remount,ro", str(disk))

    with pytest.raises(ConfigurationError) as refused:
        await open_at(disk)

    assert "written" in refused.value.text.en or "write" in refused.value.text.en
    assert mount("-o", "remount,rw", str(disk))
    again = await open_at(disk)
    assert len((await again.find(Search())).found) == 1
    await again.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write what nobody may write")
async def test_a_file_that_can_only_be_read_is_refused_at_the_start(tmp_path: Path) -> None:
    await (await open_at(tmp_path)).close()
    (tmp_path / "hub.db").chmod(0o400)

    with pytest.raises(ConfigurationError):
        await open_at(tmp_path)


# -- held by another tool ---------------------------------------------------------------------------------------------


async def test_a_book_that_a_backup_tool_holds_is_said_to_be_away_in_seconds_and_nothing_is_lost(sqlite_url: str) -> None:
    path = sqlite_url.removeprefix("sqlite:///")
    ledger = await open_at(Path(path).parent)
    await accepted(ledger, "R0")
    with closing(sqlite3.connect(path, isolation_level=None)) as tool:
        tool.execute("BEGIN IMMEDIATE")
        asking = asyncio.gather(*(ledger.accept(an_acceptance(f"R{n}")) for n in range(1, 9)), return_exceptions=True)
        assert await wait_awake(asking, 6)
        answers = await asking
        standing, readable = await ledger.standing(), len((await ledger.find(Search())).found)
        tool.execute("ROLLBACK")

    after = await ledger.accept(an_acceptance("R9"))

    assert all(isinstance(answer, HubUnavailable) for answer in answers)
    assert standing == "away" and readable == 1
    assert {each.message.reference for each in (await ledger.find(Search())).found} == {"R0", "R9"}
    assert not after.duplicate and await ledger.standing() == "ok"
    await ledger.close()


# -- a sync that fails ------------------------------------------------------------------------------------------------


async def test_a_node_whose_disk_does_not_confirm_a_write_ends_and_started_anew_has_all_it_had_acknowledged(
    busy_town: Installation, nodes: list[Node]
) -> None:
    if reason := why_not():
        pytest.skip(reason)
    busy_town.init()
    nodes.append(Node(busy_town))
    async with double_of("waste", busy_town), double_of("portal", busy_town):
        failing = await asyncio.to_thread(started_on_a_failing_disk, nodes[0], busy_town.root / "strace.log")
        try:
            acknowledged = await asyncio.to_thread(said_until_it_ends, nodes[0], busy_town)
            code = await asyncio.to_thread(failing.wait, 60)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(failing.pid, signal.SIGKILL)
        await asyncio.to_thread(nodes[0].start)
        admin = Admin(nodes[0].url, busy_town.admin_key)
        stories = [await asyncio.to_thread(admin.get, f"/messages/{message}") for message in acknowledged]

    assert code == os.EX_IOERR
    assert "did not confirm a write" in nodes[0].log()
    assert acknowledged and len(stories) == len(acknowledged)


def started_on_a_failing_disk(node: Node, log: Path) -> subprocess.Popen[bytes]:
    """A node in a group of processes of its own, of which one sync of the ledger will fail; returns when it is ready."""
    failing = ("strace", "-f", "-o", str(log), "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=40")
    environment = {**node._installation.environment, "HUB_NODE": node.name, "HUB_PORT": str(node.port)}
    output = (node._installation.root / f"{node.name}.log").open("ab")
    process = subprocess.Popen(
        (*failing, *HUB, "serve"), env=environment, stdout=output, stderr=output, start_new_session=True
    )
    output.close()
    node.process = process
    node.wait_ready(90)
    return process


def said_until_it_ends(node: Node, town: Installation) -> list[str]:
    """The ids of the messages that a node acknowledged before it ended."""
    headers = {"Authorization": f"Bearer {Admin(node.url, town.admin_key).key_for('portal')}"}
    acknowledged: list[str] = []
    with httpx.Client(base_url=node.url, headers=headers, timeout=60, trust_env=False) as client:
        for number in range(200):
            try:
                body = bin_request(f"D-2026-{number:05d}", number)
                reply = client.post("/api/v1/exchanges/bin-replacement/messages", json=body)
            except httpx.HTTPError:
                break
            if reply.status_code == 202:
                acknowledged.append(reply.json()["message"])
    return acknowledged


# -- settings that lose -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "setting",
    ["synchronous=OFF", "synchronous=NORMAL", "journal_mode=MEMORY", "journal_mode=OFF"],
)
def test_a_setting_of_sqlite_that_loses_acknowledged_messages_is_refused(tmp_path: Path, setting: str) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path}/hub.db")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA {setting}")

        with pytest.raises(ConfigurationError) as refused:
            check(connection)

    assert "lose" in refused.value.text.en and "perdrait" in refused.value.text.fr
    engine.dispose()


async def test_an_address_cannot_weaken_sqlite_by_options(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        await Ledger.open(f"sqlite:///file:{tmp_path}/hub.db?vfs=unix-none&uri=true", cipher=Reversing(), node="n", boot="b")


def test_a_book_on_a_network_disk_is_refused_and_told_of_postgresql() -> None:
    with pytest.raises(ConfigurationError) as refused:
        check_place(Path("/srv/ledger of town/data"), MOUNTS)

    assert "nfs4" in refused.value.text.en and "PostgreSQL" in refused.value.text.fr
    assert kind_of(Path("/home/hub"), MOUNTS) == "ext4"


def test_a_book_in_memory_is_taken_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="hub.ledger"):
        check_place(Path("/run/hub"), MOUNTS)

    assert "in memory" in caplog.text
