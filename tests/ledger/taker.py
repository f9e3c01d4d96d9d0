"""Who takes what is born leased, in the ledger's tests: it keeps what it is handed, and counts its wake-ups."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from hub.ledger import Claim, Ledger, Offer
from hub.lifecycle import LanePolicy
from tests.ledger.makers import LANE, LEASE, NOON, WIDE


@dataclass
class Hand:
    """A worker that does nothing. `room` 0: it takes nothing."""

    lanes: Mapping[str, LanePolicy] = field(default_factory=lambda: {LANE: WIDE})
    room: int = 100
    taken: list[Claim] = field(default_factory=list)
    woken: int = 0

    def offer(self) -> Offer | None:
        return Offer(self.lanes, NOON, NOON + LEASE, self.room) if self.room else None

    def take(self, claims: Sequence[Claim]) -> None:
        self.taken += claims

    def wake(self) -> None:
        self.woken += 1

    @property
    def ids(self) -> list[str]:
        return [claim.delivery.id for claim in self.taken]


async def attending(ledger: Ledger, hand: Hand) -> Hand:
    await ledger.attend(hand)
    return hand


async def soon(is_so: Callable[[], bool], *, within: float = 60.0) -> None:
    """Return once it is so."""
    async with asyncio.timeout(within):
        while not is_so():
            await asyncio.sleep(0.005)
