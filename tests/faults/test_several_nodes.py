"""Nodes that start, end, die and are replaced: several processes behind one address, all nodes at once, a newer version."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from pathlib import Path

import pytest

from hub.doubles import Mode
from tests.faults.conftest import double_of
from tests.faults.test_outage import drained, started, until
from tests.faults.traffic import Sender, effects_in, requests_over
from tests.installation import REPOSITORY, Admin, Installation, Node

pytestmark = pytest.mark.long


def children_of(node: Node) -> set[int]:
    """The processes that a node has started."""
    assert node.process
    tasks = Path(f"/proc/{node.process.pid}/task").glob("*/children")
    return {int(pid) for task in tasks for pid in task.read_text().split()}


def is_alive(pid: int) -> bool:
    """Whether a process runs: not gone, and not a zombie that nobody has buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def started_together(town: Installation, processes: int = 2) -> Node:
    """A ready parent of several nodes."""
    if not town.admin_key:
        town.init()
    return Node(town, name="together", processes=processes).start()


async def test_a_process_that_is_killed_is_started_again_and_its_address_answers_all_the_while(
    busy_town: Installation, nodes: list[Node], tmp_path: Path, postgres
) -> None:
    busy_town.environment["HUB_DATABASE"] = postgres.new_database()
    recording = tmp_path / "waste.jsonl"
    async with double_of("waste", busy_town, recording), double_of("portal", busy_town):
        node = await asyncio.to_thread(started_together, busy_town)
        nodes.append(node)
        admin = Admin(node.url, busy_town.admin_key)
        sender = Sender(admin.key_for("portal"), lambda: node.url)
        await until(lambda: len(children_of(node)) == 2, seconds=60)
        first = children_of(node)

        saying = asyncio.create_task(sender.say(requests_over(100, 300)))
        await until(lambda: len(sender.accepted) > 50, seconds=60)
        os.kill(min(first), signal.SIGKILL)
        await saying
        await drained(Admin(node.url, busy_town.admin_key), seconds=60)

    now = children_of(node)
    assert len(now) == 2 and max(first) in now and min(first) not in now
    effects = effects_in(recording)
    assert len(sender.accepted) == 300 and len(effects.counts) == 300 and effects.doubled == []


async def test_a_hang_up_signal_starts_every_process_anew_and_no_request_is_refused(
    busy_town: Installation, nodes: list[Node], tmp_path: Path, postgres
) -> None:
    busy_town.environment["HUB_DATABASE"] = postgres.new_database()
    recording = tmp_path / "waste.jsonl"
    async with double_of("waste", busy_town, recording), double_of("portal", busy_town):
        node = await asyncio.to_thread(started_together, busy_town)
        nodes.append(node)
        sender = Sender(Admin(node.url, busy_town.admin_key).key_for("portal"), lambda: node.url)
        await until(lambda: len(children_of(node)) == 2, seconds=60)
        first = children_of(node)

        saying = asyncio.create_task(sender.say(requests_over(100, 300)))
        assert node.process
        node.process.send_signal(signal.SIGHUP)
        await saying
        await until(lambda: not first & children_of(node) and len(children_of(node)) == 2, seconds=60)
        await drained(Admin(node.url, busy_town.admin_key), seconds=60)

    effects = effects_in(recording)
    assert len(sender.accepted) == 300 and len(effects.counts) == 300 and effects.doubled == []
    assert node.stop() == 0


async def test_processes_end_when_their_parent_is_killed(busy_town: Installation, nodes: list[Node], postgres) -> None:
    busy_town.environment["HUB_DATABASE"] = postgres.new_database()
    node = await asyncio.to_thread(started_together, busy_town)
    nodes.append(node)
    await until(lambda: len(children_of(node)) == 2, seconds=60)
    orphans = children_of(node)

    node.kill()

    await until(lambda: not any(is_alive(pid) for pid in orphans), seconds=60)


def test_several_processes_on_sqlite_are_refused_and_told_of_postgresql(busy_town: Installation) -> None:
    said = busy_town.hub("serve", "--processes", "2")

    assert said.returncode == 1
    assert "PostgreSQL" in said.stdout + said.stderr


async def test_a_port_that_is_taken_is_said_before_anything_starts(
    busy_town: Installation, nodes: list[Node], postgres
) -> None:
    busy_town.environment["HUB_DATABASE"] = postgres.new_database()
    nodes.append(await asyncio.to_thread(started, busy_town))

    said = await asyncio.to_thread(busy_town.hub, "serve", "--processes", "2", "--port", str(nodes[0].port))

    assert said.returncode == 1
    assert str(nodes[0].port) in said.stdout + said.stderr


async def test_when_all_nodes_are_killed_at_once_their_restart_delivers_all(
    busy_town: Installation, nodes: list[Node], tmp_path: Path, postgres
) -> None:
    busy_town.environment["HUB_DATABASE"] = postgres.new_database()
    recording = tmp_path / "waste.jsonl"
    async with double_of("waste", busy_town, recording) as waste, double_of("portal", busy_town):
        await waste.tell(Mode("slow", operation="create_order", seconds=0.3))
        for name in ("node-1", "node-2"):
            nodes.append(await asyncio.to_thread(started, busy_town, name))
        sender = Sender(Admin(nodes[0].url, busy_town.admin_key).key_for("portal"), lambda: nodes[0].url)
        await sender.say(requests_over(100, 200))

        for node in nodes:
            node.kill()
        for node in nodes:
            await asyncio.to_thread(node.start)
        await sender.say([("AFTER", number) for number in range(200, 210)])
        await drained(Admin(nodes[0].url, busy_town.admin_key), seconds=60)

    effects = effects_in(recording)
    assert len(sender.accepted) == 210 and len(effects.counts) == 210 and effects.doubled == []


async def test_a_second_sigterm_ends_a_node_at_once_and_what_it_held_is_looked_up(
    busy_town: Installation, nodes: list[Node], tmp_path: Path
) -> None:
    recording = tmp_path / "waste.jsonl"
    async with double_of("waste", busy_town, recording) as waste, double_of("portal", busy_town):
        await waste.tell(Mode("slow", operation="create_order", seconds=1.5))
        node = await asyncio.to_thread(started, busy_town)
        nodes.append(node)
        sender = Sender(Admin(node.url, busy_town.admin_key).key_for("portal"), lambda: node.url)
        await sender.say(requests_over(20, 20))
        await until(lambda: len(waste.kept("orders")) > 0, seconds=60)

        assert node.process
        node.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.2)
        await asyncio.to_thread(node.stop, signal.SIGTERM)
        await waste.tell(Mode())
        await asyncio.to_thread(node.start)
        await drained(Admin(node.url, busy_town.admin_key), seconds=60)

    effects = effects_in(recording)
    assert len(effects.counts) == 20 and effects.doubled == []


NEXT_VERSION = '''"""What a version after this one adds."""

import sqlalchemy as sa
from alembic import op

revision = "9000"
down_revision = "{last}"


def upgrade() -> None:
    op.add_column("message", sa.Column("added_by_the_next_version", sa.Text(), nullable=True))
    op.create_index("message_added", "message", ["added_by_the_next_version"])
'''


@pytest.fixture
def next_version(tmp_path: Path) -> Path:
    """A copy of the hub with one more migration."""
    copy = tmp_path / "next" / "hub"
    shutil.copytree(REPOSITORY / "hub", copy, ignore=shutil.ignore_patterns("__pycache__"))
    versions = copy / "ledger" / "migrations" / "versions"
    last = max(file.name.partition("_")[0] for file in versions.glob("[0-9]*.py"))
    (versions / "9000_next.py").write_text(NEXT_VERSION.format(last=last), encoding="utf-8")
    return copy.parent


async def test_nodes_are_replaced_one_by_one_by_a_newer_version_under_load(
    busy_town: Installation, nodes: list[Node], tmp_path: Path, postgres, next_version: Path
) -> None:
    busy_town.environment["HUB_DATABASE"] = postgres.new_database()
    recording = tmp_path / "waste.jsonl"
    async with double_of("waste", busy_town, recording), double_of("portal", busy_town):
        for name in ("node-1", "node-2"):
            nodes.append(await asyncio.to_thread(started, busy_town, name))
        sender = Sender(Admin(nodes[0].url, busy_town.admin_key).key_for("portal"), turns([node.url for node in nodes]))
        replaced = asyncio.Event()
        saying = asyncio.create_task(said_until(replaced, sender))
        await until(lambda: len(sender.accepted) > 30, seconds=60)

        busy_town.environment["PYTHONPATH"] = str(next_version)
        for node in nodes:
            await asyncio.to_thread(node.stop)
            await asyncio.to_thread(node.start)
        replaced.set()
        said = await saying
        await drained(Admin(nodes[0].url, busy_town.admin_key), seconds=60)

    effects = effects_in(recording)
    assert len(sender.accepted) == said and len(effects.counts) == said and effects.doubled == []
    assert all(numbers == sorted(numbers) for numbers in effects.by_reference.values())


async def said_until(enough: asyncio.Event, sender: Sender) -> int:
    """Requests said without a pause until it is enough; how many."""
    said = 0
    while not enough.is_set():
        await sender.say([(f"D-{number % 7}", number) for number in range(said, said + 14)])
        said += 14
    return said


def turns(urls: list[str]):
    """The addresses in turn."""
    given = iter(range(10**9))
    return lambda: urls[next(given) % len(urls)]
