"""Who may send what: order per reference, limits per lane, leases and what becomes of lost ones."""

import asyncio
from collections import Counter

from hub.facts import replace
from hub.ledger import Ledger, Look
from hub.lifecycle import Gate, LanePolicy
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
    events,
    seconds,
)


async def test_a_claim_carries_the_message_and_holds_the_delivery(ledger: Ledger) -> None:
    [delivery] = await accepted(ledger, "R1")

    [claim] = await claimed(ledger)

    assert claim.delivery == await ledger.delivery(delivery)
    assert claim.message == await ledger.message(claim.delivery.message)
    assert (claim.delivery.state, claim.delivery.token, claim.delivery.tries) == (State.SENDING, 1, 1)
    assert (claim.delivery.holder, claim.delivery.lease_until) == (ledger.boot, NOON + LEASE)
    assert await claimed(ledger) == ()


async def test_nothing_is_claimed_before_it_is_due(ledger: Ledger) -> None:
    await accepted(ledger, "R1", at=NOON + seconds(1))

    assert await claimed(ledger, at=NOON) == ()
    assert await ledger.look({LANE: WIDE}, now=NOON) == Look(frozenset(), NOON + seconds(1))
    assert (await ledger.look({LANE: WIDE}, now=NOON + seconds(1))).due == {LANE}
    assert len(await claimed(ledger, at=NOON + seconds(1))) == 1


async def test_deliveries_of_one_reference_go_in_order_and_one_at_a_time(ledger: Ledger) -> None:
    first, second, third = await accepted(ledger, "R1", "R1", "R1")
    sent = []

    while claims := await claimed(ledger):
        assert len(claims) == 1
        sent.append(claims[0].delivery.id)
        await ledger.settle(a_settlement(claims[0]))

    assert sent == [first, second, third]


async def test_the_same_reference_on_another_lane_is_not_held_back(ledger: Ledger) -> None:
    [here] = await accepted(ledger, "R1")
    [there] = await accepted(ledger, "R1", lane="streets/default")

    claims = await ledger.claim({LANE: WIDE, "streets/default": WIDE}, now=NOON, lease=LEASE)

    assert {claim.delivery.id for claim in claims} == {here, there}


async def test_deliveries_without_a_reference_have_no_order(ledger: Ledger) -> None:
    await accepted(ledger, "", "")

    assert len(await claimed(ledger)) == 2


async def test_a_retry_that_waits_holds_back_what_comes_after_it(ledger: Ledger) -> None:
    await accepted(ledger, "R1", "R1")
    [claim] = await claimed(ledger)

    await ledger.settle(a_settlement(claim, FAILED))

    assert await claimed(ledger, at=NOON + seconds(4)) == ()
    [again] = await claimed(ledger, at=NOON + seconds(60))
    assert (again.delivery.id, again.delivery.attempts, again.delivery.tries) == (claim.delivery.id, 1, 2)


async def test_a_dead_letter_holds_its_reference_back_and_no_other(ledger: Ledger) -> None:
    await accepted(ledger, "R1", "R1", "R2", "R2")
    first_of_1, first_of_2 = await claimed(ledger)

    await ledger.settle(a_settlement(first_of_1, REFUSED))
    await ledger.settle(a_settlement(first_of_2))

    assert [claim.delivery.reference for claim in await claimed(ledger)] == ["R2"]


async def test_no_more_are_in_flight_than_the_lane_allows(ledger: Ledger) -> None:
    await accepted(ledger, *(f"R{n}" for n in range(6)))
    policy = LanePolicy(at_once=4, per_second=1000)

    first = await claimed(ledger, policy=policy)
    none = await claimed(ledger, policy=policy)
    await ledger.settle(a_settlement(first[0]))
    one_more = await claimed(ledger, policy=policy)

    assert (len(first), len(none), len(one_more)) == (4, 0, 1)


async def test_a_lane_s_bucket_lets_through_so_many_a_second(ledger: Ledger) -> None:
    await accepted(ledger, *(f"R{n}" for n in range(20)))
    policy = LanePolicy(at_once=100, per_second=5)

    counts = [len(await claimed(ledger, policy=policy, at=NOON + seconds(at))) for at in (0, 0.1, 0.4, 1.4, 9.0)]

    assert counts == [5, 0, 2, 5, 5]


async def test_one_claim_takes_no_more_than_its_limit_over_all_lanes(ledger: Ledger) -> None:
    await accepted(ledger, "R1", "R2", "R3")
    await accepted(ledger, "R1", "R2", "R3", lane="streets/default")

    claims = await ledger.claim({LANE: WIDE, "streets/default": WIDE}, now=NOON, lease=LEASE, limit=4)

    assert len(claims) == 4
    assert len(await ledger.claim({LANE: WIDE, "streets/default": WIDE}, now=NOON, lease=LEASE)) == 2


async def test_a_broken_lane_is_probed_with_one_delivery_and_recovers(ledger: Ledger) -> None:
    await accepted(ledger, "R1", "R2", "R3")
    policy = LanePolicy(at_once=10, per_second=100, failures=1)
    first, *others = await claimed(ledger, policy=policy)
    await ledger.release([claim.delivery.id for claim in others], now=NOON)
    await ledger.settle(replace(a_settlement(first, FAILED), policy=policy))

    resting = await claimed(ledger, policy=policy, at=NOON + seconds(30))
    [probe] = await claimed(ledger, policy=policy, at=NOON + seconds(61))
    beside = await claimed(ledger, policy=policy, at=NOON + seconds(61))
    await ledger.settle(a_settlement(probe))

    assert resting == () and beside == ()
    assert probe.probing and probe.lane.gate is Gate.HALF_OPEN
    [view] = await ledger.lanes_overview()
    assert view.lane.gate is Gate.CLOSED
    assert len(await claimed(ledger, policy=policy, at=NOON + seconds(62))) == 2


async def test_what_was_claimed_and_not_sent_goes_back_as_it_was(ledger: Ledger) -> None:
    await accepted(ledger, "R1")
    [claim] = await claimed(ledger)

    released = await ledger.release([claim.delivery.id], now=NOON + seconds(1))

    back = await ledger.delivery(claim.delivery.id)
    assert released == 1
    assert (back.state, back.tries, back.look_up, back.holder) == (State.WAITING, 0, False, "")
    [again] = await claimed(ledger, at=NOON + seconds(1))
    assert again.delivery.token == 2


async def test_another_s_delivery_cannot_be_released(ledger: Ledger) -> None:
    await accepted(ledger, "R1")
    claims = await ledger.claim({LANE: WIDE}, now=NOON, lease=LEASE, holder="mailbox:waste")

    assert await ledger.release([claim.delivery.id for claim in claims], now=NOON) == 0


async def test_a_renewed_lease_is_not_taken_up(ledger: Ledger) -> None:
    await accepted(ledger, "R1")
    await claimed(ledger)

    renewed = await ledger.renew(now=NOON + seconds(10), lease=LEASE)

    assert renewed == 1
    assert await ledger.take_up(now=NOON + seconds(20)) == 0
    assert await ledger.take_up(now=NOON + seconds(26)) == 1


async def test_an_expired_lease_is_unanswered_and_looked_up_first(ledger: Ledger) -> None:
    await accepted(ledger, "R1")
    [claim] = await claimed(ledger)

    await ledger.take_up(now=NOON + seconds(16))

    left = await ledger.delivery(claim.delivery.id)
    assert (left.state, left.look_up, left.due_at) == (State.UNANSWERED, True, NOON + seconds(16))
    assert await events(ledger, left.message) == ["accepted", "lease-lost"]
    [again] = await claimed(ledger, at=NOON + seconds(16))
    assert again.delivery.look_up and again.delivery.token == 2


async def test_what_a_collector_did_not_acknowledge_simply_waits_again(ledger: Ledger) -> None:
    await accepted(ledger, "R1")
    [claim] = await ledger.claim({LANE: WIDE}, now=NOON, lease=LEASE, holder="mailbox:waste")

    await ledger.renew(now=NOON + seconds(10), lease=LEASE)
    await ledger.take_up(now=NOON + seconds(16))

    left = await ledger.delivery(claim.delivery.id)
    assert (left.state, left.look_up) == (State.WAITING, False)
    assert await events(ledger, left.message) == ["accepted", "lease-ended"]


async def test_a_restarted_node_takes_up_at_once_what_it_held(ledger: Ledger, opened: Opener) -> None:
    await accepted(ledger, "R1")
    [claim] = await claimed(ledger)
    await ledger.close()

    restarted = await opened()
    voided = await restarted.void(now=NOON + seconds(1))

    assert voided == 1
    [again] = await claimed(restarted, at=NOON + seconds(1))
    assert again.delivery.id == claim.delivery.id and again.delivery.look_up
    assert await restarted.void(now=NOON + seconds(2)) == 0


async def test_a_restarted_node_leaves_alone_what_another_node_holds(opened_on_postgres: Opener) -> None:
    one, other = await opened_on_postgres("node-1"), await opened_on_postgres("node-2")
    await accepted(one, "R1")
    await claimed(one)

    assert await other.void(now=NOON) == 0


async def test_a_lane_s_limits_hold_for_all_nodes_together(opened_on_postgres: Opener) -> None:
    nodes = [await opened_on_postgres(f"node-{n}") for n in range(3)]
    await accepted(nodes[0], *(f"R{n}" for n in range(30)))
    policy = LanePolicy(at_once=7, per_second=1000)

    rounds = [await asyncio.gather(*(claimed(node, policy=policy) for node in nodes)) for _ in range(5)]

    assert sum(len(claims) for each in rounds for claims in each) == 7


async def test_two_nodes_never_claim_the_same_delivery(opened_on_postgres: Opener) -> None:
    nodes = [await opened_on_postgres("node-1"), await opened_on_postgres("node-2")]
    for start in range(0, 3000, 300):
        await asyncio.gather(*(nodes[n % 2].accept(an_acceptance(f"R{n % 700}")) for n in range(start, start + 300)))
    seen: Counter[str] = Counter()
    policy = LanePolicy(at_once=10_000, per_second=1e9)

    async def work(node: Ledger) -> None:
        idle = 0
        while idle < 5:
            claims = await node.claim({LANE: policy}, now=NOON, lease=LEASE, limit=25)
            seen.update(claim.delivery.id for claim in claims)
            settled = await asyncio.gather(*(node.settle(a_settlement(claim)) for claim in claims))
            assert all(settled)
            idle = 0 if claims else idle + 1
            await asyncio.sleep(0 if claims else 0.01)

    await asyncio.gather(*(work(node) for node in nodes for _ in range(3)))

    assert len(seen) == 3000
    assert set(seen.values()) == {1}
    assert await nodes[0].counts() == ()


async def test_what_a_collector_puts_back_comes_again_when_it_is_due_and_only_under_its_token(ledger: Ledger) -> None:
    await accepted(ledger, "R1")
    [claim] = await ledger.claim({LANE: WIDE}, now=NOON, lease=LEASE, holder="waste@ville")
    stale = replace(claim.delivery, token=claim.delivery.token - 1)

    refused = await ledger.put_back(stale, now=NOON, due_at=NOON)
    put_back = await ledger.put_back(claim.delivery, now=NOON, due_at=NOON + seconds(60))
    again = await ledger.put_back(claim.delivery, now=NOON, due_at=NOON)

    assert (refused, put_back, again) == (False, True, False)
    assert await claimed(ledger, at=NOON + seconds(59)) == ()
    [later] = await claimed(ledger, at=NOON + seconds(61))
    assert (later.delivery.id, later.delivery.tries) == (claim.delivery.id, 2)
