"""What a campaign is to be: how long, how many nodes, on which database, and how hard."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

FULL = 900.0
"""Seconds of a full campaign: what must be seen so often there must be seen in proportion in a shorter one."""


@dataclass(frozen=True)
class Plan:
    """`seconds` of trouble; a SIGKILL each `kill_every` seconds; `rate` messages said a second; `keys` a destination."""

    seconds: float
    nodes: int = 3
    database: Literal["postgresql", "sqlite"] = "postgresql"
    seed: int = 1
    kill_every: float = 1.7
    rate: float = 110.0
    keys: int = 120
    hub_path: str = ""

    @property
    def kills(self) -> int:
        """How many nodes must have been killed by the end."""
        return int(self.seconds / self.kill_every)

    @property
    def scale(self) -> float:
        """This campaign's share of a full one."""
        return min(1.0, self.seconds / FULL)

    def facts(self) -> dict[str, Any]:
        """The plan as JSON, with what must have been seen."""
        held = max(1, int(20 * self.scale))
        return {
            **asdict(self),
            "kills": self.kills,
            "kills_on_a_held_lease": held,
            "of_each_mode": max(1, int(10 * self.scale)),
        }
