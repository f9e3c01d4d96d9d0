"""Claims what is due and hands it to the dispatcher; keeps this node's leases alive and takes up what dead nodes left."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from hub.dispatcher import Dispatcher
from hub.errors import HubUnavailable
from hub.ledger import Claim, Ledger
from hub.lifecycle import LanePolicy

LEASE = timedelta(seconds=15)
RENEWAL = 4.0
"""Seconds between renewals: a lease survives two that fail."""
PAUSE = 0.2
"""Seconds between two looks at the ledger when nothing wakes the worker: other nodes accept too."""
MOST = 200
"""Deliveries in hand at once, all lanes together."""
GRACE = 30.0
"""Seconds that calls under way are given at a stop."""

log = logging.getLogger("hub.worker")


class Worker:
    """One node's loop over all lanes. `agree` sets the clock by the ledger's; `wake` makes it look at once."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        dispatcher: Dispatcher,
        lanes: Mapping[str, LanePolicy],
        clock: Callable[[], datetime],
        agree: Callable[[], Awaitable[None]],
    ) -> None:
        self._ledger = ledger
        self._dispatcher = dispatcher
        self._lanes = lanes
        self._clock = clock
        self._agree = agree
        self._work = asyncio.Event()
        self._stopping = False
        self._in_hand: dict[str, asyncio.Task[None]] = {}
        self._loops: list[asyncio.Task[None]] = []

    @property
    def alive(self) -> bool:
        """Whether its loops run."""
        return bool(self._loops) and not any(loop.done() for loop in self._loops)

    def wake(self) -> None:
        """Look at the ledger now."""
        self._work.set()

    async def start(self) -> None:
        """Take up what earlier starts of this node left, and begin."""
        await self._ledger.void(now=self._clock())
        self._loops = [asyncio.create_task(self._steadily(loop)) for loop in (self._claiming, self._renewing)]

    async def stop(self) -> None:
        """Claim nothing more, give calls under way their time, then let go of the rest."""
        self._stopping = True
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        if self._in_hand:
            await asyncio.wait(self._in_hand.values(), timeout=GRACE)
        for task in self._in_hand.values():
            task.cancel()

    async def _steadily(self, step: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Repeat a step for ever; a ledger that is away for a while does not end it."""
        while True:
            try:
                await step()
            except HubUnavailable as error:
                log.warning("ledger away: %s", error)
                await asyncio.sleep(1.0)

    async def _claiming(self) -> None:
        self._work.clear()
        now = self._clock()
        due = await self._ledger.lanes_due(now=now)
        policies = {lane: self._lanes[lane] for lane in due if lane in self._lanes}
        free = MOST - len(self._in_hand)
        claims = await self._ledger.claim(policies, now=now, lease=LEASE, limit=free) if policies and free else ()
        for claim in claims:
            self._take(claim)
        if not claims:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._work.wait(), PAUSE)

    async def _renewing(self) -> None:
        await self._agree()
        await self._ledger.take_up(now=self._clock())
        if self._in_hand:
            await self._ledger.renew(now=self._clock(), lease=LEASE)
        await asyncio.sleep(RENEWAL)

    def _take(self, claim: Claim) -> None:
        task = asyncio.create_task(self._carried_out(claim))
        self._in_hand[claim.delivery.id] = task
        task.add_done_callback(lambda _: self._in_hand.pop(claim.delivery.id, None))

    async def _carried_out(self, claim: Claim) -> None:
        """One attempt; when it cannot be settled, the delivery stays on disk and its lease runs out."""
        try:
            await self._dispatcher.attempt(claim)
        except HubUnavailable as error:
            log.warning("delivery %s not settled: %s", claim.delivery.id, error)
