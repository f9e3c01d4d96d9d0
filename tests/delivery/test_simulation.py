"""Seeds of the simulation, each a whole campaign under virtual time; and what once broke a promise, kept by its seed.

`HUB_SEEDS=n` plays more; `make simulate SEEDS=n` plays many on all cores.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.delivery.simulate import Verdict, tried, tried_all

SEEDS, PARTS = int(os.environ.get("HUB_SEEDS", "20")), 5
RARE = (75, 96)
"""In one seed of fifty somebody settles what is his no more."""
LATER = range(20, 60)
"""More, in the long tests."""


@pytest.fixture(scope="module")
def verdicts() -> list[Verdict]:
    """What was played here so far."""
    return []


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_is_lost_twice_or_out_of_order(part: int, verdicts: list[Verdict]) -> None:
    played = tried_all(range(part, SEEDS, PARTS))
    verdicts += played

    assert [(verdict.seed, [str(each) for each in verdict.broken]) for verdict in played if verdict.broken] == []


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_is_lost_twice_or_out_of_order_in_more_seeds(part: int) -> None:
    played = tried_all(LATER[part::PARTS])

    assert [(verdict.seed, [str(each) for each in verdict.broken]) for verdict in played if verdict.broken] == []


def test_these_seeds_meet_every_fault_that_there_is(verdicts: list[Verdict]) -> None:
    verdicts += tried_all(sorted({*range(SEEDS), *RARE} - {verdict.seed for verdict in verdicts}))
    met = sum((verdict.count for verdict in verdicts), Counter[str]())

    faults = ("kills of a holder", "pauses", "partitions", "outages", "stops", "storms", "clock steps", "at an instant")
    commits = ("commits refused", "commits untold")
    people = ("said again", "refused unlike", "operator refused", "cancelled", "lanes paused", "slots")
    outcomes = ("unanswered", "lease-lost", "fenced", "looked up", "repeated")
    assert {name: met[name] for name in (*faults, *commits, *people, *outcomes) if not met[name]} == {}


def test_a_seed_is_played_twice_alike() -> None:
    first, again = tried(7), tried(7)

    assert (first.seconds, first.count) == (again.seconds, again.count)
