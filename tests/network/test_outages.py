"""An application that is down, flaps, or asks to be left alone: only probes go out, nothing is charged, order is kept."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from time import monotonic

import pytest
import pytest_asyncio

from hub.lifecycle import Gate
from hub.message import State
from tests.faults.proxy import PASS, Fault
from tests.network.street import REST, Street, Way, far_from, street, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

BREAKER, AT_ONCE = 5, 4


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def row(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Street]:
    async with street(tmp_path_factory.mktemp("street"), ways=12) as row:
        yield row


def in_order(way: Way) -> bool:
    """Whether every reference's requests were carried out, each once, in the order in which they were said."""
    said, done = defaultdict(list), defaultdict(list)
    for reference, number in way.said:
        said[reference].append(number)
    for reference, number in way.orders:
        done[reference].append(number)
    return said == done


async def charged(way: Way) -> int:
    """How many attempts were charged to its requests."""
    return sum(delivery.attempts for delivery in await way.deliveries())


def cut_off(way: Way) -> int:
    """How many calls began to leave and were cut: they alone may be charged."""
    return sum(each.event == "unanswered" for each in way.attempts)


async def said(way: Way, messages: int, *, references: int, seconds: float = 0) -> None:
    """So many requests over so many references, spread over so many seconds at least."""
    for number in range(messages):
        await way.say(f"D-2026-{way.authority.removeprefix('way-'):0>2}{number % references:03d}")
        await asyncio.sleep(seconds / messages)


@pytest.mark.timeout(240)
async def test_six_hundred_messages_wait_out_an_outage_behind_probes_and_drain_in_order(row: Street) -> None:
    way = row.way()
    await way.waste.tell(Fault("refuse"))
    started = monotonic()

    await said(way, 600, references=60)
    await until(lambda: len(way.attempts) >= BREAKER)
    await asyncio.sleep(max(0.0, 5 - (monotonic() - started)))
    during, down = len(way.attempts), monotonic() - started
    await way.waste.tell(PASS)
    back = monotonic()
    await until(lambda: len(way.orders) == 600, seconds=150)
    drained = monotonic() - back
    states = await way.done()

    print(f"down {down:.1f} s, {during} attempts meanwhile; drained 600 in {drained:.1f} s")
    assert BREAKER <= during <= BREAKER + AT_ONCE + down / REST + 1, "five failures, then only probes"
    assert set(states) == {State.DELIVERED}
    assert in_order(way)
    assert {delivery.attempts for delivery in await way.deliveries()} == {0}


@pytest.mark.parametrize(("cycles", "messages"), [(2, 100), pytest.param(4, 200, marks=pytest.mark.long)])
@pytest.mark.timeout(240)
async def test_an_application_that_flaps_meets_no_storm_and_gets_everything(row: Street, cycles: int, messages: int) -> None:
    way, meanwhile, down = row.way(), 0, 0.0
    saying = asyncio.create_task(said(way, messages, references=40, seconds=2 * cycles))

    for _ in range(cycles):
        await asyncio.sleep(1)
        await way.waste.tell(Fault("refuse"))
        before, since = len(way.attempts), monotonic()
        await asyncio.sleep(1)
        await until(lambda before=before: len(way.attempts) > before or saying.done())
        meanwhile += len(way.attempts) - before
        down += monotonic() - since
        await way.waste.tell(PASS)
    await saying
    await until(way.all_carried_out)

    assert len(way.orders) == messages
    assert 0 < meanwhile <= cycles * (BREAKER + AT_ONCE + 1) + down / REST
    assert set(await way.done()) == {State.DELIVERED}
    assert in_order(way)
    assert await charged(way) <= cut_off(way)


async def test_an_application_that_says_later_in_a_bulk_is_left_alone_by_the_whole_lane(row: Street) -> None:
    way = row.way()
    await way.waste.tell(Fault("instead", status=503, headers={"Retry-After": "3"}, body="", times=1))

    for _ in range(40):
        await way.say()
    await until(way.all_carried_out)
    first, *later = way.waste.turns
    during = 1 + sum(at - first < 2.9 for at in later)

    assert during <= AT_ONCE, "what was under way, and nothing more"
    assert set(await way.done()) == {State.DELIVERED}
    assert await charged(way) <= cut_off(way)


def in_an_hour() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)


@pytest.mark.parametrize(
    ("asked", "wait"),
    [("90", 90), ("in an hour", 3600), ("315360000", 86400)],
    ids=["seconds", "a date", "ten years"],
)
async def test_the_wait_that_is_asked_for_is_kept_and_at_most_a_day(asked: str, wait: float, row: Street) -> None:
    way, said = row.way(), in_an_hour() if asked == "in an hour" else asked
    await way.waste.tell(Fault("instead", status=429, headers={"Retry-After": said}, body=""))

    await way.say()
    first = await way.first_attempt()
    [delivery], lane = await way.deliveries(), await way.lane()

    assert (first.event, delivery.attempts, lane.gate) == ("throttled", 0, Gate.CLOSED)
    assert abs(far_from(delivery.due_at).total_seconds() - wait) < 30
    assert abs(far_from(lane.until).total_seconds() - wait) < 30


async def test_a_wait_that_says_nothing_is_replaced_by_the_hub_s_own(row: Street) -> None:
    async def told(way: Way, asked: str) -> list[str]:
        await way.waste.tell(Fault("instead", status=429, headers={"Retry-After": asked}, body="", times=2))
        await way.say()
        await until(lambda: bool(way.orders))
        return [each.event for each in way.attempts[:2]]

    asked = ("-5", "soon", "0", "Thu, 01 Jan 1970 00:00:00 GMT")
    came = await asyncio.gather(*(told(row.way(), each) for each in asked))

    assert came == [["throttled", "throttled"]] * 4


async def test_credentials_that_end_in_a_bulk_stop_the_lane_at_once_and_cost_no_message(row: Street) -> None:
    way = row.way()
    await said(way, 10, references=10)
    await until(lambda: len(way.orders) == 10)
    before = len(way.waste.turns)
    await way.waste.tell(Fault("instead", status=401, body=""))

    async def all_wait() -> bool:
        return (await way.states()).count(State.WAITING) == 30

    await said(way, 30, references=30)
    await until(lambda: any(each.event == "stopped" for each in way.attempts))
    await until(all_wait)
    await asyncio.sleep(2 * REST)
    during, lane = len(way.waste.turns) - before, await way.lane()
    waiting = [each for each in await way.deliveries() if each.state is State.WAITING]
    await way.waste.tell(PASS)
    await way.mended()
    await until(way.all_carried_out)

    assert during <= AT_ONCE, "no storm of sign-ins"
    assert lane.gate is Gate.OPEN and "401" in lane.reason
    assert len(waiting) == 30 and {each.attempts for each in waiting} == {0}
    assert in_order(way)
