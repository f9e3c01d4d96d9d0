"""Calls that were carried out and not answered: the same key again, a look-up, or a person; and news that come too soon."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from hub.intake import Arrival
from hub.ledger import Search
from hub.message import State
from tests.faults.proxy import Fault
from tests.installation import Installation
from tests.network.street import Street, Way, street, until

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def row(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Street]:
    async with street(tmp_path_factory.mktemp("street"), ways=4) as row:
        yield row


@pytest_asyncio.fixture(loop_scope="module")
async def without_look_up(tmp_path: Path) -> AsyncIterator[Street]:
    def edit(installation: Installation) -> None:
        installation.replace("connectors/waste/connector.yaml", "    look_up: find_order\n", "")

    async with street(tmp_path, ways=1, edit=edit) as row:
        yield row


async def test_a_repeatable_call_is_made_again_with_the_same_key_and_takes_effect_once(row: Street) -> None:
    way = row.way()
    await way.portal.tell(Fault("reset", times=1))

    reference = await way.say()

    async def told() -> bool:
        return [each.state for each in await way.deliveries("request-status")] == [State.DELIVERED]

    await until(told)
    await asyncio.sleep(0.3)

    calls = [call for call in way.told.calls if call.document.get("@numero") == reference]
    assert len(calls) == 2
    assert len({call.document["@Idempotency-Key"] for call in calls}) == 1
    assert [call.applied and not call.repeat for call in calls] == [True, False]
    assert await told()


async def test_a_call_that_can_be_looked_up_is_so_before_anything_is_sent_again(row: Street) -> None:
    way = row.way()
    await way.waste.tell(Fault("reset", times=1))

    await way.say()

    assert await way.done() == [State.DELIVERED]
    assert len(way.orders) == 1
    assert len(way.waste.turns) == 2, "the call, and the question what became of it"


async def test_a_call_that_nobody_can_ask_after_waits_for_a_person(without_look_up: Street) -> None:
    way = without_look_up.way()
    await way.waste.tell(Fault("reset", times=1))
    await way.say()
    await way.first_attempt()
    await way.done()
    await asyncio.sleep(2)

    [delivery] = await way.deliveries()
    shown = await way.hub.ledger.find(Search(state=State.UNANSWERED, authority=way.authority))
    assert (delivery.state, delivery.due_at, len(way.waste.turns)) == (State.UNANSWERED, None, 1)
    assert [summary.message.id for summary in shown.found] == [delivery.message]

    await way.hub.desk.confirm(delivery.id, actor="awa", reason="Seen in the list of orders")
    assert await way.states() == [State.DELIVERED]
    assert len(way.orders) == 1


async def test_news_of_an_order_whose_number_is_still_on_the_wire_are_held_and_told_once(row: Street) -> None:
    way = row.way()
    await way.waste.tell(Fault("delay", seconds=1.0, times=1))
    reference = await way.say()
    await until(lambda: bool(way.orders))
    number = str(way.double.kept("orders")[-1].values["NumIntervention"])

    first = await way.hub.intake.accept(progress(way, number))
    second = await way.hub.intake.accept(progress(way, number))
    await until(lambda: "PLANIFIEE" in statuses(way, reference))
    await asyncio.sleep(0.5)

    assert first.message == second.message and second.duplicate
    assert statuses(way, reference).count("PLANIFIEE") == 1


def progress(way: Way, number: str) -> Arrival:
    """The waste application says by its own number alone that an order is planned."""
    body = (
        '<t:NotifyOrderChange xmlns:t="urn:exemple:dechets:types:1" origine="AGENT">'
        f"<t:NumIntervention>{number}</t:NumIntervention><t:Statut>03</t:Statut>"
        "<t:DateModif>20/11/2026 10:00:00</t:DateModif></t:NotifyOrderChange>"
    )
    return Arrival("bin-progress", "waste", way.authority, body.encode())


def statuses(way: Way, reference: str) -> list[str]:
    """What the portal was told of a request, in turn."""
    calls = [call for call in way.told.calls if call.document.get("@numero") == reference and call.applied]
    return [str(call.document["statut"]) for call in calls]
