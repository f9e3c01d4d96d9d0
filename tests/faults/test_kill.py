"""kill -9 in mid-delivery: what was accepted is delivered, and a waste application that takes every call for a new order
holds each order once, although some calls were carried out and never answered.

`make test` runs the short version, `make kill` ten kills during 1,000 messages, `make campaign` a hundred during 10,000.
"""

from __future__ import annotations

import asyncio
import os
import random
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.doubles import Mode
from tests.faults.conftest import double_of
from tests.faults.test_outage import drained, started
from tests.faults.traffic import Effects, Sender, any_of, effects_in, requests_over
from tests.installation import Admin, Installation, Node

KILLS = int(os.environ.get("HUB_KILLS", "4"))
MESSAGES = 100 * KILLS
PATIENCE = 120 + 30 * KILLS


@dataclass(frozen=True)
class Campaign:
    """What came of a campaign of kills."""

    accepted: int
    effects: Effects
    repeats: int
    kills: int
    taken_up: int
    states: dict[str, int]


async def campaign(town: Installation, nodes: list[Node], recording: Path, *, seed: int = 7) -> Campaign:
    """Say all messages while nodes are killed and started again; then let them drain."""
    chance = random.Random(seed)
    async with double_of("waste", town, recording) as waste, double_of("portal", town):
        await waste.tell(Mode("commit_then_timeout", operation="create_order", share=0.03, seed=seed, seconds=3))
        admin = Admin(nodes[0].url, town.admin_key)
        sender = Sender(admin.key_for("portal"), any_of([node.url for node in nodes], seed))
        saying = asyncio.create_task(sender.say(requests_over(MESSAGES, MESSAGES)))
        kills = 0
        for number in range(KILLS):
            await moved(lambda: len(waste.kept("orders")), (number + 1) * MESSAGES // (KILLS + 1), seconds=60)
            await asyncio.sleep(chance.random() * 0.1)
            node = nodes[number % len(nodes)]
            node.kill()
            kills += 1
            await asyncio.to_thread(node.start)
        await saying
        await drained(admin, seconds=PATIENCE / 2)
        states = await asyncio.to_thread(admin.states)
        taken_up = sum(call.operation == "find_order" for call in waste.calls)
    return Campaign(len(sender.accepted), effects_in(recording), sender.repeats, kills, taken_up, states)


async def moved(count, target: int, *, seconds: float) -> None:
    """Return when a count has reached a target."""
    async with asyncio.timeout(seconds):
        while count() < target:
            await asyncio.sleep(0.02)


def judge(came: Campaign) -> None:
    """Nothing lost, nothing twice; and the campaign was not an easy one."""
    print(
        f"accepted {came.accepted}, orders {len(came.effects.counts)}, twice {len(came.effects.doubled)}, "
        f"kills {came.kills}, carried out and not answered {came.effects.unanswered}, looked up {came.taken_up}, "
        f"said again by the sender {came.repeats}, left {came.states}"
    )
    assert came.accepted == MESSAGES
    assert set(came.effects.counts) == set(range(MESSAGES)), "every accepted request is an order"
    assert came.effects.doubled == [], "no request is two orders"
    assert came.states.get("dead", 0) == 0
    assert came.kills == KILLS
    assert came.effects.unanswered > 0, "some calls were carried out and not answered"
    assert came.taken_up > 0, "some calls were looked up"


@pytest.mark.timeout(PATIENCE)
async def test_kills_on_sqlite_lose_nothing_and_double_nothing(
    busy_town: Installation, nodes: list[Node], tmp_path: Path
) -> None:
    nodes.append(await asyncio.to_thread(started, busy_town))

    came = await campaign(busy_town, nodes, tmp_path / "waste.jsonl")

    judge(came)


@pytest.mark.timeout(PATIENCE)
async def test_kills_of_two_nodes_on_postgresql_lose_nothing_and_double_nothing(
    busy_town: Installation, nodes: list[Node], tmp_path: Path, postgres
) -> None:
    busy_town.environment["HUB_DATABASE"] = postgres.new_database()
    busy_town.replace("connectors/waste/connector.yaml", "per_second: '400'", "per_second: '40'")  # one node is always up
    nodes.append(await asyncio.to_thread(started, busy_town))
    nodes.append(await asyncio.to_thread(started, busy_town, "node-2"))

    came = await campaign(busy_town, nodes, tmp_path / "waste.jsonl")

    judge(came)
