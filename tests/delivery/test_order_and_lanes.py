"""Order per reference and the manners of a lane, with everything real but the applications and the time."""

from __future__ import annotations

import asyncio
import json

from hub.call import Delivered, Throttled
from hub.errors import same
from hub.intake import Arrival
from hub.ledger import Settlement
from hub.lifecycle import Gate, Lane, LanePolicy, allowance, decide, lane_after
from hub.message import State
from tests.delivery.applications import Applications, Order, cut, failing, refusing, silent, slow
from tests.delivery.town import LANE, Node, Town, virtual_now
from tests.faults.traffic import bin_request
from tests.ledger.makers import NOON, RETRY, seconds

BY = {"actor": "awa", "reason": "Seen with the agent"}


async def test_the_wait_that_an_application_asked_for_stands_when_a_call_beside_it_is_answered(town: Town) -> None:
    node = await town.node()
    town.applications.manners += [failing(429, retry_after="100"), slow(2)]
    for number in range(1, 9):
        await town.say(f"D-{number}", number)
    await node.worker.start()

    await asyncio.sleep(90)
    during = len(town.applications.sent)
    await asyncio.sleep(60)

    assert during == 4, "what was under way, and nothing more"
    assert set(await town.states()) == {State.DELIVERED}


def test_a_success_beside_it_leaves_the_wait_of_a_lane_alone() -> None:
    policy = LanePolicy()
    asked = lane_after(Lane(LANE), Throttled(same("later"), seconds(600)), policy=policy, now=NOON)

    after = lane_after(asked, Delivered(), policy=policy, now=NOON)

    assert allowance(after, policy=policy, in_flight=0, now=NOON + seconds(599))[0] == 0
    assert allowance(after, policy=policy, in_flight=0, now=NOON + seconds(600))[0] == policy.at_once


async def test_a_call_that_outlasts_its_lease_still_counts_against_the_lane_s_limit(town: Town) -> None:
    node = await town.node()
    for number in range(1, 6):
        await town.say(f"D-{number}", number)
    first = await node.claimed()

    await asyncio.sleep(20)
    second = await node.claimed()

    assert len(first) == 4
    assert second == (), "their calls may still be under way: nobody has taken them up"


async def test_of_two_nodes_one_probes_a_broken_lane_and_a_probe_that_never_returns_is_followed_by_another(
    town: Town,
) -> None:
    one, other = await town.node("node-1"), await town.node("node-2")
    town.applications.manner = failing(500)
    for number in range(1, 9):
        await town.say(f"D-{number}", number)
    await one.worker.start()
    await other.worker.start()
    await asyncio.sleep(30)
    before = len(town.applications.sent)
    town.applications.manner = silent

    await asyncio.sleep(35)
    probes = len(town.applications.sent) - before
    for node in (one, other):
        node.kill()
    last = await town.node("node-3")
    await last.worker.start()
    town.applications.manner = None
    await asyncio.sleep(200)

    assert probes == 1
    assert set(await town.states()) == {State.DELIVERED}
    assert town.applications.doubled == []


async def test_one_authority_s_reference_does_not_hold_back_another_s(town: Town) -> None:
    node = await town.node()
    town.applications.by_number[1] = [refusing]
    for number, authority in enumerate(("marmande", "tonneins")):
        body = json.dumps(bin_request("D-1", number)).encode()
        await node.intake.accept(Arrival("bin-replacement", "portal", authority, body))
    await node.worker.start()

    await asyncio.sleep(5)

    assert await town.states() == [State.DEAD, State.DELIVERED]


async def test_a_doubtful_head_holds_its_reference_until_it_is_settled_and_no_other(town: Town) -> None:
    node = await town.node()
    town.applications.by_number[1] = [cut]
    for reference, number in (("D-1", 1), ("D-1", 2), ("D-2", 3)):
        await town.say(reference, number)
    await node.worker.start()
    await asyncio.sleep(2)
    during = list(town.applications.carried_out)

    await asyncio.sleep(120)

    assert during == [Order("D-2", 3)]
    assert town.applications.numbers("D-1") == [1, 2]


async def test_a_replayed_head_goes_before_what_waited_behind_it_and_a_cancelled_one_lets_it_go(town: Town) -> None:
    node = await town.node()
    town.applications.by_number |= {1: [refusing], 2: [refusing]}
    for reference, number in (("D-1", 1), ("D-2", 2), ("D-1", 3), ("D-2", 4)):
        await town.say(reference, number)
    await node.worker.start()
    await asyncio.sleep(5)
    first, second, *_ = await town.deliveries()

    await node.ledger.replay(first.id, now=virtual_now(), **BY)
    await node.ledger.cancel(second.id, now=virtual_now(), **BY)
    await asyncio.sleep(5)

    assert town.applications.numbers("D-1") == [1, 3]
    assert town.applications.numbers("D-2") == [4]


async def test_news_of_an_order_that_come_before_its_number_is_known_are_told_first_and_soon(town: Town) -> None:
    node = await town.node()
    town.applications.manners.append(slow(10))
    await town.say("D-1", 1)
    await node.worker.start()
    await asyncio.sleep(1)

    await changed(node, "01", "20/11/2026 10:00:00")
    await asyncio.sleep(11)
    await changed(node, "03", "20/11/2026 10:00:20")
    await asyncio.sleep(3)

    assert [status for status in told(town.applications) if status != "ACCEPTEE"] == ["RECUE", "PLANIFIEE"]
    assert {summary.message.reference for summary in await town.found("bin-progress")} == {"D-1"}


async def changed(node: Node, status: str, at: str) -> None:
    """The waste application says by its own number alone how an order stands."""
    body = (
        '<t:NotifyOrderChange xmlns:t="urn:exemple:dechets:types:1" origine="AGENT">'
        f"<t:NumIntervention>I-000001</t:NumIntervention><t:Statut>{status}</t:Statut><t:DateModif>{at}</t:DateModif>"
        "</t:NotifyOrderChange>"
    )
    await node.intake.accept(Arrival("bin-progress", "waste", "default", body.encode()))


def told(applications: Applications) -> list[str]:
    """What the portal was told, in turn."""
    return [json.loads(body)["statut"] for _, _, body in applications.told]


async def test_a_stale_probe_cannot_open_or_close_the_gate(town: Town) -> None:
    node = await town.node()
    await town.say("D-1", 1)
    [stale] = await node.claimed()
    await asyncio.sleep(20)
    await node.ledger.take_up(now=virtual_now())
    failed = Throttled(same("later"), seconds(3600))
    decision = decide(failed, stale.delivery, policy=RETRY, now=virtual_now(), jitter=1.0)

    settled = await node.ledger.settle(Settlement(stale, failed, decision, LanePolicy(), virtual_now()))

    [lane] = [view.lane for view in await node.ledger.lanes_overview() if view.lane.name == LANE]
    assert not settled
    assert (lane.gate, lane.until) == (Gate.CLOSED, None)
