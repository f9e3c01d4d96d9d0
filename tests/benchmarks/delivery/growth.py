"""What becomes of rates and searches as the ledger grows: the same load on a small and on a large ledger, in turn."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx

from tests.benchmarks.delivery.filling import fill
from tests.benchmarks.delivery.hub_node import HubContender, town
from tests.benchmarks.delivery.request import reference_of
from tests.benchmarks.delivery.trial import Run, Stand

PATTERNS = 100
"""Messages that a node handles before it is stopped, for the copies to be made of."""


@dataclass(frozen=True)
class Grown:
    """A ledger of so many messages: runs on it, and how long searches by reference took (ms, each of the way over HTTP)."""

    database: str
    messages: int
    fill_s: float
    runs: list[Run]
    searches_ms: list[float]

    def completed_per_s(self) -> float:
        return median(run.completed_per_s for run in self.runs)

    def search_p99_ms(self) -> float:
        return sorted(self.searches_ms)[len(self.searches_ms) * 99 // 100]


@dataclass(frozen=True)
class Ledger:
    """A node on a ledger that has grown, and the numbers of the references in it."""

    hub: HubContender
    first: int
    messages: int
    fill_s: float


def grown(stand: Stand, small: Ledger, large: Ledger, *, rounds: int, seconds: float, searches: int) -> tuple[Grown, Grown]:
    """Load and search both in turn."""
    runs: dict[int, list[Run]] = {small.messages: [], large.messages: []}
    found: dict[int, list[float]] = {small.messages: [], large.messages: []}
    for turn in range(rounds):
        for ledger in (small, large) if turn % 2 == 0 else (large, small):
            runs[ledger.messages].append(stand.trial(ledger.hub, seconds=seconds))
            found[ledger.messages] += search(ledger, searches)
    first, second = (
        Grown(_database(each), each.messages, each.fill_s, runs[each.messages], found[each.messages])
        for each in (small, large)
    )
    return first, second


def search(ledger: Ledger, times: int) -> list[float]:
    """How many ms each search by a reference took, as the console and the command line ask it."""
    chance, taken = random.Random(ledger.messages), []
    headers = {"Authorization": f"Bearer {ledger.hub.installation.admin_key}"}
    with httpx.Client(base_url=ledger.hub.node.url, headers=headers, trust_env=False, timeout=30) as client:
        for _ in range(times):
            reference = reference_of(ledger.first + chance.randrange(ledger.messages - PATTERNS))
            begin = time.perf_counter()
            reply = client.get("/admin/api/messages", params={"reference": reference})
            taken.append((time.perf_counter() - begin) * 1000)
            messages = reply.json()["messages"]
            assert [each["reference"] for each in messages] == [reference], f"{reference}: {reply.text}"
    return taken


@contextmanager
def ledger_of(
    stand: Stand, folder: Path, messages: int, *, database: str = "", servers: tuple[int, ...] = ()
) -> Iterator[Ledger]:
    """A running node on a ledger of so many messages."""
    made = town(folder, office=stand.office_port, database=database)
    with ExitStack() as stack:
        hub = HubContender(made, servers=servers)
        stack.callback(hub.stop)
        stand.trial(hub, count=PATTERNS)
        hub.stop()
        first, begin = stand.numbers(), time.monotonic()
        added = fill(database or f"sqlite:///{made.root / 'hub.db'}", to=messages, first=first)
        fill_s = time.monotonic() - begin
        hub.start()
        stand.trial(hub, seconds=1)
        yield Ledger(hub, first, added + PATTERNS, fill_s)


def _database(ledger: Ledger) -> str:
    return "PostgreSQL" if ledger.hub.servers else "SQLite"
