"""A town under virtual time: what ships, a book that its nodes share, real workers and dispatchers, scripted callees."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from hub.awaiting import Awaiting
from hub.caller import Caller
from hub.catalogue import Catalogue
from hub.claim_check import ClaimCheck
from hub.dispatcher import Dispatcher
from hub.errors import HubUnavailable
from hub.intake import Arrival, Intake
from hub.ledger import Claim, Search, Summary
from hub.message import Delivery, Receipt, State
from hub.retention import Retention
from hub.retrieval import Retrieval
from hub.scheduler import Scheduler
from hub.settings import Settings
from hub.signals import Signal
from hub.worker import LEASE, Worker
from tests.delivery.applications import Applications
from tests.delivery.book import Book, VirtualLedger, new_engine
from tests.delivery.virtual import Machine
from tests.faults.traffic import bin_request
from tests.ledger.makers import NOON

Result = TypeVar("Result")

LANE = "waste/default"
SECRETS = {"HUB_SECRET_WASTE": "waste:secret", "HUB_SECRET_PORTAL": "secret"}
ADDRESSES = {"WASTE_URL": "http://waste.example/waste", "PORTAL_URL": "http://portal.example"}


def virtual_now() -> datetime:
    """Noon, and the loop's seconds."""
    return NOON + timedelta(seconds=asyncio.get_running_loop().time())


@dataclass
class Node:
    """One node: its own way to the book, its clock (`ahead` of the book's until it agrees), its parts."""

    name: str
    ledger: VirtualLedger
    intake: Intake
    dispatcher: Dispatcher
    worker: Worker
    scheduler: Scheduler
    heard: list[Signal]
    machine: Machine

    async def asked(self, work: Coroutine[Any, Any, Result], *, within: float = 10.0) -> Result:
        """Work that is asked of the node from outside. HubUnavailable when no answer comes, whatever becomes of it."""
        if self.machine.is_dead:
            work.close()
            raise HubUnavailable
        task = self.machine.started(work)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        await asyncio.wait({task, self.machine.gone}, timeout=within, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise HubUnavailable

    def kill(self) -> None:
        """kill -9: what it does ends at once, and nothing of it reaches the book any more."""
        self.machine.die()
        self.ledger.book.away = True
        for task in (*self.worker._loops, *self.worker._in_hand.values()):
            task.cancel()

    async def claimed(self) -> tuple[Claim, ...]:
        """What the node may claim of the waste application's lane now."""
        policies = {LANE: self.dispatcher._catalogue.lane_policies()[LANE]}
        return await self.ledger.claim(policies, now=virtual_now(), lease=LEASE)

    async def attempt(self) -> Claim:
        """Claim the one delivery that is due and try it."""
        [claim] = await self.claimed()
        await self.dispatcher.attempt(claim)
        return claim


@dataclass
class Town:
    """The nodes and what they share."""

    catalogue: Catalogue
    applications: Applications = field(default_factory=Applications)
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    def __post_init__(self) -> None:
        self.engine = new_engine()
        self._ids, self._boots = itertools.count(1), itertools.count(1)
        self.nodes: list[Node] = []
        self.reader = VirtualLedger(Book(self.engine, virtual_now, "reader", "reader"))

    async def node(
        self,
        name: str = "node-1",
        clock: Callable[[], datetime] = virtual_now,
        ledger_of: Callable[[Book], VirtualLedger] = VirtualLedger,
        agree: Callable[[VirtualLedger], Awaitable[None]] = VirtualLedger.ping,
    ) -> Node:
        """One node more, not yet started."""
        settings = Settings(Path(), "", environment={**SECRETS, **ADDRESSES})
        ledger = ledger_of(Book(self.engine, virtual_now, name, f"boot-{next(self._boots)}"))
        await ledger.register()
        heard: list[Signal] = []
        common = {"catalogue": self.catalogue, "ledger": ledger, "clock": clock, "announce": heard.append}
        caller = Caller(settings=settings, transport=self.applications, clock=clock)
        made = {"new_id": lambda: f"{next(self._ids):032x}"}
        claim_check = ClaimCheck(ledger=ledger, clock=clock, **made, antivirus=None, largest=0)
        retrieval = Retrieval(catalogue=self.catalogue, caller=caller, claim_check=claim_check)
        intake = Intake(**common, **made, claim_check=claim_check, retrieval=retrieval)
        dispatcher = Dispatcher(**common, **made, caller=caller, jitter=self.chance.random)
        lanes = self.catalogue.lane_policies()
        awaiting = Awaiting(**common)
        worker = Worker(
            ledger=ledger,
            dispatcher=dispatcher,
            lanes=lanes,
            clock=clock,
            agree=partial(agree, ledger),
            note_missed=awaiting.look,
            forget=Retention(catalogue=self.catalogue, ledger=ledger, clock=clock).go_on,
        )
        scheduler = Scheduler(**common, caller=caller, intake=intake, chance=lambda: 0.0)
        self.nodes.append(Node(name, ledger, intake, dispatcher, worker, scheduler, heard, Machine(ledger.boot)))
        return self.nodes[-1]

    async def say(self, reference: str = "D-1", number: int = 1, *, node: Node | None = None) -> Receipt:
        """The portal says a bin request at a node's door."""
        body = json.dumps(bin_request(reference, number - 1)).encode()
        arrival = Arrival("bin-replacement", "portal", "default", body, key=f"{reference}/{number}")
        return await (node or self.nodes[0]).intake.accept(arrival)

    async def found(self, exchange: str = "bin-replacement") -> list[Summary]:
        """The messages of an exchange, in the order in which they were accepted."""
        page = await self.reader.find(Search(exchange=exchange, limit=1000))
        return sorted(page.found, key=lambda each: each.deliveries[0].position)

    async def deliveries(self, exchange: str = "bin-replacement") -> list[Delivery]:
        """The deliveries of an exchange, in order."""
        return [each for summary in await self.found(exchange) for each in summary.deliveries]

    async def states(self) -> list[State]:
        """How the bin requests stand."""
        return [delivery.state for delivery in await self.deliveries()]

    async def events(self, message: str) -> list[str]:
        """The journal of a message."""
        return [line.event for line in (await self.nodes[0].ledger.story(message)).lines]
