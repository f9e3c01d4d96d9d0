"""At a citizen's pace: pick-up and accept times at 50 messages a second, beside a dead application; and an idle hub."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.benchmarks.delivery.hub_node import HubContender, town
from tests.benchmarks.delivery.processes import cpu_us
from tests.benchmarks.delivery.trial import Run, Stand

RATE = 50.0
"""Messages a second."""

NOBODY = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Paced:
    """Runs at that pace of a hub with nothing else to do, and of one where so many messages wait for a dead application."""

    free: Sequence[Run]
    beside_dead: Sequence[Run]
    waiting: int

    def p99_ratio(self) -> float:
        """How much longer the slowest hundredth takes, end to end, beside the dead lane."""
        with_dead, without = (median(run.end_to_end_p99_ms for run in runs) for runs in (self.beside_dead, self.free))
        return with_dead / without


def paced(stand: Stand, folder: Path, *, rounds: int, seconds: float, waiting: int) -> Paced:
    """Two nodes, each on its own ledger, one of them with the dead application; loaded in turn."""
    free = HubContender(town(folder / "free", office=stand.office_port), name="hub, nothing waiting")
    try:
        beside = _beside_dead(stand, folder / "dead", waiting)
        try:
            return _in_turn(stand, free, beside, rounds=rounds, seconds=seconds)
        finally:
            beside.stop()
    finally:
        free.stop()


def _beside_dead(stand: Stand, folder: Path, waiting: int) -> HubContender:
    """A node whose SOAP application does not answer, with so many messages accepted for it."""
    made = town(folder, office=stand.office_port)
    made.environment["WASTE_URL"] = NOBODY
    hub = HubContender(made, name=f"hub, {waiting} waiting for a dead application")
    try:
        accepted = stand.pour(hub.speaking("soap"), count=waiting)
        assert accepted == waiting, f"{accepted} of {waiting} were accepted for the dead application"
    except BaseException:
        hub.stop()
        raise
    hub.resting = waiting
    return hub


def _in_turn(stand: Stand, free: HubContender, beside: HubContender, *, rounds: int, seconds: float) -> Paced:
    for hub in (free, beside):
        stand.trial(hub, seconds=1, connections=8)
    runs: dict[str, list[Run]] = {free.name: [], beside.name: []}
    for turn in range(rounds):
        for hub in (free, beside) if turn % 2 == 0 else (beside, free):
            runs[hub.name].append(at_pace(stand, hub, seconds))
    return Paced(runs[free.name], runs[beside.name], beside.left() + beside.resting)


def at_pace(stand: Stand, hub: HubContender, seconds: float) -> Run:
    """One trial at that pace."""
    return stand.trial(hub, seconds=seconds, rate=RATE, connections=16)


def idle_percent(hub: HubContender, seconds: float) -> float:
    """The CPU of one core that a hub without work takes, in percent."""
    before, begin = cpu_us(hub.roots), time.monotonic()
    time.sleep(seconds)
    return (cpu_us(hub.roots) - before) / (time.monotonic() - begin) / 10_000
