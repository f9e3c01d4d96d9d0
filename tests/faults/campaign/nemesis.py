"""What goes wrong in a campaign, drawn by its seed and written to the history: nodes are killed, stopped, paused, removed
and added, the database crashes, stands still and hangs up, and both are cut off from nodes.

The back offices are never a target: what they write is the evidence.
"""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.faults.campaign.database import Database
from tests.faults.campaign.history import History
from tests.faults.campaign.plan import Plan
from tests.faults.campaign.town import Gate, Node, Town
from tests.faults.proxy import PASS, Fault

LEASE = 12.0
LAST_ONE = 0.003
"""How often the last node that works may be killed, each time that one is due (twenty times a second while it waits)."""
OF_DATABASE = (Fault("hold"), Fault("reset"))
OF_OFFICE = (Fault("swallow"), Fault("reset"), Fault("hang"), Fault("connect-reset"))
"""A silence that swallows, not one that holds: what a network delivers after the call has had all its time is looked up in
vain, and no hub can see it coming."""


@dataclass
class Nemesis:
    """All troubles of a campaign; `counts` says how many of each there were."""

    town: Town
    plan: Plan
    history: History
    chance: random.Random
    counts: dict[str, int] = field(default_factory=dict)
    _away: asyncio.Lock = field(default_factory=asyncio.Lock)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def play(self) -> None:
        """Trouble for as long as the plan says, and until as many nodes as planned were killed; then let all heal."""
        self._begin(self._now_and_then(22, self._term))
        self._begin(self._now_and_then(18, self._partition_of_office))
        if len(self.town.nodes) > 1:
            self._begin(self._now_and_then(26, self._pause))
            self._begin(self._now_and_then(80, self._replace))
        if self.town.database:
            self._begin(self._now_and_then(50, self._crash_database))
            self._begin(self._now_and_then(40, self._stop_database))
            self._begin(self._now_and_then(15, self._hang_up))
            self._begin(self._now_and_then(24, self._partition_of_database))
        await self._killing()
        await self._heal()

    async def _killing(self) -> None:
        """SIGKILL a node each time it is due; a late one is made up for, within thrice the time that was planned."""
        loop = asyncio.get_running_loop()
        begun, killed = loop.time(), 0
        while (killed < self.plan.kills and loop.time() < begun + 3 * self.plan.seconds) or self._lasts(begun):
            await asyncio.sleep(max(0.05, begun + (killed + 1) * self.plan.kill_every - loop.time()))
            node = self._victim()
            if node is None:
                continue
            await asyncio.sleep(self.chance.uniform(0, 0.3))
            if node.ready and not node.paused and node.present:
                killed += 1
                await self._killed(node)
                await node.start()

    def _lasts(self, begun: float) -> bool:
        return asyncio.get_running_loop().time() < begun + self.plan.seconds

    def _victim(self) -> Node | None:
        """A node that works. Now and then it is the last one: on a slow machine, were it always, none would ever work."""
        fit = [node for node in self.town.nodes if node.present and node.ready and not node.paused]
        enough = 1 if len(self.town.nodes) == 1 or self.chance.random() < LAST_ONE else 2
        return self.chance.choice(fit) if len(fit) >= enough else None

    # -- nodes --------------------------------------------------------------------------------------------------------

    async def _killed(self, node: Node) -> None:
        self._note("kill", node=node.name)
        await node.end(signal.SIGKILL)

    async def _term(self) -> None:
        """A node is told to end, and started again when it has."""
        if node := self._one_of(lambda each: each.ready and not each.paused):
            self._note("term", node=node.name)
            node.ready = False
            await node.end(signal.SIGTERM)
            if node.present and not node.running:
                await node.start()

    async def _pause(self) -> None:
        """A node stands still: often beyond its lease, and then goes on where it was. One node is away at a time."""
        async with self._away:
            if node := self._one_of(lambda each: each.ready and not each.paused):
                beyond = self.chance.random() < 0.5
                seconds = LEASE + self.chance.uniform(1, 6) if beyond else self.chance.uniform(0.5, 5)
                self._note("pause", node=node.name, seconds=seconds)
                node.signal(signal.SIGSTOP)
                await asyncio.sleep(seconds)
                node.signal(signal.SIGCONT)
                self._note("pause-ended", node=node.name)

    async def _replace(self) -> None:
        """A node is gone for good; a while later another one joins."""
        async with self._away:
            if node := self._one_of(lambda each: each.ready and not each.paused):
                node.present = False
                self._note("removed", node=node.name)
                await self._killed(node)
                await asyncio.sleep(min(self.chance.uniform(18, 28), self.plan.seconds / 2))
                node.term += 1
                node.present = True
                self._note("added", node=node.name)
                await node.start()

    # -- the database -------------------------------------------------------------------------------------------------

    async def _crash_database(self) -> None:
        database = self._database()
        self._note("postgresql-crash")
        await asyncio.to_thread(database.crash)
        await asyncio.sleep(self.chance.uniform(0, 2))
        await asyncio.to_thread(database.start)

    async def _stop_database(self) -> None:
        database = self._database()
        self._note("postgresql-pause")
        database.pause()
        await asyncio.sleep(self.chance.uniform(0.5, 5))
        database.resume()

    async def _hang_up(self) -> None:
        self._note("postgresql-hang-up", connections=await asyncio.to_thread(self._database().terminate, 3))

    def _database(self) -> Database:
        assert self.town.database
        return self.town.database

    # -- the network --------------------------------------------------------------------------------------------------

    async def _partition_of_database(self) -> None:
        await self._partition("database", lambda node: node.database, OF_DATABASE, self.chance.uniform(1, 18))

    async def _partition_of_office(self) -> None:
        await self._partition("office", lambda node: node.office, OF_OFFICE, self.chance.uniform(1, 8))

    async def _partition(
        self, what: str, gate_of: Callable[[Node], Gate | None], faults: tuple[Fault, ...], seconds: float
    ) -> None:
        node = self.chance.choice(self.town.nodes)
        gate, fault = gate_of(node), self.chance.choice(faults)
        assert gate
        seconds = min(seconds, self.plan.seconds / 4)
        self._note(f"partition-of-{what}", node=node.name, fault=fault.kind, seconds=seconds)
        await gate.tell(fault)
        await asyncio.sleep(seconds)
        await gate.tell(PASS)

    # -- all of them --------------------------------------------------------------------------------------------------

    def _begin(self, trouble: Awaitable[None]) -> None:
        self._tasks.add(asyncio.ensure_future(trouble))

    async def _now_and_then(self, seconds: float, trouble: Callable[[], Awaitable[None]]) -> None:
        """About every so many seconds, and in a short campaign once; only while some node works, so that there is work to
        trouble."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self.plan.seconds
        await asyncio.sleep(self.chance.uniform(0.1, 0.6) * min(seconds, self.plan.seconds))
        while loop.time() < end:
            begun = loop.time()
            while not self._one_of(lambda node: node.ready):
                await asyncio.sleep(0.1)
            try:
                await trouble()
            except Exception as error:
                self.history.nemesis("stumbled", error=f"{type(error).__name__}: {error}")
            await asyncio.sleep(max(0.5, self.chance.uniform(0.6, 1.4) * seconds - (loop.time() - begun)))

    def _one_of(self, fit: Callable[[Node], bool]) -> Node | None:
        nodes = [node for node in self.town.nodes if node.present and node.running and fit(node)]
        return self.chance.choice(nodes) if nodes else None

    def _note(self, what: str, **facts: object) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1
        self.history.nemesis(what, **facts)

    async def _heal(self) -> None:
        """End all trouble: what stands still goes on, what is cut off is joined, who is gone comes back."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.town.database:
            self.town.database.resume()
            await asyncio.to_thread(self.town.database.restore)
        for node in self.town.nodes:
            for gate in (node.office, node.database):
                if gate:
                    await gate.tell(PASS)
            node.signal(signal.SIGCONT)
            if not node.running:
                node.present = True
                await node.start()
        self.history.nemesis("healed")
