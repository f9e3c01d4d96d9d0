"""Leases that ran out, more of them than one look takes."""

from __future__ import annotations

from hub.ledger import Ledger
from hub.ledger.claiming import MANY
from hub.message import State
from tests.ledger.makers import LEASE, NOON, WIDE, accepted, an_acceptance, claimed, seconds

LATER = NOON + LEASE + seconds(1)


async def test_more_lost_leases_than_one_look_takes_are_all_taken_up_by_the_next(ledger: Ledger) -> None:
    many = [an_acceptance(f"R{number}") for number in range(MANY + 5)]
    await ledger.accept_all(many)
    held = await ledger.claim({"waste/default": WIDE}, now=NOON, lease=LEASE, limit=2 * MANY)

    looks = [await ledger.take_up(now=LATER) for _ in range(3)]

    assert len(held) == MANY + 5
    assert looks == [MANY, 5, 0]


async def test_a_lease_that_another_renews_does_not_keep_a_lost_one_from_being_taken_up(ledger: Ledger) -> None:
    renewed, lost = await accepted(ledger, "R1", "R2")
    await claimed(ledger)
    await ledger.renew(now=NOON + seconds(10), lease=LEASE, only={renewed})

    taken = await ledger.take_up(now=LATER)

    assert taken == 1
    assert (await ledger.delivery(lost)).state is State.UNANSWERED
    assert (await ledger.delivery(renewed)).state is State.SENDING
