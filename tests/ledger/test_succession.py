"""Succession: what waits in a lane is claimed by the settlement that makes room for it, within what holds for any claim."""

from hub.facts import replace
from hub.ledger import Content, Ledger
from hub.lifecycle import LanePolicy
from hub.message import State
from tests.ledger.makers import FAILED, LANE, LEASE, NOON, a_settlement, accepted, an_acceptance, claimed
from tests.ledger.taker import Hand, attending

ONE = LanePolicy(at_once=1, per_second=1000)


async def test_a_settlement_hands_over_what_waits_for_its_place(ledger: Ledger) -> None:
    hand = await attending(ledger, Hand({LANE: ONE}))
    _, second, third = await accepted(ledger, "R1", "R2", "R3")

    await ledger.settle(a_settlement(hand.taken[0]))

    assert hand.ids[1:] == [second]
    on_disk = await ledger.delivery(second)
    assert hand.taken[1].delivery == on_disk
    assert (on_disk.state, on_disk.holder, on_disk.lease_until) == (State.SENDING, ledger.boot, NOON + LEASE)
    assert (await ledger.delivery(third)).state is State.WAITING
    assert await ledger.settle(a_settlement(hand.taken[1]))


async def test_a_successor_brings_its_record_opened(ledger: Ledger) -> None:
    hand = await attending(ledger, Hand({LANE: ONE}))
    await accepted(ledger, "R1")
    record = Content("record", "application/json", b'{"number": "12"}')
    await ledger.accept(replace(an_acceptance("R2"), contents=(record,)))

    await ledger.settle(a_settlement(hand.taken[0]))

    assert hand.taken[1].packed == record.data


async def test_a_lane_whose_bucket_is_empty_is_left_for_a_look(ledger: Ledger) -> None:
    hand = await attending(ledger, Hand({LANE: LanePolicy(at_once=10, per_second=1)}))
    await accepted(ledger, "R1", "R2")
    woken = hand.woken

    await ledger.settle(a_settlement(hand.taken[0]))

    assert len(hand.taken) == 1 and hand.woken == woken + 1


async def test_a_worker_without_room_is_woken_for_what_waits(ledger: Ledger) -> None:
    hand = await attending(ledger, Hand({LANE: ONE}))
    await accepted(ledger, "R1", "R2")
    hand.room, woken = 0, hand.woken

    await ledger.settle(a_settlement(hand.taken[0]))

    assert len(hand.taken) == 1 and hand.woken == woken + 1
    assert len(await claimed(ledger)) == 1


async def test_an_outcome_that_breaks_the_lane_lets_nobody_follow(ledger: Ledger) -> None:
    hand = await attending(ledger, Hand({LANE: ONE}))
    await accepted(ledger, "R1", "R2")

    await ledger.settle(replace(a_settlement(hand.taken[0], FAILED), policy=LanePolicy(failures=1)))

    assert len(hand.taken) == 1


async def test_a_paused_lane_lets_nobody_follow(ledger: Ledger) -> None:
    hand = await attending(ledger, Hand({LANE: ONE}))
    await accepted(ledger, "R1", "R2")
    await ledger.pause_lane(LANE, actor="awa", reason="Maintenance", now=NOON)

    await ledger.settle(a_settlement(hand.taken[0]))

    assert len(hand.taken) == 1


async def test_a_settlement_that_is_fenced_makes_no_room(ledger: Ledger) -> None:
    hand = await attending(ledger, Hand({LANE: ONE}))
    await accepted(ledger, "R1", "R2")
    stale = replace(hand.taken[0], delivery=replace(hand.taken[0].delivery, token=7))

    assert not await ledger.settle(a_settlement(stale))

    assert len(hand.taken) == 1
