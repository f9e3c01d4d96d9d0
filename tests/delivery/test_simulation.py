"""Whole campaigns under virtual time: the real worker, dispatcher, decisions and SQL; applications that fail in every way,
nodes that die, stop and lose sight of the ledger, a person who settles what waits for one. Judged by what was promised.

An application ends its work within its time limit, called for or not: that is what the promise rests on.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from hub.call import Reply
from hub.catalogue import Catalogue
from hub.errors import HubUnavailable
from hub.message import State
from tests.delivery.applications import (
    Applications,
    Manner,
    Order,
    carried_out_and_cut,
    cut,
    cut_then_carried_out,
    down,
    failing,
    found,
    obliging,
    refusing,
    slow,
)
from tests.delivery.town import Node, Town, virtual_now
from tests.installation import Installation

SEEDS = int(os.environ.get("HUB_SEEDS", "24"))
REFERENCES, MESSAGES = 5, 16
TROUBLE, PEACE = 40.0, 240.0
"""Seconds of faults, and seconds within which all is settled once they end."""
SKEW = 0.2
"""Seconds by which a node's clock may be off the ledger's: far more than its agreeing every few seconds leaves."""
LONGEST = 1.5
"""Seconds that the application may be at work: its time limit, less what two clocks may be apart."""
ENDED = {State.DELIVERED, State.CANCELLED}


def quick(installation: Installation) -> None:
    """Small waits: the rules stay the same."""
    installation.edit(
        "connectors/waste/connector.yaml",
        retry={"waits": ["1s", "3s"], "within": "96h"},
        limits={"at_once": "4", "per_second": "50"},
        breaker={"failures": "5", "within": "2m", "rest": "3s"},
        timeout="2s",
    )


@dataclass
class Campaign:
    """A town in trouble. `poison`: the requests that the application refuses for good."""

    town: Town
    chance: random.Random
    poison: set[int]
    accepted: dict[str, Order] = field(default_factory=dict)
    confirmed: set[str] = field(default_factory=set)
    kills: int = 0
    troubled: bool = True

    async def play(self) -> None:
        """Trouble, then peace until all is settled."""
        self.town.applications.manner, self.town.applications.look = self._treated, self._looked
        for name in ("node-1", "node-2"):
            await self._started(name)
        saying = [asyncio.create_task(self._say(reference)) for reference in range(REFERENCES)]
        troubles = [asyncio.create_task(self._trouble(name)) for name in ("node-1", "node-2")]
        person = asyncio.create_task(self._settle())
        await asyncio.gather(*saying, *troubles)
        self.troubled = False
        await self._settled()
        person.cancel()
        for node in self._live():
            await node.worker.stop()

    # -- the applications ---------------------------------------------------------------------------------------------

    async def _treated(self, applications: Applications, order: Order) -> Reply:
        if order.number in self.poison:
            return await refusing(applications, order)
        return await (self._manner() if self.troubled else obliging)(applications, order)

    def _manner(self) -> Manner:
        seconds = self.chance.uniform(0.05, LONGEST)
        bad = (cut, carried_out_and_cut, cut_then_carried_out(seconds), slow(seconds), slow(seconds), down)
        worse = (failing(500), failing(503), failing(429, retry_after="2"), failing(504))
        return self.chance.choice((obliging, obliging, obliging, slow(seconds), *bad, *worse))

    async def _looked(self, applications: Applications, reference: str) -> Reply:
        if self.troubled and self.chance.random() < 0.2:
            return await failing(self.chance.choice((500, 503, 504)))(applications, Order(reference, 0))
        return await found(applications, reference)

    # -- the nodes ----------------------------------------------------------------------------------------------------

    async def _started(self, name: str) -> Node:
        skew = timedelta(seconds=self.chance.uniform(-SKEW, SKEW))
        node = await self.town.node(name, clock=lambda: virtual_now() + skew)
        node.ledger.book.lost = lambda: self.troubled and self.chance.random() < 0.01
        while True:
            try:
                await node.worker.start()
            except HubUnavailable:
                continue
            return node

    def _live(self) -> list[Node]:
        return [node for node in self.town.nodes if node.worker.alive]

    async def _trouble(self, name: str) -> None:
        """Kill, stop or blind a node, again and again."""
        end = asyncio.get_running_loop().time() + TROUBLE
        while asyncio.get_running_loop().time() < end:
            await asyncio.sleep(self.chance.uniform(1, 12))
            node = next(node for node in reversed(self.town.nodes) if node.name == name)
            match self.chance.choice(("kill", "kill", "stop", "blind")):
                case "kill":
                    node.kill()
                    self.kills += 1
                    await asyncio.sleep(self.chance.uniform(0.05, 3))
                    await self._started(name)
                case "stop":
                    await node.worker.stop()
                    await self._started(name)
                case "blind":
                    node.ledger.book.away = True
                    await asyncio.sleep(self.chance.uniform(0.1, 25))
                    node.ledger.book.away = False

    # -- the people ---------------------------------------------------------------------------------------------------

    async def _say(self, reference: int) -> None:
        """One citizen's requests, each said until it is accepted, the next one then."""
        for number in range(1 + reference, MESSAGES + 1, REFERENCES):
            await asyncio.sleep(self.chance.uniform(0, 6))
            order = Order(f"D-{reference}", number)
            while order not in self.accepted.values():
                try:
                    receipt = await self.town.say(order.reference, number, node=self.chance.choice(self._live() or [None]))
                    self.accepted[receipt.message] = order
                except HubUnavailable:
                    await asyncio.sleep(0.5)

    async def _settle(self) -> None:
        """A person looks at what waits for one, in the application itself, and says what to do."""
        while True:
            await asyncio.sleep(10)
            for delivery in await self.town.deliveries():
                order = self.accepted.get(delivery.message)
                waits = delivery.state is State.UNANSWERED and delivery.due_at is None
                if order is None or not (waits or delivery.state is State.DEAD):
                    continue
                await asyncio.sleep(3)
                await self._decide(delivery.id, delivery.message, order, dead=delivery.state is State.DEAD)

    async def _decide(self, delivery: str, message: str, order: Order, *, dead: bool) -> None:
        ledger, by = self.town.reader, {"actor": "awa", "reason": "Seen in the application", "now": virtual_now()}
        if order in self.town.applications.carried_out and not dead:
            await ledger.confirm(delivery, **by)
            self.confirmed.add(message)
        elif order.number in self.poison:
            await ledger.cancel(delivery, **by)
        else:
            await ledger.replay(delivery, **by)

    async def _settled(self) -> None:
        end = asyncio.get_running_loop().time() + PEACE
        while asyncio.get_running_loop().time() < end:
            await asyncio.sleep(5)
            everything = [*await self.town.deliveries(), *await self.town.deliveries("request-status")]
            if len(self.accepted) == MESSAGES and all(delivery.state in ENDED for delivery in everything):
                return


async def judge(campaign: Campaign) -> None:
    """Nothing lost, nothing twice, in order per reference; what was told follows from what was done."""
    done, states = campaign.town.applications.carried_out, {}
    for delivery in await campaign.town.deliveries():
        states[campaign.accepted[delivery.message]] = (delivery.state, delivery.message)

    assert len(states) == MESSAGES, "every request was accepted once"
    assert {state for state, _ in states.values()} <= ENDED, states
    assert campaign.town.applications.doubled == []
    assert set(done) == {order for order, (state, _) in states.items() if state is State.DELIVERED}
    assert {order.number for order, (state, _) in states.items() if state is State.CANCELLED} == campaign.poison
    for reference in {order.reference for order in done}:
        numbers = campaign.town.applications.numbers(reference)
        assert numbers == sorted(numbers)
    told = await campaign.town.found("request-status")
    accepted = [summary for summary in told if summary.message.key.split(":")[1] == "delivered"]
    assert len(accepted) == len(done) - len(campaign.confirmed)
    assert await campaign.town.reader.verify_journal() is None


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_nothing_is_lost_twice_or_out_of_order(catalogue_with: Callable[..., Catalogue], seed: int) -> None:
    chance = random.Random(seed)
    town = Town(catalogue_with(quick), chance=chance)
    campaign = Campaign(town, chance, poison={number for number in range(1, MESSAGES + 1) if chance.random() < 0.08})

    await campaign.play()

    await judge(campaign)
