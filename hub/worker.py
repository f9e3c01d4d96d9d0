"""Hands the dispatcher what is born leased to this node and what it claims; keeps this node's leases alive and takes up what
dead nodes left."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from hub.dispatcher import Dispatcher
from hub.errors import HubUnavailable
from hub.ledger import Claim, Ledger, Offer
from hub.lifecycle import LanePolicy
from hub.message import Delivery

LEASE = timedelta(seconds=12)
RENEWAL = 2.0
"""Seconds between renewals, after each of which what others lost is taken up: a lease survives several that fail, and what
a dead node held is taken up soon after it has run out."""
PATIENCE = 5.0
"""Seconds between two looks at the ledger when nothing wakes the worker, should it have missed a word of another node."""
PAUSE = 0.2
"""Seconds between two looks at what has expired, or is kept no longer, while there is more of it."""
SWEEP = 60.0
"""Seconds between two looks at what stands behind nobody any more, and at news that has not come."""
ABANDONED = timedelta(hours=24)
"""After so long a file that became no message's is let go: its sender is long gone, or the node that took it in."""
MOST = 200
"""Deliveries in hand at once, all lanes together."""
GRACE = 30.0
"""Seconds that calls under way are given at a stop."""
LETTING_GO = 2.0
"""Seconds that the last claim is given at a stop, to be given back."""
REST = 1.0
"""Seconds after a step that failed."""

log = logging.getLogger("hub.worker")


class Worker:
    """One node's loop over all lanes. `agree` sets the clock by the ledger's, `note_missed` notes news that has not come,
    `forget` lets go of a part of what is kept no longer and says whether that was all."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        dispatcher: Dispatcher,
        lanes: Mapping[str, LanePolicy],
        clock: Callable[[], datetime],
        agree: Callable[[], Awaitable[None]],
        note_missed: Callable[[], Awaitable[None]],
        forget: Callable[[], Awaitable[bool]],
    ) -> None:
        self._ledger = ledger
        self._dispatcher = dispatcher
        self._lanes = lanes
        self._clock = clock
        self._agree = agree
        self._note_missed = note_missed
        self._forget = forget
        self._work = asyncio.Event()
        self._stopping = False
        self._has_more = False
        self._returning: set[asyncio.Task[None]] = set()
        self._in_hand: dict[tuple[str, int], asyncio.Task[None]] = {}
        """The attempt of each claim, by its delivery and its token."""
        self._loops: list[asyncio.Task[None]] = []

    @property
    def alive(self) -> bool:
        """Whether its loops run."""
        return bool(self._loops) and not any(loop.done() for loop in self._loops)

    def wake(self) -> None:
        """Look at the ledger now."""
        self._work.set()

    def offer(self) -> Offer | None:
        """What may be born leased to this node now. Asked in another thread: it only reads."""
        room = self._room
        if self._stopping or not room:
            return None
        now = self._clock()
        return Offer(self._lanes, now, now + LEASE, room)

    @property
    def _room(self) -> int:
        """How many more may be taken in hand: a few are in hand beyond the most when two ways of taking them met."""
        return max(0, MOST - len(self._in_hand))

    def take(self, claims: Sequence[Claim]) -> None:
        """Carry out what was born leased, or give it back when this node is stopping."""
        if not self._stopping:
            for claim in claims:
                self._take(claim)
            return
        task = asyncio.create_task(self._given_back(claims))
        self._returning.add(task)
        task.add_done_callback(self._returning.discard)

    async def start(self) -> None:
        """Take up what earlier starts of this node left, and begin."""
        await self._ledger.attend(self)
        await self._ledger.void(now=self._clock())
        steps = (
            self._claiming,
            self._renewing,
            self._agreeing,
            self._expiring,
            self._sweeping,
            self._missing,
            self._forgetting,
        )
        self._loops = [asyncio.create_task(self._steadily(step)) for step in steps]

    async def stop(self) -> None:
        """Claim nothing more and give back what has just been claimed; give calls under way their time, their leases
        renewed; then let go. What is cut off is in doubt: its lease runs out before anyone asks after it."""
        self._stopping = True
        self.wake()
        if self._loops:
            await asyncio.wait(self._loops[:1], timeout=LETTING_GO)
        if self._in_hand:
            await asyncio.wait(self._in_hand.values(), timeout=GRACE)
        if self._returning:
            await asyncio.wait(self._returning, timeout=LETTING_GO)
        left = [*self._loops, *self._in_hand.values(), *self._returning]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _steadily(self, step: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Repeat a step until the stop (claiming) or for ever; no failure of one step ends it."""
        while not (self._stopping and step == self._claiming):
            try:
                await step()
            except HubUnavailable as error:
                log.warning("ledger away: %s", error)
                await asyncio.sleep(REST)
            except Exception:
                log.exception("the worker failed in a step, and goes on")
                await asyncio.sleep(REST)

    async def _claiming(self) -> None:
        self._work.clear()
        now = self._clock()
        look = await self._ledger.look(self._lanes, now=now)
        # Said before anything is claimed: a call that ends meanwhile makes room, and must wake this loop again.
        self._has_more = bool(look.due)
        policies = {lane: self._lanes[lane] for lane in look.due}
        free = self._room
        claims = await self._ledger.claim(policies, now=now, lease=LEASE, limit=free) if policies and free else ()
        if self._stopping:
            return await self._given_back(claims)
        for claim in claims:
            self._take(claim)
        if not claims:
            await self._rest(look.again_at)

    async def _rest(self, until: datetime | None) -> None:
        """Wait for a word, or for the next moment at which something is due."""
        seconds = (until - self._clock()).total_seconds() if until else PATIENCE
        with suppress(TimeoutError):
            await asyncio.wait_for(self._work.wait(), min(max(seconds, 0.0), PATIENCE))

    async def _given_back(self, claims: Sequence[Claim]) -> None:
        if claims:
            await self._ledger.release([claim.delivery.id for claim in claims], now=self._clock())

    async def _renewing(self) -> None:
        """Renew what is in hand, and only then take up what is held beyond its lease: never one's own call under way."""
        await self._ledger.renew(now=self._clock(), lease=LEASE, only={delivery for delivery, _ in self._in_hand})
        await self._ledger.take_up(now=self._clock())
        await asyncio.sleep(RENEWAL)

    async def _sweeping(self) -> None:
        """Let those go who stand behind nobody any more, whoever ended the one ahead of them; forget used proofs, and
        files that became no message's."""
        await self._ledger.sweep()
        await self._ledger.forget_proofs(now=self._clock())
        await self._ledger.drop_left_uploads(before=self._clock() - ABANDONED)
        await asyncio.sleep(SWEEP)

    async def _agreeing(self) -> None:
        """Set the clock, apart from the renewals: a reader that is busy must not cost a lease."""
        await self._agree()
        await asyncio.sleep(RENEWAL)

    async def _expiring(self) -> None:
        """Set aside what has waited beyond its deadline, be it behind another or in a lane that stands still."""
        free = 0 if self._stopping else self._room
        claims = await self._ledger.claim_expired(now=self._clock(), lease=LEASE, limit=free) if free else ()
        for claim in claims:
            self._take(claim)
        await asyncio.sleep(PAUSE if claims else RENEWAL)

    async def _missing(self) -> None:
        """Note the news that has not come in time."""
        await self._note_missed()
        await asyncio.sleep(SWEEP)

    async def _forgetting(self) -> None:
        """Let go of what has been kept as long as it may be."""
        is_over = await self._forget()
        await asyncio.sleep(SWEEP if is_over else PAUSE)

    def _take(self, claim: Claim) -> None:
        held = claim.delivery
        # Of asyncio's own making: by way of the loop, a task costs twice as much, and is given a number for a name.
        attempt = asyncio.Task(self._carried_out(claim), loop=asyncio.get_running_loop(), name=held.id)
        self._in_hand[held.id, held.token] = attempt

    async def _carried_out(self, claim: Claim) -> None:
        """One attempt; one that could not be settled stays on disk, and its lease, renewed no more, runs out."""
        try:
            await self._dispatcher.attempt(claim)
        except Exception:
            log.exception("delivery %s is not settled", claim.delivery.id)
        finally:
            self._ended(claim.delivery)

    def _ended(self, held: Delivery) -> None:
        """A full hand has room for one more, if any waits; a lane's room is filled as the call is settled."""
        was_full = len(self._in_hand) >= MOST
        self._in_hand.pop((held.id, held.token), None)
        if was_full and self._has_more:
            self.wake()
