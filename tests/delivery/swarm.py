"""Which faults one simulated campaign meets, and how strong each is: drawn by its seed, so that rare mixtures come too."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

from tests.installation import Installation

LEASE = 12.0


@dataclass(frozen=True)
class Pace:
    """The time limit of the waste application's calls, and for how many seconds clocks may be off at most with it."""

    timeout: float
    skew: float

    def edit(self, installation: Installation) -> None:
        """Small waits, and a slot of the schedule each minute: the rules stay the same."""
        waits = {"waits": ["1s", "3s"], "within": "96h"}
        breaker = {"failures": "5", "within": "2m", "rest": "3s"}
        limits = {"at_once": "4", "per_second": "50"}
        quick = {"retry": waits, "breaker": breaker, "limits": limits}
        installation.edit("connectors/waste/connector.yaml", **quick, timeout=f"{self.timeout:.0f}s")
        installation.edit("connectors/portal/connector.yaml", **quick, timeout="4s")
        installation.edit("schedules/waste-progress.yaml", cron="* * * * *", jitter="0s")


PACES = (Pace(2, 0.2), Pace(8, 3.0), Pace(20, 1.0))
"""Short calls; short calls under clocks that are wrong by far; calls that outlast a lease."""


@dataclass(frozen=True)
class Swarm:
    """The faults of one campaign. Those named after a thing done to a node are the mean of the seconds between two of them
    (0: never); `refused`, `untold` (commits), `instant` (what strikes a node in the moment of a commit or a call), `cut`,
    `carried_out_and_cut`, `late`, `slow`, `down`, `failing`, `throttled` (calls), `repeated`, `unlike`, `poison`
    (requests) are shares of 1; `trouble` lasts so many seconds."""

    pace: int
    nodes: int
    trouble: float
    kill: float
    pause: float
    stop: float
    blind: float
    outage: float
    step: float
    storm: float
    hold: float
    refused: float
    untold: float
    instant: float
    cut: float
    carried_out_and_cut: float
    late: float
    slow: float
    down: float
    failing: float
    throttled: float
    repeated: float
    unlike: float
    poison: float
    operator: bool
    schedules: bool

    @property
    def skew(self) -> float:
        return PACES[self.pace].skew

    @property
    def longest(self) -> float:
        """Seconds for which the application may be at work: its time limit, less what two clocks may be apart."""
        return PACES[self.pace].timeout - 2 * self.skew - 0.1

    @classmethod
    def drawn(cls, chance: random.Random) -> Swarm:
        """Any swarm: of each fault none in half of them, else a little or much."""

        def share(most: float) -> float:
            return chance.choice((0.0, 0.0, most / 4, most))

        def every(least: float) -> float:
            return chance.choice((0.0, 0.0, least, 3 * least))

        drawn = cls(
            pace=chance.choice((0, 0, 1, 2)),
            nodes=chance.choice((1, 2, 2, 3)),
            trouble=chance.uniform(8, 30),
            kill=every(4.0),
            pause=every(8.0),
            stop=every(12.0),
            blind=every(6.0),
            outage=every(10.0),
            step=every(4.0),
            storm=every(8.0),
            hold=every(8.0),
            refused=share(0.04),
            untold=share(0.04),
            instant=share(0.08),
            cut=share(0.25),
            carried_out_and_cut=share(0.25),
            late=share(0.2),
            slow=share(0.5),
            down=share(0.25),
            failing=share(0.25),
            throttled=share(0.1),
            repeated=share(0.4),
            unlike=share(0.3),
            poison=share(0.2),
            operator=chance.random() < 0.5,
            schedules=chance.random() < 0.3,
        )
        return replace(drawn, **WELL) if chance.random() < 0.1 else drawn


WELL: dict[str, Any] = {"pace": 2, "nodes": 2, "slow": 0.5, "schedules": False, "operator": False}
WELL |= dict.fromkeys(("kill", "pause", "stop", "blind", "outage", "refused", "untold", "instant"), 0.0)
"""Nothing befalls the nodes, and calls outlast a lease: it must be renewed."""


def pace_of(seed: int) -> int:
    """The pace of a seed's campaign."""
    return Swarm.drawn(random.Random(seed)).pace
