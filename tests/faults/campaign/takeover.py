"""How soon what a killed node held was taken up: from its death until it is free again, and until its next attempt. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.faults.campaign.evidence import Evidence, Row

MICROSECONDS = 1_000_000
LEASE = 12.0
"""Seconds that a claim is held at least, whatever becomes of its holder."""

Deaths = Mapping[str, Sequence[float]]
"""When each node was killed, by its name, in order."""


@dataclass(frozen=True)
class Takeovers:
    """Seconds from each death to each next attempt, in order, and until each was `freed` (its loss was noted, and whoever
    may claim it can); `held` counts the deaths that left something behind."""

    seconds: Sequence[float]
    freed: Sequence[float]
    held: int

    def facts(self) -> dict[str, Any]:
        """The figures."""
        percentiles = {"p50": 0.50, "p99": 0.99, "max": 1.0}
        return {"takeovers": len(self.seconds)} | {
            f"{what}_{name}_s": round(_at(share, seconds), 1)
            for what, seconds in (("takeover", self.seconds), ("freed", self.freed))
            for name, share in percentiles.items()
        }


def _at(share: float, seconds: Sequence[float]) -> float:
    """The time within which this share of all was over."""
    return seconds[min(len(seconds) - 1, int(share * len(seconds)))] if seconds else 0.0


def takeovers(evidence: Evidence) -> Takeovers:
    """Every delivery that a killed node held."""
    names = {node["boot"]: node for node in evidence.nodes}
    deaths = _deaths(evidence.history)
    lines: dict[str, list[Row]] = defaultdict(list)
    for line in evidence.journal:
        if line["delivery"]:
            lines[line["delivery"]].append(line)
    seconds, freed, dead = [], [], set()
    for own in lines.values():
        for place, line in enumerate(own):
            death = _death_before(line, names, deaths)
            if death is not None:
                dead.add(line["detail"]["holder"])
                after = own[place + 1 :] if line["event"] == "lease-lost" else ()
                seconds.append(max(0.0, _begun(after, line, names, deaths) - death))
                freed.append(line["at"] / MICROSECONDS - death)
    return Takeovers(sorted(seconds), sorted(freed), len(dead))


def _death_before(line: Row, names: Mapping[str, Row], deaths: Deaths) -> float | None:
    """When the node was killed that a line says has lost a delivery; None when it was not killed, but paused or cut off."""
    node = names.get(line["detail"].get("holder", "")) if _is_loss(line) else None
    death = _death_of(node, deaths) if node else None
    return death if death is not None and death <= line["at"] / MICROSECONDS else None


def _deaths(history: Sequence[Row]) -> Deaths:
    """When each node was killed, by its name."""
    deaths: dict[str, list[float]] = defaultdict(list)
    for event in history:
        if event["kind"] == "nemesis" and event["what"] == "kill":
            deaths[event["node"]].append(event["at"])
    return deaths


def _death_of(node: Row, deaths: Deaths) -> float | None:
    """The first death of a node's name after this start of it was last heard of."""
    seen = node["seen_at"] / MICROSECONDS
    return next((at for at in deaths.get(node["name"], ()) if at >= seen - 0.5), None)


def _begun(after: Sequence[Row], lost: Row, names: Mapping[str, Row], deaths: Deaths) -> float:
    """When the next attempt began: its line less the seconds that it took. Of one that was lost too, at the latest when its
    holder died, or, when that lived on, a lease before it was lost. The loss itself when a person settled it, or nobody had
    to."""
    following = next((line for line in after if _is_loss(line) or line["event"] in _attempted(line)), lost)
    ended = following["at"] / MICROSECONDS - float(following["detail"].get("seconds", 0.0))
    if _is_loss(following) and following is not lost:
        died = _death_before(following, names, deaths)
        ended = died if died is not None else ended - LEASE
    return max(ended, lost["at"] / MICROSECONDS)


def _is_loss(line: Row) -> bool:
    """Whether its holder died; once too often, and it is put aside for a person."""
    return bool(line["event"] == "lease-lost" or (line["event"] == "dead" and "token" not in line["detail"]))


def _attempted(line: Row) -> tuple[str, ...]:
    return (line["event"],) if "token" in line["detail"] and line["event"] != "fenced" else ()
