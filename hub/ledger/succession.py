"""Who comes next: what waits in a lane is claimed in the transaction that sets its calls free, so that nobody need look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from hub.ledger.claiming import Wanted, claim
from hub.ledger.writer import Transaction


def succeed(to: Transaction, waiting: Collection[str], freed: Mapping[str, int]) -> None:
    """Claim for this node's worker in the lanes in which something is `waiting`, after so many calls were set `freed`.

    Where fewer go than were set free, whoever may claim is to look: a limit of time, another node or the offer held them.
    """
    gone = _claimed(to, waiting)
    to.stirred.update(name for name in waiting if gone[name] < freed[name])


def _claimed(to: Transaction, waiting: Collection[str]) -> Counter[str]:
    """How many were claimed of each lane."""
    offer = to.offer()
    room = offer.room - len(to.born) if offer else 0
    if offer is None or room <= 0:
        return Counter()
    lanes = {name: offer.lanes[name] for name in waiting if name in offer.lanes}
    claims = claim(to, Wanted(lanes, holder=to.boot, lease_until=offer.lease_until, limit=room), now=offer.now)
    to.born.extend(claims)
    return Counter(each.delivery.lane for each in claims)
