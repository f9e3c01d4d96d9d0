"""Time limits that share their timers."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from hub.time_limits import TimeLimits
from tests.passing import let_pass

LONG = 60.0
"""Seconds that no machine stands still; they are let pass."""


async def test_what_takes_longer_than_its_limit_is_ended() -> None:
    limits, loop = TimeLimits(), asyncio.get_running_loop()
    begun = loop.time()

    with pytest.raises(TimeoutError), limits.of(LONG):
        loop.call_later(LONG / 2, let_pass, LONG / 2)
        let_pass(LONG / 2)
        await asyncio.sleep(10 * LONG)

    assert 0.99 * LONG < loop.time() - begun < 2 * LONG


async def test_what_ends_in_time_is_left_alone() -> None:
    limits = TimeLimits()

    with limits.of(LONG):
        await asyncio.sleep(0)
    let_pass(LONG)
    await asyncio.sleep(0.05)

    assert not limits._running, "nothing is kept of limits that are over"


async def test_each_of_many_runs_out_at_its_own_time() -> None:
    limits, ended = TimeLimits(), list[str]()

    async def limited(name: str, *, after: float, seconds: float) -> None:
        await asyncio.sleep(after)
        with suppress(TimeoutError), limits.of(seconds):
            await asyncio.sleep(10 * LONG)
        ended.append(name)

    async def passing() -> None:
        while len(ended) < 3:
            let_pass(LONG / 60)
            await asyncio.sleep(0.001)

    await asyncio.gather(
        limited("second", after=LONG, seconds=2 * LONG),
        limited("first", after=0, seconds=2 * LONG),
        limited("third", after=0, seconds=4 * LONG),
        passing(),
    )

    assert ended == ["first", "second", "third"]


async def test_a_task_that_is_cancelled_within_its_limit_is_cancelled() -> None:
    limits = TimeLimits()

    async def limited() -> None:
        with limits.of(LONG):
            await asyncio.sleep(10 * LONG)

    task = asyncio.create_task(limited())
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_task_that_is_cancelled_as_its_limit_runs_out_is_cancelled() -> None:
    limits, loop = TimeLimits(), asyncio.get_running_loop()

    async def limited() -> None:
        with limits.of(LONG):
            loop.call_later(LONG, task.cancel)
            let_pass(LONG)  # both are due in the loop's next turn
            await asyncio.sleep(10 * LONG)

    task = asyncio.create_task(limited())

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_inner_limit_that_runs_out_leaves_the_outer_one_running() -> None:
    limits = TimeLimits()

    with limits.of(3 * LONG):
        with pytest.raises(TimeoutError), limits.of(LONG):
            let_pass(LONG)
            await asyncio.sleep(10 * LONG)
        await asyncio.sleep(0)

    task = asyncio.current_task()
    assert task is not None and not task.cancelling()


async def test_another_error_goes_through_a_limit() -> None:
    with pytest.raises(ValueError), TimeLimits().of(5):
        raise ValueError
