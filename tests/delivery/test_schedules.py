"""Schedules: each slot once, on the nights when the clock changes too, whatever becomes of the node or the application."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.errors import HubError
from hub.scheduler import CronTrigger
from hub.specs.schedule import Schedule
from tests.delivery.applications import failing, listing
from tests.delivery.town import Town, virtual_now
from tests.ledger.makers import NOON

AUTUMN = datetime(2026, 10, 24, 22, tzinfo=UTC)
SPRING = datetime(2026, 3, 28, 22, tzinfo=UTC)
NIGHT = timedelta(hours=6)
HOUR = timedelta(hours=1)


def trigger(cron: str) -> CronTrigger:
    fetch = {"connector": "waste", "operation": "list_changes", "into": "bin-progress"}
    return CronTrigger(Schedule.model_validate({"schedule": "s", "title": "t", "cron": cron, "fetch": fetch}))


def slots(cron: str, since: datetime) -> list[datetime]:
    """Every slot of a night, as the timer meets them."""
    found, moment = [], trigger(cron).after(since)
    while moment < since + NIGHT:
        found.append(moment.astimezone(UTC))
        moment = trigger(cron).after(moment)
    return found


@pytest.mark.parametrize("night", [AUTUMN, SPRING])
@pytest.mark.parametrize(("cron", "runs"), [("30 2 * * *", 1), ("*/30 * * * *", 11), ("0 4 * * *", 1)])
def test_each_slot_of_a_night_is_its_own_when_it_is_met(cron: str, runs: int, night: datetime) -> None:
    met = slots(cron, night)

    taken = [trigger(cron).slot(moment).astimezone(UTC) for moment in met]

    assert len(met) == runs
    assert taken == met


@pytest.mark.parametrize("off", [-3.0, -0.002, 0.002, 3.0])
def test_a_timer_that_is_a_little_before_or_behind_the_ledger_s_clock_meets_the_same_slot(off: float) -> None:
    slot = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)

    assert trigger("*/15 * * * *").slot(slot + timedelta(seconds=off)) == slot


# -- runs -------------------------------------------------------------------------------------------------------------

NAME = "waste-progress"


async def test_a_run_that_a_stop_cut_short_is_made_at_the_next_start_and_only_then(town: Town) -> None:
    node = await town.node()
    slot = NOON - timedelta(hours=1)
    await node.ledger.begin_fire(NAME, slot, now=virtual_now())
    await asyncio.sleep(10)

    again = await town.node()
    started = virtual_now()
    won = [await again.ledger.begin_fire(NAME, slot, now=virtual_now(), abandoned_before=started) for _ in range(2)]
    elsewhere = await (await town.node("node-2")).ledger.begin_fire(
        NAME, slot, now=virtual_now(), abandoned_before=virtual_now()
    )

    assert won == [True, False]
    assert not elsewhere, "node-1 lives, and is at it"


async def test_a_run_that_ended_is_not_made_again_at_the_next_start(town: Town) -> None:
    node = await town.node()
    await node.ledger.begin_fire(NAME, NOON, now=virtual_now())
    await node.ledger.end_fire(NAME, NOON, now=virtual_now(), items=3)
    await asyncio.sleep(10)

    assert not await node.ledger.begin_fire(NAME, NOON, now=virtual_now(), abandoned_before=virtual_now())


async def test_a_fetch_that_fails_leaves_the_cursor_and_says_why(town: Town) -> None:
    node = await town.node()
    town.applications.changes = [failing(500)]

    with pytest.raises(HubError):
        await node.scheduler.fetch_now(NAME)
    [failed] = await node.ledger.fires(NAME)
    first = await node.ledger.cursor(NAME)
    await node.scheduler.fetch_now(NAME)

    assert "500" in failed.error and failed.ended_at
    assert first is None
    assert await node.ledger.cursor(NAME) is not None


async def test_an_item_that_is_refused_is_said_in_the_run_and_the_others_are_taken(town: Town) -> None:
    node = await town.node()
    town.applications.changes = [listing(("D-1", "I-1", "03"), ("D-2", "I-1", "03"))]

    items = await node.scheduler.fetch_now(NAME)

    [run] = await node.ledger.fires(NAME)
    assert items == 2 and "1" in run.error
    assert len(await town.found("bin-progress")) == 1


@pytest.mark.parametrize(("missed", "made"), [("all", [-30, -15, 0]), ("once", [0]), ("skip", [])])
async def test_of_the_slots_that_a_stop_missed_the_schedule_says_which_are_made_up_for(
    town: Town, missed: str, made: list[int]
) -> None:
    shipped = town.catalogue.schedules[NAME].model_copy(update={"missed": missed, "jitter": timedelta(0)})
    town.catalogue = replace(town.catalogue, schedules={NAME: shipped})
    node = await town.node()
    noon = NOON.replace(microsecond=0)
    taken = noon - timedelta(minutes=45)
    await node.ledger.begin_fire(NAME, taken, now=taken)
    await node.ledger.end_fire(NAME, taken, now=taken, items=0)

    with time_machine.travel(noon + timedelta(minutes=1), tick=False):  # no slot comes meanwhile by the machine's clock
        await node.scheduler.start()
        await asyncio.sleep(5)
        await node.scheduler.stop()

    runs = await node.ledger.fires(NAME)
    assert [run.slot for run in reversed(runs)][1:] == [noon + timedelta(minutes=each) for each in made]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(days=st.integers(0, 366 * 60), cron=st.sampled_from(["30 2 * * *", "0 0 29 2 *", "0 12 31 12 *", "15 3 * * mon"]))
def test_slots_go_forward_through_leap_days_year_ends_and_2038(days: int, cron: str) -> None:
    since = datetime(2019, 12, 30, tzinfo=UTC) + timedelta(days=days)

    first = trigger(cron).after(since)
    second = trigger(cron).after(first)

    assert since < first < second
    minute, hour, day, month, weekday = cron.split()
    assert (first.minute, first.hour) == (int(minute), int(hour)) or first.utcoffset() != (first - HOUR).utcoffset()
    assert day == "*" or (first.day, first.month) == (int(day), int(month))
    assert weekday == "*" or first.weekday() == 0
    assert trigger(cron).slot(first) == first


async def test_two_runs_of_a_schedule_are_never_made_at_the_same_time(town: Town) -> None:
    node = await town.node()
    town.applications.changes = [listing(delay=5), listing(delay=5)]

    await asyncio.gather(node.scheduler.fetch_now(NAME), node.scheduler.fetch_now(NAME))

    assert town.applications.most_at_once == 1


async def test_a_list_that_brings_many_again_is_taken_whole(town: Town) -> None:
    node = await town.node()
    many = [(f"D-{number}", f"I-{number}", "03") for number in range(2_100)]
    town.applications.changes = [listing(*many), listing(*many)]

    taken = [await node.scheduler.fetch_now(NAME) for _ in range(2)]

    assert taken == [2_100, 2_100]
    [run, _] = await node.ledger.fires(NAME)
    assert run.error == ""


async def test_what_changed_in_the_hour_that_comes_twice_is_asked_for(town: Town) -> None:
    before_the_change, after_it = datetime(2026, 10, 25, 0, 50, tzinfo=UTC), datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    moments = iter([before_the_change] * 4 + [after_it] * 4)
    node = await town.node(clock=lambda: next(moments, after_it))
    await node.scheduler.fetch_now(NAME)

    await node.scheduler.fetch_now(NAME)

    asked = [datetime.strptime(since, "%d/%m/%Y %H:%M:%S") for since in town.applications.since]  # noqa: DTZ007
    assert asked[-1] <= datetime(2026, 10, 25, 2, 0), "02:02 after the change reads as before 02:45"  # noqa: DTZ001
