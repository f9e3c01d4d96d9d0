"""Whose turn it is: priorities, dead letters that are skipped, and what stands behind another in its reference."""

import asyncio
import time

import pytest
import sqlalchemy as sa

from hub.facts import replace
from hub.ledger import Ledger, Search
from hub.ledger.tables import delivery
from hub.message import Priority, State
from tests.ledger.conftest import Opener
from tests.ledger.makers import (
    LANE,
    NOON,
    REFUSED,
    a_settlement,
    accepted,
    an_acceptance,
    claimed,
    events,
    seconds,
)

MINUTES = 60


async def said(ledger: Ledger, reference: str, *, at: float = 0, **words: object) -> str:
    """Accept a message whose delivery has these words; the delivery's id."""
    acceptance = an_acceptance(reference, at=NOON + seconds(at))
    acceptance = replace(acceptance, deliveries=tuple(replace(each, **words) for each in acceptance.deliveries))
    return (await ledger.accept(acceptance)).deliveries[0]


async def test_of_two_that_wait_the_one_of_higher_priority_goes_first(ledger: Ledger) -> None:
    await said(ledger, "low", priority=Priority.LOW)
    await said(ledger, "normal", at=1)
    await said(ledger, "high", at=2, priority=Priority.HIGH)

    claims = await claimed(ledger, at=NOON + seconds(3))

    assert [claim.delivery.reference for claim in claims] == ["high", "normal", "low"]


async def test_what_has_waited_for_ten_minutes_longer_goes_before_what_is_of_higher_priority(ledger: Ledger) -> None:
    await said(ledger, "low", priority=Priority.LOW)
    await said(ledger, "early", at=9 * MINUTES)
    await said(ledger, "late", at=11 * MINUTES)

    claims = await claimed(ledger, at=NOON + seconds(12 * MINUTES))

    assert [claim.delivery.reference for claim in claims] == ["early", "low", "late"]


async def test_order_within_a_reference_goes_before_priority(ledger: Ledger) -> None:
    first = await said(ledger, "R1", priority=Priority.LOW)
    await said(ledger, "R1", at=1, priority=Priority.HIGH)

    claims = await claimed(ledger, at=NOON + seconds(2))

    assert [claim.delivery.id for claim in claims] == [first]


async def test_a_dead_letter_that_is_skipped_lets_the_next_one_go(ledger: Ledger) -> None:
    await said(ledger, "R1", skipped=True)
    second = await said(ledger, "R1")
    [claim] = await claimed(ledger)
    assert await claimed(ledger) == ()

    await ledger.settle(a_settlement(claim, REFUSED))

    [next_one] = await claimed(ledger)
    assert next_one.delivery.id == second
    line = (await ledger.story(claim.message.id)).lines[-1]
    assert line.event == "dead" and line.detail["skipped"] is True


async def test_a_skipped_dead_letter_that_is_sent_anew_goes_and_holds_back_what_comes_then(ledger: Ledger) -> None:
    first = await said(ledger, "R1", skipped=True)
    await ledger.settle(a_settlement((await claimed(ledger))[0], REFUSED))

    await ledger.replay(first, actor="awa", reason="Repaired", now=NOON)
    await said(ledger, "R1")

    assert [claim.delivery.id for claim in await claimed(ledger)] == [first]


@pytest.mark.parametrize("end", ["settle", "cancel", "confirm"])
async def test_what_was_put_aside_comes_forward_one_by_one_however_the_one_ahead_ends(ledger: Ledger, end: str) -> None:
    ids = await accepted(ledger, *["R1"] * 5)
    sent = []

    while claims := await claimed(ledger):
        [claim] = claims
        assert await claimed(ledger) == ()
        sent.append(claim.delivery.id)
        await ended(ledger, claim, end)

    assert sent == ids


async def ended(ledger, claim, end: str) -> None:
    by = {"actor": "awa", "reason": "Seen in the application", "now": NOON}
    match end:
        case "settle":
            await ledger.settle(a_settlement(claim))
        case "cancel":
            await ledger.settle(a_settlement(claim, REFUSED))
            await ledger.cancel(claim.delivery.id, **by)
        case "confirm":
            decision = replace(a_settlement(claim).decision, state=State.UNANSWERED)
            await ledger.settle(replace(a_settlement(claim), decision=decision))
            await ledger.confirm(claim.delivery.id, **by)


async def test_one_that_died_behind_another_goes_anew_when_it_is_sent_again(ledger: Ledger) -> None:
    _, second = await accepted(ledger, "R1", "R1")
    [claim] = await claimed(ledger)
    assert await claimed(ledger) == () and (await ledger.delivery(second)).behind
    await ledger._writer.run(
        lambda to: to.connection.execute(sa.update(delivery).where(delivery.c.id == second).values(state=State.DEAD))
    )
    await ledger.settle(a_settlement(claim))

    await ledger.replay(second, actor="awa", reason="Repaired", now=NOON)

    assert [claim.delivery.id for claim in await claimed(ledger)] == [second]


async def test_many_that_are_held_back_are_met_once_and_make_no_claim_dearer(ledger: Ledger) -> None:
    await ledger.accept_all([an_acceptance(f"R{n % 500}") for n in range(5000)])
    heads = await claimed_all(ledger, limit=500)
    assert len(heads) == 500
    await claimed(ledger)

    alone = min([await time_of_a_claim(ledger, "streets/default", turn) for turn in range(5)])
    beside = min([await time_of_a_claim(ledger, LANE, turn) for turn in range(5)])

    assert {each.delivery.reference for each in heads} == {f"R{n}" for n in range(500)}
    assert beside < 20 * alone + 0.05


async def claimed_all(ledger: Ledger, *, limit: int):
    found = []
    while claims := await claimed(ledger):
        found += claims
        assert len(found) <= limit
    return found


async def time_of_a_claim(ledger: Ledger, lane: str, turn: int) -> float:
    await ledger.accept(an_acceptance(f"new-{lane}-{turn}", lane=lane))
    begin = time.perf_counter()
    assert len(await claimed(ledger, lane=lane)) == 1
    return time.perf_counter() - begin


async def test_what_an_older_node_left_behind_nobody_is_found_by_the_sweep(ledger: Ledger) -> None:
    first, second = await accepted(ledger, "R1", "R1")
    await claimed(ledger)
    await claimed(ledger)
    ended_by_an_older_node = sa.update(delivery).where(delivery.c.id == first).values(state=State.DELIVERED)
    await ledger._writer.run(lambda to: to.connection.execute(ended_by_an_older_node))
    assert await claimed(ledger) == ()

    swept = await ledger.sweep()

    assert swept == 1 and await ledger.sweep() == 0
    assert [claim.delivery.id for claim in await claimed(ledger)] == [second]


async def test_two_nodes_that_end_and_put_aside_at_once_leave_nobody_aside(opened_on_postgres: Opener) -> None:
    nodes = [await opened_on_postgres(f"node-{n}") for n in range(2)]
    await nodes[0].accept_all([an_acceptance(f"R{n % 7}") for n in range(140)])
    order: dict[str, list[str]] = {}

    async def work(node: Ledger) -> None:
        while sum(map(len, order.values())) < 140:
            for claim in await claimed(node):
                order.setdefault(claim.delivery.reference, []).append(claim.message.id)
                await node.settle(a_settlement(claim))

    async with asyncio.timeout(60):
        await asyncio.gather(*(work(node) for node in nodes for _ in range(2)))

    found = (await nodes[0].find(Search(limit=1000))).found
    assert {each.state for summary in found for each in summary.deliveries} == {State.DELIVERED}
    for reference, sent in order.items():
        position = {summary.message.id: summary.deliveries[0].position for summary in found}
        assert [position[each] for each in sent] == sorted(position[each] for each in sent), reference
    assert await events(nodes[0], found[0].message.id) == ["accepted", "delivered"]
