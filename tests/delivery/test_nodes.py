"""Nodes that stop, die, stall or lose sight of the ledger: what they held is neither lost nor sent twice."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from hub.message import Delivery, State
from tests.delivery.applications import slow
from tests.delivery.test_one_attempt import CatalogueWith
from tests.delivery.town import LANE, Node, Town, virtual_now
from tests.installation import Installation


async def test_a_call_under_way_at_a_stop_keeps_its_lease_and_ends(town: Town) -> None:
    leaving, staying = await town.node("node-1"), await town.node("node-2")
    town.applications.manners.append(slow(19))
    await town.say()
    await leaving.worker.start()
    await asyncio.sleep(0.5)
    await staying.worker.start()

    await leaving.worker.stop()

    assert await town.states() == [State.DELIVERED]
    assert town.applications.looked_up == [], "nobody doubted it"


async def test_what_a_stopping_node_has_just_claimed_is_taken_by_another_within_a_second(town: Town) -> None:
    leaving, staying = await town.node("node-1"), await town.node("node-2")
    await leaving.worker.start()
    await staying.ledger.pause_lane(LANE, actor="awa", reason="test", now=virtual_now())
    await town.say(node=staying)
    await asyncio.sleep(1)
    await staying.ledger.resume_lane(LANE, actor="awa", reason="test", now=virtual_now())

    await stopped_in_the_moment_of_its_claim(leaving)
    await staying.worker.start()
    await asyncio.sleep(1)

    assert await town.states() == [State.DELIVERED]
    assert len(town.applications.carried_out) == 1
    assert "released" in await town.events((await town.deliveries())[0].message)


async def stopped_in_the_moment_of_its_claim(node: Node) -> None:
    """Stop a node between its claim on disk and its knowing of it."""
    stopping: list[asyncio.Task[None]] = []

    def stop(answer: object) -> None:
        if isinstance(answer, tuple) and answer and not stopping:
            stopping.append(asyncio.get_running_loop().create_task(node.worker.stop()))

    node.ledger.book.noticed = stop
    while not stopping:
        await asyncio.sleep(0.1)
    await stopping[0]


async def test_what_is_cut_off_at_the_end_of_a_stop_is_looked_up_by_another_node(town: Town) -> None:
    leaving, staying = await town.node("node-1"), await town.node("node-2")
    leaving.ledger.book.noticed = lambda answer: setattr(leaving.ledger.book, "away", town.applications.carried_out != [])
    await town.say()
    await leaving.worker.start()
    await asyncio.sleep(1)

    await leaving.worker.stop()
    await staying.worker.start()
    await asyncio.sleep(60)

    assert leaving.worker._in_hand == {}
    assert await town.states() == [State.DELIVERED]
    assert len(town.applications.carried_out) == 1


async def test_a_call_that_outlasts_an_absence_of_the_ledger_is_not_made_twice(town: Town) -> None:
    node = await town.node()
    town.applications.manners.append(slow(19.5))
    await town.say()
    await node.worker.start()
    await asyncio.sleep(0.5)

    node.ledger.book.away = True
    await asyncio.sleep(18)
    node.ledger.book.away = False
    await asyncio.sleep(60)

    assert await town.states() == [State.DELIVERED]
    assert len(town.applications.sent) == 1 and town.applications.looked_up == []


async def test_a_node_goes_on_after_a_step_that_failed_for_whatever_reason(town: Town) -> None:
    node = await town.node()
    await node.worker.start()
    await asyncio.sleep(1)
    node.ledger.book.broken = True
    await asyncio.sleep(10)
    node.ledger.book.broken = False
    await town.say()
    await asyncio.sleep(10)

    assert node.worker.alive
    assert await town.states() == [State.DELIVERED]


async def test_what_a_node_lost_sight_of_is_taken_up_although_the_node_is_busy(town: Town) -> None:
    node = await town.node()
    town.applications.manner = slow(5)
    await town.say("D-lost", 1)
    await node.claimed()
    for number in range(2, 40):
        await town.say(f"D-{number}", number)
    await node.worker.start()

    await asyncio.sleep(90)

    assert {delivery.state for delivery in await town.deliveries()} == {State.DELIVERED}
    assert town.applications.doubled == []


def patient(installation: Installation) -> None:
    """The waste application may take two leases for an answer."""
    installation.edit("connectors/waste/connector.yaml", timeout="60s")


async def test_a_call_that_takes_more_than_two_leases_is_renewed_and_not_taken_up(catalogue_with: CatalogueWith) -> None:
    town = Town(catalogue_with(patient))
    first, second = await town.node("node-1"), await town.node("node-2")
    town.applications.manner = slow(40)
    await town.say("D-1", 1)
    await first.worker.start()
    await second.worker.start()

    await asyncio.sleep(60)

    [delivery] = await town.deliveries()
    assert (delivery.state, delivery.tries) == (State.DELIVERED, 1)
    assert [len(town.applications.sent), len(town.applications.looked_up)] == [1, 0]


async def test_an_idle_node_says_that_it_lives(town: Town) -> None:
    node = await town.node()
    await node.worker.start()

    await asyncio.sleep(60)

    [seen] = await node.ledger.nodes()
    assert virtual_now() - seen.seen_at < timedelta(seconds=10)


async def test_a_message_that_kills_every_node_that_takes_it_is_set_aside(town: Town) -> None:
    await town.node("door")
    await town.say("D-deadly", 1)
    for _ in range(8):
        node = await town.node("node-1")
        await node.ledger.void(now=virtual_now())
        await asyncio.sleep(1)
        await node.claimed()

    [delivery] = await town.deliveries()
    assert delivery.state is State.DEAD
    assert delivery.look_up


async def test_a_node_that_stands_still_in_the_moment_before_its_call_does_not_make_it_later(town: Town) -> None:
    one, other = await town.node("node-1"), await town.node("node-2")
    await town.say()
    [claim] = await one.claimed()
    await asyncio.sleep(13.5)
    one.ledger.book.noticed = lambda answer: one.machine.stand_still() if isinstance(answer, Delivery) else None
    attempt = one.machine.started(one.dispatcher.attempt(claim))
    await asyncio.sleep(3)

    await other.ledger.take_up(now=virtual_now())
    one.machine.go_on()
    await attempt

    assert one.machine.is_still is False
    assert town.applications.sent == []
    assert await town.states() == [State.UNANSWERED]
