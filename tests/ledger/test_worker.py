"""The worker over a real ledger: what it is handed at birth, what it is woken for, what it gives back when it stops."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from hub import worker
from hub.facts import replace
from hub.ledger import Claim, Ledger
from hub.lifecycle import LanePolicy
from hub.message import State
from hub.worker import Worker
from tests.ledger.makers import FAILED, LANE, WIDE, a_settlement, accepted, an_acceptance, claimed
from tests.ledger.taker import soon
from tests.stopwatch import Stopwatch


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Sending:
    """A dispatcher that settles what it is given; `held` stops it until it is set. `third`: three attempts have begun."""

    ledger: Ledger
    attempts: list[tuple[Claim, datetime]] = field(default_factory=list)
    fail_first: bool = False
    held: asyncio.Event | None = None
    third: asyncio.Event = field(default_factory=asyncio.Event)

    async def attempt(self, claim: Claim) -> None:
        self.attempts.append((claim, now()))
        if len(self.attempts) == 3:
            self.third.set()
        if self.held:
            await self.held.wait()
        fails = self.fail_first and len(self.attempts) == 1
        await self.ledger.settle(a_settlement(claim, FAILED if fails else None, at=now() - timedelta(seconds=4.5)))


async def _nothing() -> None:
    """The clock is right as it is."""


async def _all() -> bool:
    """Nothing is kept too long."""
    return True


Start = Callable[..., Worker]


@pytest.fixture
async def sending(ledger: Ledger) -> Sending:
    return Sending(ledger)


@pytest.fixture
async def start(ledger: Ledger, sending: Sending, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Start]:
    """Starts workers that look at the ledger only when they are woken, or when something is due."""
    monkeypatch.setattr(worker, "PATIENCE", 600.0)
    monkeypatch.setattr(worker, "LETTING_GO", 60.0)
    workers: list[Worker] = []

    def started(policy: LanePolicy = WIDE) -> Worker:
        workers.append(
            Worker(
                ledger=ledger,
                dispatcher=sending,  # type: ignore[arg-type]
                lanes={LANE: policy},
                clock=now,
                agree=_nothing,
                note_missed=_nothing,
                forget=_all,
            )
        )
        return workers[-1]

    yield started
    for each in workers:
        await each.stop()


async def test_an_idle_worker_sends_in_milliseconds_what_is_accepted(ledger: Ledger, start: Start, sending: Sending) -> None:
    await start().start()
    await asyncio.sleep(0.1)
    took = []

    for number in range(1, 4):
        with Stopwatch() as watch:
            await accepted(ledger, f"R{number}", at=now())
            await soon(lambda count=number: len(sending.attempts) == count)
        took.append(watch.seconds)

    assert min(took) < 2.0
    assert [claim.delivery.token for claim, _ in sending.attempts] == [1, 1, 1]


async def test_a_hand_that_is_more_than_full_takes_up_what_has_expired_only_when_it_is_free(
    ledger: Ledger, start: Start, sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "MOST", 1)
    monkeypatch.setattr(worker, "RENEWAL", 0.05)
    sending.held = asyncio.Event()
    await accepted(ledger, "R1", "R2", at=now())
    claims = await claimed(ledger, at=now())
    late = an_acceptance("R3", at=now())
    expired = tuple(replace(each, due_at=now() + timedelta(hours=1)) for each in late.deliveries)
    await ledger.accept(replace(late, message=replace(late.message, expires_at=now()), deliveries=expired))
    over = start()

    over.take(claims)
    await over.start()
    with pytest.raises(TimeoutError):
        await soon(lambda: len(sending.attempts) > 2, within=1.0)
    sending.held.set()

    await soon(lambda: len(sending.attempts) == 3)


async def test_what_waits_behind_another_goes_as_soon_as_that_one_has_ended(
    ledger: Ledger, start: Start, sending: Sending
) -> None:
    await start().start()

    with Stopwatch() as watch:
        await ledger.accept_all([an_acceptance("R1", at=now()) for _ in range(5)])
        await soon(lambda: len(sending.attempts) == 5)

        assert watch.seconds < 4.0


async def test_what_waits_for_room_in_its_lane_goes_as_soon_as_there_is_room(
    ledger: Ledger, start: Start, sending: Sending
) -> None:
    await start(LanePolicy(at_once=2, per_second=1000)).start()

    with Stopwatch() as watch:
        await ledger.accept_all([an_acceptance(f"R{n}", at=now()) for n in range(20)])
        await soon(lambda: len(sending.attempts) == 20)

        assert watch.seconds < 4.0


async def test_what_waits_for_the_lane_s_bucket_goes_when_it_is_filled(
    ledger: Ledger, start: Start, sending: Sending
) -> None:
    await start(LanePolicy(at_once=10, per_second=4)).start()

    begun = now()
    with Stopwatch() as watch:
        await ledger.accept_all([an_acceptance(f"R{n}", at=now()) for n in range(8)])
        await soon(lambda: len(sending.attempts) == 8)

        assert watch.seconds < 4.0
    assert sending.attempts[-1][1] - begun > timedelta(seconds=0.5)


async def test_a_repeat_that_is_due_later_is_awaited_by_its_time(ledger: Ledger, start: Start, sending: Sending) -> None:
    sending.fail_first = True
    await start().start()

    with Stopwatch() as watch:
        await accepted(ledger, "R1", at=now())
        await soon(lambda: len(sending.attempts) == 2)

        assert watch.seconds < 3.0
    first, again = [at for _, at in sending.attempts]
    assert again - first > timedelta(seconds=0.3)


async def test_what_is_born_leased_while_the_worker_stops_is_given_back(
    ledger: Ledger, start: Start, sending: Sending
) -> None:
    sending.held = asyncio.Event()
    stopped = start()
    await stopped.start()
    accepting = asyncio.create_task(accepted(ledger, *(f"R{n}" for n in range(10)), at=now()))
    async with asyncio.timeout(60):
        await sending.third.wait()

    stopping = asyncio.create_task(stopped.stop())
    await asyncio.sleep(0)
    deliveries = await accepting
    sending.held.set()
    await stopping

    states = {(await ledger.delivery(each)).state for each in deliveries}
    assert states == {State.DELIVERED, State.WAITING}
    begun = {claim.delivery.id for claim, _ in sending.attempts}
    assert {each for each in deliveries if (await ledger.delivery(each)).state is State.WAITING} == set(deliveries) - begun
    waiting = [await ledger.delivery(each) for each in deliveries if each not in begun]
    assert all((each.tries, each.holder) == (0, "") for each in waiting)
