"""A node that is told to stop: calls under way end, nothing is left in doubt, and its exit code is 0."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from hub.doubles import Mode
from tests.faults.conftest import double_of
from tests.faults.test_outage import drained, started, until
from tests.faults.traffic import Sender, effects_in, requests_over
from tests.installation import Admin, Installation, Node


async def test_sigterm_under_load_loses_nothing_and_leaves_nothing_to_look_up(
    patient_town: Installation, nodes: list[Node], tmp_path: Path
) -> None:
    recording = tmp_path / "waste.jsonl"
    async with double_of("waste", patient_town, recording) as waste, double_of("portal", patient_town):
        await waste.tell(Mode("slow", operation="create_order", seconds=0.5))
        node = await asyncio.to_thread(started, patient_town)
        nodes.append(node)
        admin = Admin(node.url, patient_town.admin_key)
        sender = Sender(admin.key_for("portal"), lambda: node.url)
        await sender.say(requests_over(60, 60))
        await until(lambda: len(waste.kept("orders")) > 0, seconds=60)

        code = await asyncio.to_thread(node.stop, signal.SIGTERM)
        await waste.tell(Mode())
        await asyncio.to_thread(node.start)
        await drained(admin, seconds=60)

        looked_up = [call for call in waste.calls if call.operation == "find_order"]
    assert code == 0
    assert looked_up == []
    assert set(effects_in(recording).counts.values()) == {1}
    assert len(effects_in(recording).counts) == 60
