"""Born leased: what the accepting node sends at once, without a claim, and what it must leave to be claimed."""

import asyncio
from datetime import timedelta

import pytest

from hub.facts import replace
from hub.ledger import Ledger, Settlement
from hub.lifecycle import LanePolicy
from hub.message import State
from tests.ledger.conftest import Opener
from tests.ledger.makers import (
    FAILED,
    LANE,
    LEASE,
    NOON,
    REFUSED,
    WIDE,
    a_settlement,
    accepted,
    an_acceptance,
    claimed,
    seconds,
)
from tests.ledger.taker import Hand, attending


@pytest.fixture
async def hand(ledger: Ledger) -> Hand:
    return await attending(ledger, Hand())


async def test_a_new_delivery_is_leased_to_the_node_that_accepts_it(ledger: Ledger, hand: Hand) -> None:
    acceptance = replace(an_acceptance("R1"), record={"number": "12"})

    receipt = await ledger.accept(acceptance)

    [claim] = hand.taken
    assert claim.message == acceptance.message and claim.record == {"number": "12"}
    on_disk = await ledger.delivery(receipt.deliveries[0])
    assert claim.delivery == replace(on_disk, position=0)
    assert (on_disk.state, on_disk.holder, on_disk.lease_until) == (State.SENDING, ledger.boot, NOON + LEASE)
    assert (on_disk.token, on_disk.tries) == (1, 1)
    assert await claimed(ledger) == ()
    assert await ledger.settle(a_settlement(claim))


async def test_it_brings_its_receiver_s_own_document_where_that_was_written_already(ledger: Ledger, hand: Hand) -> None:
    [delivery] = (acceptance := an_acceptance("R1")).deliveries
    documents = {(delivery.receiver, delivery.operation): {"number": "12"}, ("another", "told"): {"number": "13"}}

    await ledger.accept(replace(acceptance, documents=documents))

    [claim] = hand.taken
    assert claim.document == {"number": "12"}


async def test_a_repeat_is_not_sent_a_second_time(ledger: Ledger, hand: Hand) -> None:
    await ledger.accept(an_acceptance("R1", key="K1"))

    await ledger.accept(an_acceptance("R1", key="K1"))

    assert len(hand.taken) == 1


async def test_what_comes_after_one_that_has_not_ended_waits_for_it(ledger: Ledger, hand: Hand) -> None:
    first, second = await accepted(ledger, "R1", "R1")
    assert await claimed(ledger) == ()

    [other] = await accepted(ledger, "R2")

    assert hand.ids == [first, other]
    assert (await ledger.delivery(second)).state is State.WAITING
    await ledger.settle(a_settlement(hand.taken[0]))
    assert hand.ids == [first, other, second]


async def test_of_one_reference_accepted_together_only_the_first_is_leased(ledger: Ledger, hand: Hand) -> None:
    receipts = await ledger.accept_all([an_acceptance("R1"), an_acceptance("R1"), an_acceptance("")])

    assert hand.ids == [receipts[0].deliveries[0], receipts[2].deliveries[0]]


async def test_a_dead_letter_holds_back_what_is_accepted_after_it(ledger: Ledger, hand: Hand) -> None:
    await accepted(ledger, "R1")
    await ledger.settle(a_settlement(hand.taken[0], REFUSED))

    await accepted(ledger, "R1")

    assert len(hand.taken) == 1 and await claimed(ledger) == ()


async def test_no_more_are_leased_than_the_lane_bears(ledger: Ledger) -> None:
    hand = await attending(ledger, Hand({LANE: LanePolicy(at_once=2, per_second=1000)}))

    await accepted(ledger, "R1", "R2", "R3")

    assert len(hand.taken) == 2


async def test_the_lane_s_bucket_counts_what_is_born_leased(ledger: Ledger) -> None:
    policy = LanePolicy(at_once=100, per_second=3)
    hand = await attending(ledger, Hand({LANE: policy}))

    await accepted(ledger, *(f"R{n}" for n in range(5)))

    assert len(hand.taken) == 3
    assert await claimed(ledger, policy=policy) == ()
    assert len(await claimed(ledger, policy=policy, at=NOON + seconds(1))) == 2


async def test_nobody_overtakes_those_that_wait_for_their_turn(ledger: Ledger) -> None:
    hand = await attending(ledger, Hand({LANE: LanePolicy(at_once=1, per_second=1000)}))
    await accepted(ledger, "R1", "R2")
    await ledger.settle(a_settlement(hand.taken[0]))

    await accepted(ledger, "R3")

    assert [claim.delivery.reference for claim in hand.taken] == ["R1", "R2"]
    assert [claim.delivery.reference for claim in await claimed(ledger)] == ["R3"]


async def test_a_paused_or_broken_lane_leases_nothing(ledger: Ledger, hand: Hand) -> None:
    await accepted(ledger, "R1")
    policy = LanePolicy(at_once=10, per_second=100, failures=1)
    await ledger.settle(replace(a_settlement(hand.taken[0], FAILED), policy=policy))
    await accepted(ledger, "R2")
    await ledger.resume_lane(LANE, actor="awa", reason="Repaired", now=NOON)
    [waiting] = await claimed(ledger)
    await ledger.settle(a_settlement(waiting))
    await ledger.pause_lane(LANE, actor="awa", reason="Maintenance", now=NOON)

    await accepted(ledger, "R3")

    assert len(hand.taken) == 1


async def test_a_worker_without_room_is_woken_instead(ledger: Ledger) -> None:
    hand = await attending(ledger, Hand(room=0))

    await accepted(ledger, "R1")

    assert hand.taken == [] and hand.woken == 1
    assert len(await claimed(ledger)) == 1


async def test_what_follows_from_a_delivery_is_born_leased_too(ledger: Ledger, hand: Hand) -> None:
    await accepted(ledger, "R1")
    follow_up = an_acceptance("R1", exchange="request-status", lane=LANE)
    settlement: Settlement = replace(a_settlement(hand.taken[0]), follow_ups=(follow_up,))

    await ledger.settle(settlement)

    assert hand.ids[1:] == [follow_up.deliveries[0].id]


async def test_what_could_not_be_committed_is_handed_to_nobody(ledger: Ledger, hand: Hand) -> None:
    twice = an_acceptance("R1")
    await ledger.accept(twice)

    answers = await asyncio.gather(
        ledger.accept(replace(twice, message=replace(twice.message, key="other"))),
        ledger.accept(an_acceptance("R2")),
        return_exceptions=True,
    )

    assert isinstance(answers[0], Exception)
    assert [claim.delivery.reference for claim in hand.taken] == ["R1", "R2"]


async def test_a_lease_of_birth_runs_out_like_any_other(ledger: Ledger, hand: Hand) -> None:
    [delivery] = await accepted(ledger, "R1")

    await ledger.take_up(now=NOON + LEASE + timedelta(seconds=1))

    left = await ledger.delivery(delivery)
    assert (left.state, left.look_up) == (State.UNANSWERED, True)
    assert not await ledger.settle(a_settlement(hand.taken[0]))


async def test_the_limits_of_a_lane_hold_for_what_several_nodes_accept(opened_on_postgres: Opener) -> None:
    nodes = [await opened_on_postgres(f"node-{n}") for n in range(3)]
    hands = [await attending(node, Hand({LANE: LanePolicy(at_once=5, per_second=1000)})) for node in nodes]

    await asyncio.gather(*(accepted(node, *(f"R{n}-{each}" for each in range(10))) for n, node in enumerate(nodes)))

    assert 1 <= sum(len(hand.taken) for hand in hands) <= 5


async def test_a_lane_without_limits_makes_no_node_wait_for_another(opened_on_postgres: Opener) -> None:
    nodes = [await opened_on_postgres(f"node-{n}") for n in range(2)]
    hands = [await attending(node, Hand({LANE: WIDE})) for node in nodes]
    await accepted(nodes[0], "R")

    await asyncio.gather(*(accepted(node, *(f"R{n}-{each}" for each in range(20))) for n, node in enumerate(nodes)))

    assert [len(hand.taken) for hand in hands] == [21, 20]
