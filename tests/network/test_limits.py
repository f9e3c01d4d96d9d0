"""What an application can bear is kept by all nodes together."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.faults.conftest import double_of
from tests.faults.proxy import Proxy
from tests.faults.test_outage import drained, started
from tests.faults.traffic import Sender, any_of, effects_in, requests_over
from tests.installation import Admin, Installation, Node


@pytest.mark.timeout(180)
async def test_an_application_that_bears_one_call_at_a_time_never_gets_two_from_two_nodes(
    busy_town: Installation, nodes: list[Node], tmp_path: Path, postgres
) -> None:
    recording = tmp_path / "waste.jsonl"
    before = int(busy_town.environment["WASTE_URL"].rpartition(":")[2])
    busy_town.environment["HUB_DATABASE"] = postgres.new_database()
    busy_town.edit("connectors/waste/connector.yaml", limits={"at_once": "1", "per_second": "400"}, timeout="60s")
    (busy_town.root / "schedules" / "waste-progress.yaml").unlink()  # its fetch would be a call more
    async with (
        double_of("waste", busy_town, recording),
        double_of("portal", busy_town),
        Proxy("127.0.0.1", before) as proxy,
    ):
        busy_town.environment["WASTE_URL"] = proxy.url
        nodes.append(await asyncio.to_thread(started, busy_town))
        nodes.append(await asyncio.to_thread(started, busy_town, "node-2"))
        admin = Admin(nodes[0].url, busy_town.admin_key)

        sender = Sender(admin.key_for("portal"), any_of([node.url for node in nodes]))
        await sender.say(requests_over(40, 40))
        await drained(admin, seconds=90)

    assert len(effects_in(recording).counts) == 40
    assert len(proxy.turns) == 40
    assert proxy.most_at_once == 1
