"""One trial: the load generator speaks to a contender, that one to the back office, until all that was accepted is done."""

from __future__ import annotations

import itertools
import json
import tempfile
import time
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from tests.benchmarks.delivery import load
from tests.benchmarks.delivery.contender import Contender
from tests.benchmarks.delivery.processes import child, cpu_us, end, peak_mb
from tests.installation import free_port

NEVER = float("nan")


@dataclass(frozen=True)
class Run:
    """What one trial came to. Rates in messages a second, times in ms, CPU in us a message, memory in MB. `statuses` counts
    the answers by HTTP status, "0" being none."""

    name: str
    accepted: int
    refused: int
    statuses: Mapping[str, int]
    done: int
    doubled: int
    accepted_per_s: float
    completed_per_s: float
    accept_p50_ms: float
    accept_p99_ms: float
    end_to_end_p50_ms: float
    end_to_end_p99_ms: float
    pickup_p50_ms: float
    pickup_p99_ms: float
    cpu_us: float
    server_cpu_us: float
    load_cpu_us: float
    office_cpu_us: float
    peak_mb: float


class Stand:
    """The load generator and the back office, each a process, and the numbers that no two requests share."""

    def __init__(self) -> None:
        self.office_port = free_port()
        self._office = child("back_office", str(self.office_port))
        self._load = child("load")
        self._numbers = itertools.count(1, 10_000_000)
        self._folder = tempfile.TemporaryDirectory(prefix="hub-benchmark-")
        self._times = Path(self._folder.name) / "times"

    def __enter__(self) -> Stand:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None) -> None:
        for process in (self._load, self._office):
            end(process)
        self._folder.cleanup()

    def trial(
        self,
        contender: Contender,
        *,
        seconds: float = 0.0,
        count: int = 0,
        rate: float = 0.0,
        connections: int = 64,
        patience: float = 120.0,
    ) -> Run:
        """Load the contender, wait until all is done, and say what it came to. AssertionError when that takes too long."""
        self._ask("forget")
        before = self._spent(contender)
        answer = self._ordered(contender, seconds=seconds, count=count, rate=rate, connections=connections)
        accepted = _accepted(answer)
        ended_ns = self._drained(contender, accepted, patience)
        spent = [after - was for after, was in zip(self._spent(contender), before, strict=True)]
        triples, pairs = _integers(self._times.read_bytes()), _integers(self._ask("arrivals").content)
        facts = Facts(answer, triples, pairs, ended_ns, spent, peak_mb(contender.roots))
        return run_of(contender.name, facts)

    def pour(self, contender: Contender, *, count: int, connections: int = 64) -> int:
        """Send so many messages and wait for nothing but their receipts; how many were accepted."""
        return _accepted(self._ordered(contender, count=count, connections=connections))

    def numbers(self) -> int:
        """The first of ten million numbers that nobody else is given."""
        return next(self._numbers)

    def _spent(self, contender: Contender) -> list[int]:
        return [cpu_us(contender.roots), cpu_us(contender.servers), cpu_us([self._office.pid])]

    def _ordered(self, contender: Contender, **how: float) -> dict[str, Any]:
        """Have the load generator do it; its answer."""
        headers, first = dict(contender.headers), self.numbers()
        order = load.Order(contender.port, contender.path, headers, first, str(self._times), **how)  # type: ignore[arg-type]
        assert self._load.stdin and self._load.stdout
        self._load.stdin.write(load.line_of(order))
        self._load.stdin.flush()
        answer: dict[str, Any] = json.loads(self._load.stdout.readline())
        return answer

    def _ask(self, what: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.office_port}/-/{what}", trust_env=False, timeout=30)

    def _drained(self, contender: Contender, accepted: int, patience: float) -> int:
        """When (monotonic ns) all that was accepted had come to the back office and the contender had nothing left."""
        until, came = time.monotonic() + patience, 0
        while time.monotonic() < until:
            came = self._ask("count").json()["distinct"]
            if came >= accepted and not contender.left():
                return time.monotonic_ns()
            time.sleep(0.02)
        raise AssertionError(
            f"{contender.name}: {accepted} accepted, {came} came, {contender.left()} left after {patience} s"
        )


@dataclass(frozen=True)
class Facts:
    """What was recorded in a trial: the load generator's answer, its times and those of the back office, CPU in us, MB."""

    answer: Mapping[str, Any]
    triples: array[int]
    pairs: array[int]
    ended_ns: int
    spent: Sequence[int]
    peak_mb: float


def run_of(name: str, facts: Facts) -> Run:
    """The figures that follow from what was recorded."""
    answer, accepted = facts.answer, len(facts.triples) // 3
    due = dict(zip(facts.triples[0::3], facts.triples[1::3], strict=True))
    answered = dict(zip(facts.triples[0::3], facts.triples[2::3], strict=True))
    came: dict[int, int] = {}
    for number, at_ns in zip(facts.pairs[0::2], facts.pairs[1::2], strict=True):
        came.setdefault(number, at_ns)
    accepts = sorted(answered[number] - due[number] for number in due)
    ends = sorted(came[number] - due[number] for number in due if number in came)
    pickups = sorted(max(0, came[number] - answered[number]) for number in due if number in came)
    sending_s = (answer["ended_ns"] - answer["started_ns"]) / 1e9
    each = max(1, accepted)
    return Run(
        name=name,
        accepted=accepted,
        refused=int(answer["sent"]) - accepted,
        statuses=answer["statuses"],
        done=len(ends),
        doubled=len(facts.pairs) // 2 - len(came),
        accepted_per_s=accepted / sending_s,
        completed_per_s=accepted * 1e9 / (facts.ended_ns - answer["started_ns"]),
        accept_p50_ms=percentile(accepts, 50),
        accept_p99_ms=percentile(accepts, 99),
        end_to_end_p50_ms=percentile(ends, 50),
        end_to_end_p99_ms=percentile(ends, 99),
        pickup_p50_ms=percentile(pickups, 50),
        pickup_p99_ms=percentile(pickups, 99),
        cpu_us=facts.spent[0] / each,
        server_cpu_us=facts.spent[1] / each,
        load_cpu_us=answer["cpu_us"] / each,
        office_cpu_us=facts.spent[2] / each,
        peak_mb=facts.peak_mb,
    )


def _accepted(answer: Mapping[str, Any]) -> int:
    return sum(number for status, number in answer["statuses"].items() if 200 <= int(status) < 300)


def percentile(sorted_ns: Sequence[int], of_hundred: int) -> float:
    """In ms; not a number for nothing."""
    if not sorted_ns:
        return NEVER
    return sorted_ns[min(len(sorted_ns) - 1, len(sorted_ns) * of_hundred // 100)] / 1e6


def _integers(data: bytes) -> array[int]:
    found = array("q")
    found.frombytes(data)
    return found
