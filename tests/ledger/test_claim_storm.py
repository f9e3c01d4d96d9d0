"""Two nodes that claim the same lane at the same time, as fast as they can: nothing is claimed by both."""

from __future__ import annotations

import asyncio
import os
from collections import Counter

from hub.ledger import Ledger
from hub.lifecycle import LanePolicy
from tests.ledger.conftest import Opener
from tests.ledger.makers import LANE, LEASE, NOON, a_settlement, an_acceptance

CLAIMS = int(os.environ.get("HUB_CLAIMS", "10000"))
WITHOUT_LIMITS = LanePolicy(at_once=10_000_000, per_second=1e9)


async def test_two_nodes_claim_ten_thousand_deliveries_once_each(opened_on_postgres: Opener) -> None:
    one, other = await opened_on_postgres("node-1"), await opened_on_postgres("node-2")
    for start in range(0, CLAIMS, 1000):
        await one.accept_all([an_acceptance(f"R{number}") for number in range(start, min(start + 1000, CLAIMS))])
    claimed: Counter[str] = Counter()
    by_node: Counter[str] = Counter()

    await asyncio.gather(*(_claim_all(ledger, claimed, by_node) for ledger in (one, other, one, other)))

    assert len(claimed) == CLAIMS
    assert set(claimed.values()) == {1}
    assert min(by_node.values()) > 0 and len(by_node) == 2
    assert await one.verify_journal() is None


async def _claim_all(ledger: Ledger, claimed: Counter[str], by_node: Counter[str]) -> None:
    """Claim until everything was claimed by someone; some of it is settled meanwhile."""
    while claimed.total() < CLAIMS:
        claims = await ledger.claim({LANE: WITHOUT_LIMITS}, now=NOON, lease=LEASE, limit=37)
        claimed.update(each.delivery.id for each in claims)
        by_node[ledger.node] += len(claims)
        await asyncio.gather(*(ledger.settle(a_settlement(each)) for each in claims[::10]))
