"""One attempt of a delivery: whatever goes wrong in it, nothing is lost, nothing goes twice, nothing is wrongly charged."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from hub.catalogue import Catalogue
from hub.facts import replace
from hub.ledger import unpacked
from hub.lifecycle import Gate
from hub.message import State
from tests.delivery.applications import (
    Applications,
    carried_out_and_cut,
    cut,
    cut_then_carried_out,
    down,
    failing,
    found_late,
    obliging,
    refused_look,
    refusing,
    slow,
)
from tests.delivery.town import Town
from tests.installation import Installation

CatalogueWith = Callable[[Callable[[Installation], None]], Catalogue]


def without_a_look_up(installation: Installation) -> None:
    """The waste application cannot be asked what it has."""
    installation.replace("connectors/waste/connector.yaml", "    look_up: find_order\n", "")


def with_a_follow_up_that_does_not_fit(installation: Installation) -> None:
    """The portal is told a number that is none."""
    installation.replace(
        "mappings/request-status.yaml",
        "order_number: {label: Numéro dans l'application métier, portal: referenceExterne}",
        "order_number: {label: Numéro dans l'application métier, portal: referenceExterne, as: integer}",
    )


def with_a_row_that_this_message_does_not_have(installation: Installation) -> None:
    """The commune's code has become required."""
    installation.replace(
        "mappings/bin-replacement.yaml", "waste: Adresse.@codeInsee}", "waste: Adresse.@codeInsee, required: true}"
    )


def with_calls_of_eight_seconds(installation: Installation) -> None:
    """The waste application ends its work in less than a lease."""
    installation.edit("connectors/waste/connector.yaml", timeout="8s")


# -- after the call ---------------------------------------------------------------------------------------------------


async def test_an_order_is_delivered_although_what_follows_from_it_cannot_be_said(catalogue_with: CatalogueWith) -> None:
    town = Town(catalogue_with(with_a_follow_up_that_does_not_fit))
    node = await town.node()
    await town.say()

    claim = await node.attempt()

    assert await town.states() == [State.DELIVERED]
    line = (await node.ledger.story(claim.message.id)).lines[-1]
    assert line.event == "delivered" and "follow_up" in line.detail


async def test_what_a_call_came_to_is_settled_when_the_ledger_is_back(town: Town) -> None:
    node = await town.node()
    town.applications.manners.append(ledger_gone_while_carried_out(node))
    await town.say()

    attempt = asyncio.create_task(node.attempt())
    await asyncio.sleep(8)
    node.ledger.book.away = False
    await attempt

    assert await town.states() == [State.DELIVERED]
    assert town.applications.looked_up == []


def ledger_gone_while_carried_out(node):
    async def manner(applications: Applications, order):
        node.ledger.book.away = True
        return applications.carry_out(order)

    return manner


async def test_an_order_whose_reply_the_ledger_will_never_take_is_delivered_without_it(town: Town) -> None:
    node = await town.node()
    node.ledger.book.refuses = lambda item: bool(getattr(item, "crosswalk", ()))
    await town.say()

    claim = await node.attempt()

    assert await town.states() == [State.DELIVERED]
    assert (await node.ledger.story(claim.message.id)).lines[-1].detail["follow_up"] == "refused by the ledger"


# -- in doubt ---------------------------------------------------------------------------------------------------------


async def test_an_order_that_cannot_be_looked_up_waits_for_a_person_when_its_node_dies(
    catalogue_with: CatalogueWith,
) -> None:
    town = Town(catalogue_with(without_a_look_up))
    node = await town.node()
    await town.say()
    await node.claimed()
    await asyncio.sleep(16)
    await node.ledger.take_up(now=node.ledger.book.clock())

    await node.attempt()

    [delivery] = await town.deliveries()
    assert town.applications.sent == []
    assert (delivery.state, delivery.due_at) == (State.UNANSWERED, None)


async def test_an_order_that_waits_for_a_person_is_sent_when_the_person_says_so(catalogue_with: CatalogueWith) -> None:
    town = Town(catalogue_with(without_a_look_up))
    node = await town.node()
    town.applications.manners.append(cut)
    await town.say()
    claim = await node.attempt()

    await node.ledger.replay(claim.delivery.id, actor="awa", reason="Not in the list", now=node.ledger.book.clock())
    await node.attempt()

    assert await town.states() == [State.DELIVERED]
    assert len(town.applications.carried_out) == 1


async def test_an_order_that_is_still_being_carried_out_is_not_sent_again(town: Town) -> None:
    node = await town.node()
    town.applications.manners.append(cut_then_carried_out(12))
    await town.say()
    await node.worker.start()

    await asyncio.sleep(120)

    assert await town.states() == [State.DELIVERED]
    assert len(town.applications.carried_out) == 1


async def test_an_old_look_is_not_believed_for_being_told_late(town: Town) -> None:
    node = await town.node()
    town.applications.manners.append(cut_then_carried_out(12))
    town.applications.looks.append(found_late(18))  # asked while the application is at work, told when that must have ended
    await town.say()
    await node.worker.start()

    await asyncio.sleep(120)

    assert await town.states() == [State.DELIVERED]
    assert len(town.applications.looked_up) > 1
    assert len(town.applications.carried_out) == 1


async def test_what_a_node_asked_before_it_stood_still_is_asked_again(catalogue_with: CatalogueWith) -> None:
    town = Town(catalogue_with(with_calls_of_eight_seconds))
    node = await town.node()
    town.applications.manners.append(cut_then_carried_out(7))
    town.applications.arrived = lambda: node.machine.stand_still() if town.applications.sent else None  # with its look-up
    await town.say()
    await node.machine.started(node.worker.start())

    while not node.machine.is_still:
        await asyncio.sleep(0.1)
    town.applications.arrived = lambda: None
    await asyncio.sleep(6)
    node.machine.go_on()
    await asyncio.sleep(60)

    assert await town.states() == [State.DELIVERED]
    assert len(town.applications.carried_out) == 1


async def test_a_restarted_node_does_not_send_again_what_a_slow_application_is_at(town: Town) -> None:
    first = await town.node()
    town.applications.manners.append(slow(15))
    await town.say()
    await first.worker.start()
    await asyncio.sleep(1)

    first.kill()
    again = await town.node()
    await again.worker.start()
    await asyncio.sleep(120)

    assert await town.states() == [State.DELIVERED]
    assert len(town.applications.carried_out) == 1


async def test_an_order_that_was_not_carried_out_is_sent_again(town: Town) -> None:
    node = await town.node()
    town.applications.manners.append(cut)
    await town.say()
    await node.worker.start()

    await asyncio.sleep(120)

    assert await town.states() == [State.DELIVERED]
    assert len(town.applications.sent) == 2


async def test_an_order_of_an_earlier_message_is_not_taken_for_this_one(town: Town) -> None:
    node = await town.node()
    town.applications.manners += [obliging, cut]
    await town.say("D-1", 1)
    await town.say("D-1", 2)
    await node.worker.start()

    await asyncio.sleep(120)

    first, second = await town.deliveries()
    assert first.state is State.DELIVERED
    assert (second.state, second.due_at) == (State.UNANSWERED, None), "a person must look"
    assert "I-000001" in str(unpacked(second.reason))


async def test_an_order_that_a_person_confirmed_is_not_taken_for_a_later_one_s(town: Town) -> None:
    node = await town.node()
    town.applications.by_number |= {1: [carried_out_and_cut], 2: [cut]}
    await town.say("D-1", 1)
    await town.say("D-1", 2)
    first = await node.attempt()
    await node.ledger.confirm(first.delivery.id, actor="awa", reason="Seen", now=node.ledger.book.clock())
    await node.worker.start()

    await asyncio.sleep(120)

    _, second = await town.deliveries()
    assert (second.state, second.due_at) == (State.UNANSWERED, None), "a person must look"


async def test_the_order_of_a_later_message_is_recognised_by_its_own_number(town: Town) -> None:
    node = await town.node()
    town.applications.manners += [obliging, carried_out_and_cut]
    await town.say("D-1", 1)
    await town.say("D-1", 2)
    await node.worker.start()

    await asyncio.sleep(120)

    assert await town.states() == [State.DELIVERED, State.DELIVERED]
    assert town.applications.numbers("D-1") == [1, 2]


async def test_a_look_up_that_is_refused_costs_its_message_an_attempt_and_the_lane_nothing(town: Town) -> None:
    node = await town.node()
    town.applications.manners.append(cut)
    town.applications.look = refused_look
    await town.say("D-1", 1)
    await node.worker.start()

    await asyncio.sleep(900)

    [delivery] = await town.deliveries()
    [lane] = [view.lane for view in await node.ledger.lanes_overview() if view.lane.name == "waste/default"]
    assert lane.gate is Gate.CLOSED and lane.failures <= 1
    assert delivery.attempts > 2 and delivery.state is State.UNANSWERED
    assert len(town.applications.looked_up) < 10, "it is asked less and less often"
    assert len(town.applications.sent) == 1


async def test_an_order_in_doubt_that_a_new_mapping_cannot_write_is_not_told_as_refused(
    catalogue_with: CatalogueWith, town: Town
) -> None:
    node = await town.node()
    town.applications.manners.append(carried_out_and_cut)
    await town.say()
    await node.attempt()
    await asyncio.sleep(10)

    town.catalogue = catalogue_with(with_a_row_that_this_message_does_not_have)
    await (await town.node("node-2")).attempt()

    [delivery] = await town.deliveries()
    assert (delivery.state, delivery.look_up, delivery.due_at) == (State.UNANSWERED, True, None)
    assert await town.deliveries("request-status") == []


# -- before the call --------------------------------------------------------------------------------------------------


async def test_a_delivery_whose_lease_ran_out_before_its_call_left_is_not_sent(town: Town) -> None:
    one, other = await town.node("node-1"), await town.node("node-2")
    await town.say()
    [stale] = await one.claimed()
    await asyncio.sleep(16)
    await other.ledger.take_up(now=other.ledger.book.clock())
    await other.attempt()
    await asyncio.sleep(30)
    await other.attempt()

    await one.dispatcher.attempt(stale)

    assert await town.states() == [State.DELIVERED]
    assert len(town.applications.carried_out) == 1


async def test_a_call_leaves_while_its_lease_runs_or_never(town: Town) -> None:
    node = await town.node()
    await town.say()
    [claim] = await node.claimed()
    await asyncio.sleep(6)  # by now it asks whether the lease still holds

    await node.dispatcher.attempt(claim)

    [leave_by] = town.applications.leave_by
    left = (claim.delivery.lease_until - node.ledger.book.clock()).total_seconds()
    assert 0 < leave_by - time.monotonic() <= left


async def test_a_ledger_that_is_away_before_the_call_costs_the_message_nothing(town: Town) -> None:
    node = await town.node()
    await town.say()
    [claim] = await node.claimed()
    await asyncio.sleep(6)  # by now it asks whether the lease still holds
    node.ledger.book.away = True

    attempt = asyncio.create_task(node.dispatcher.attempt(claim))
    await asyncio.sleep(3)
    node.ledger.book.away = False
    await attempt

    [delivery] = await town.deliveries()
    assert (delivery.state, delivery.attempts, delivery.look_up) == (State.WAITING, 0, False)


async def test_what_fails_in_the_hub_before_the_call_is_not_in_doubt(catalogue_with: CatalogueWith) -> None:
    town = Town(catalogue_with(without_a_look_up))
    node = await town.node()
    await town.say()
    [claim] = await node.claimed()

    await node.dispatcher.attempt(replace(claim, packed=b"what is no record"))

    [delivery] = await town.deliveries()
    assert (delivery.state, delivery.look_up) == (State.WAITING, False)
    assert delivery.due_at is not None


async def test_a_refusal_is_told_again_after_a_replay_and_a_delivery_once(town: Town) -> None:
    node = await town.node()
    town.applications.manners += [refusing, refusing]
    await town.say()
    claim = await node.attempt()

    for _ in range(2):
        await node.ledger.replay(claim.delivery.id, actor="awa", reason="Corrected", now=node.ledger.book.clock())
        await asyncio.sleep(1)
        await node.attempt()

    assert await town.states() == [State.DELIVERED]
    assert len(await town.deliveries("request-status")) == 3


@pytest.mark.parametrize("manner", [down, failing(503), failing(500)])
async def test_an_outage_never_sends_twice_what_it_did_not_take(town: Town, manner) -> None:
    node = await town.node()
    town.applications.manner = manner
    await town.say()
    await node.worker.start()
    await asyncio.sleep(100)

    town.applications.manner = None
    await asyncio.sleep(300)

    assert await town.states() == [State.DELIVERED]
    assert len(town.applications.carried_out) == 1
