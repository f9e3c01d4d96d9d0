"""A node that runs out of what the machine gives it: it says so or waits, loses nothing, and recovers by itself."""

from __future__ import annotations

import asyncio
import resource
import socket
from pathlib import Path

import httpx
import pytest

from tests.faults.conftest import double_of
from tests.faults.test_outage import started, until
from tests.faults.traffic import Sender, effects_in, requests_over
from tests.installation import Admin, Installation, Node

PROCESSES = Path("/proc")


def is_drained(admin: Admin) -> bool:
    """Whether nothing is under way; not yet, while the node has no file left to answer or to read its ledger with."""
    try:
        reply = admin.ask("/overview")
    except httpx.TransportError:
        return False
    if reply.status_code == 503:
        return False
    assert reply.status_code == 200, reply.text
    states = reply.json()["deliveries"]
    return not any(states.get(state) for state in ("waiting", "sending", "unanswered"))


@pytest.mark.skipif(not (PROCESSES / "self" / "fd").exists(), reason="open files are counted in /proc")
async def test_a_node_out_of_file_descriptors_loses_nothing_and_goes_on_when_it_has_some_again(
    busy_town: Installation, nodes: list[Node], tmp_path: Path
) -> None:
    recording = tmp_path / "waste.jsonl"
    async with double_of("waste", busy_town, recording), double_of("portal", busy_town):
        node = await asyncio.to_thread(started, busy_town)
        nodes.append(node)
        assert node.process
        sender = Sender(Admin(node.url, busy_town.admin_key).key_for("portal"), lambda: node.url)
        open_files = len(list((PROCESSES / str(node.process.pid) / "fd").iterdir()))
        _, hard = resource.prlimit(node.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(node.process.pid, resource.RLIMIT_NOFILE, (open_files + 8, hard))

        idle = [socket.create_connection(("127.0.0.1", node.port), timeout=60) for _ in range(30)]
        saying = asyncio.create_task(sender.say(requests_over(20, 40)))
        await asyncio.sleep(2)
        for connection in idle:
            connection.close()
        await saying
        admin = Admin(node.url, busy_town.admin_key)
        await until(lambda: is_drained(admin), seconds=80)

    assert node.process.poll() is None
    effects = effects_in(recording)
    assert len(sender.accepted) == 40 and len(effects.counts) == 40 and effects.doubled == []
