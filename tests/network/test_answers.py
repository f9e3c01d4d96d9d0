"""Whatever comes back from an application, or does not: what the attempt comes to, and what becomes of the order.

Every case takes a way of its own to one application, and all go at once.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import AsyncMock

import pytest

from hub.assembly import Hub
from hub.lifecycle import Gate
from hub.message import State
from hub.transports.envelope import SoapFault, wrap, write_fault
from tests.faults.proxy import PASS, Fault
from tests.network.street import TOTAL, Way, street, until
from tests.passing import let_pass

XML = {"Content-Type": "text/xml; charset=utf-8"}
PAGE = "<!DOCTYPE html><html><body>Connexion</body></html>"
NOT_AN_ANSWER = wrap(b'<t:CreateOrderResponse xmlns:t="urn:exemple:dechets:types:1"/>').decode()


def fault(code: str) -> str:
    return write_fault(SoapFault(code, "Une erreur")).decode()  # type: ignore[arg-type]


IN_DOUBT = {
    "an answer that is slow": Fault("delay", seconds=4 * TOTAL),
    "an answer that drips": Fault("drip", seconds=0.3, after=250),
    "headers that drip": Fault("drip", seconds=0.3),
    "a partition": Fault("hold"),
    "a request that is swallowed": Fault("swallow"),
    "reset once the request was read": Fault("reset"),
    "reset in mid-answer": Fault("reset", after=260),
    "closed without an answer": Fault("close"),
    "closed in the headers": Fault("close", after=60),
    "half closed": Fault("half-close"),
    "half an answer, then silence": Fault("hang", after=260),
    "a body shorter than its length": Fault("short"),
    "a chunk cut short": Fault("chunk-cut"),
    "a body without a length, cut short": Fault("body-cut"),
    "an empty answer": Fault("answer", body=""),
    "an answer that does not fit": Fault("answer", body=NOT_AN_ANSWER),
    "an undeclared success": Fault("answer", status=207),
    "a gateway that waited too long": Fault("answer", status=504, body=PAGE, headers={"Content-Type": "text/html"}),
    "a bomb": Fault("bomb", size=64 << 20),
    "a header of 5 MB": Fault("header", size=5_000_000),
    "1,000 interim answers": Fault("interim", count=1000),
    "garbage": Fault("garbage"),
    "two lengths": Fault("lengths"),
}
"""Befalls the first call, which is carried out or may have been."""

REFUSED = {
    "a client fault with 500": Fault("instead", status=500, headers=XML, body=fault("Client")),
    "a client fault with 200": Fault("instead", status=200, headers=XML, body=fault("Client")),
    "not found": Fault("instead", status=404, body=""),
    "too large": Fault("instead", status=413, body=""),
    "unsupported": Fault("instead", status=415, body=""),
    "unprocessable": Fault("instead", status=422, body=""),
}

FAILED = {
    "a server fault with 200": Fault("instead", status=200, headers=XML, body=fault("Server")),
    "a server fault with 500": Fault("instead", status=500, headers=XML, body=fault("Server")),
    "a failure without words": Fault("instead", status=500, body=""),
}

STOPPED = {
    "a sign-in page with 200": Fault("instead", headers={"Content-Type": "text/html"}, body=PAGE),
    "a sign-in page that says it is XML": Fault("instead", headers=XML, body='<?xml version="1.0"?>\n' + PAGE),
    "moved for good": Fault("instead", status=301, headers={"Location": "http://127.0.0.1:9/"}, body=""),
    "found elsewhere": Fault("instead", status=302, headers={"Location": "http://127.0.0.1:9/"}, body=""),
    "moved for now": Fault("instead", status=307, headers={"Location": "http://127.0.0.1:9/"}, body=""),
    "moved, with the same method": Fault("instead", status=308, headers={"Location": "http://127.0.0.1:9/"}, body=""),
    "no credentials": Fault("instead", status=401, body=""),
    "no right": Fault("instead", status=403, body=""),
    "no such method": Fault("instead", status=405, body=""),
    "gone": Fault("instead", status=410, body=""),
}

NOT_SENT = {
    "refused": Fault("refuse"),
    "never accepted": Fault("deaf"),
}

CASES = {**IN_DOUBT, **REFUSED, **FAILED, **STOPPED, **NOT_SENT}


@dataclass(frozen=True)
class Came:
    """What a case came to: the first attempt, how the order ended, the lane then, and how it all ended."""

    event: str
    reason: str
    seconds: float
    states: list[State]
    gate: Gate
    charged: int
    orders: int
    at_last: list[State]


async def came(way: Way, fault: Fault) -> Came:
    """One order while a fault befalls its first call, or all calls until somebody mends it."""
    once = fault in IN_DOUBT.values() or fault in FAILED.values()
    await way.waste.tell(replace(fault, times=1 if once and fault.kind != "hold" else 0))
    await way.say()
    first = await way.first_attempt()
    if fault.kind == "hold":
        await way.waste.tell(PASS)
    if fault in NOT_SENT.values():
        await asyncio.sleep(1.5)
        await way.waste.tell(PASS)
    states, gate = await way.done(), (await way.lane()).gate
    if gate is not Gate.CLOSED:
        await way.waste.tell(PASS)
        await way.mended()
    at_last = await way.done()
    [delivery] = await way.deliveries()
    return Came(first.event, first.reason, first.seconds, states, gate, delivery.attempts, len(way.orders), at_last)


SWALLOWED = "a request that is swallowed"
"""The application does not know of it, and may be at work on it for as long as the call might have taken."""
OUTLASTED = ("delay", "drip", "hold", "swallow", "hang")
"""Faults that the caller's time ends, and nothing else."""


async def all_of(folder: Path) -> dict[str, Came]:
    """What all came to. Time is let pass when all that needs none is over, and the rest has left."""
    async with street(folder, ways=len(CASES)) as row:
        ways = {case: row.way() for case in CASES}
        going = {case: asyncio.create_task(came(way, CASES[case])) for case, way in ways.items()}
        slow = [case for case, fault in CASES.items() if fault.kind in OUTLASTED]
        await asyncio.gather(*(task for case, task in going.items() if case not in slow))
        await until(lambda: all(ways[case].waste.connections for case in slow))
        for _ in range(100):
            await asyncio.sleep(0)
        let_pass(TOTAL)
        await asyncio.gather(*(task for case, task in going.items() if case != SWALLOWED))
        await until(lambda: len(ways[SWALLOWED].attempts) > 1)
        while not going[SWALLOWED].done():
            await far_ahead(row.hub)
            await asyncio.sleep(0.1)
        return {case: going[case].result() for case in CASES}


async def far_ahead(hub: Hub) -> None:
    """Let the hub's clock say that the application can no longer be at work on anything."""
    ahead = AsyncMock(spec=hub.ledger)
    ahead.time.return_value = datetime.now(UTC) + timedelta(seconds=2 * TOTAL)
    await hub.clock.agree_with(ahead)


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Came]:
    return asyncio.run(all_of(tmp_path_factory.mktemp("street")))


@pytest.mark.parametrize("case", IN_DOUBT)
def test_a_call_in_doubt_is_looked_up_and_its_order_made_once(case: str, cases: dict[str, Came]) -> None:
    found = cases[case]

    assert found.event == "unanswered"
    assert found.seconds < TOTAL + 1.5
    assert (found.at_last, found.orders) == ([State.DELIVERED], 1)


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_a_dead_letter_at_once(case: str, cases: dict[str, Came]) -> None:
    found = cases[case]

    assert (found.event, found.states, found.gate, found.orders) == ("dead", [State.DEAD], Gate.CLOSED, 0)


@pytest.mark.parametrize("case", FAILED)
def test_what_failed_is_charged_and_sent_again(case: str, cases: dict[str, Came]) -> None:
    found = cases[case]

    assert (found.event, found.charged, found.at_last, found.orders) == ("retry", 1, [State.DELIVERED], 1)


@pytest.mark.parametrize("case", STOPPED)
def test_what_is_wrongly_set_up_stops_its_lane_and_costs_the_message_nothing(case: str, cases: dict[str, Came]) -> None:
    found = cases[case]

    assert (found.event, found.states, found.gate) == ("stopped", [State.WAITING], Gate.OPEN)
    assert (found.charged, found.at_last, found.orders) == (0, [State.DELIVERED], 1)


@pytest.mark.parametrize("case", NOT_SENT)
def test_what_did_not_leave_costs_nothing_and_goes_later(case: str, cases: dict[str, Came]) -> None:
    found = cases[case]

    assert found.event == "not-sent"
    assert (found.charged, found.at_last, found.orders) == (0, [State.DELIVERED], 1)
