"""`python -m tests.delivery.simulate --seeds N`: many campaigns under virtual time, on all cores; one JSON line in the end.

Ends with 1 when a seed broke a promise; each that did is named with the command that plays it again alone.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from io import StringIO
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import hub
from hub.catalogue import Catalogue, load_catalogue
from tests.delivery.judge import Broken, judge
from tests.delivery.simulation import simulated
from tests.delivery.swarm import PACES, pace_of
from tests.delivery.virtual import VirtualLoop
from tests.installation import install

PART = 4
"""Seeds that a worker takes at once."""


@dataclass(frozen=True)
class Verdict:
    """One seed: what it broke, what befell it, and how many virtual seconds it took."""

    seed: int
    broken: Sequence[Broken]
    count: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


@cache
def catalogue_of(pace: int) -> Catalogue:
    """What ships, with the waits of a pace; read once a process."""
    with tempfile.TemporaryDirectory() as folder:
        installation = install(Path(folder))
        PACES[pace].edit(installation)
        catalogue = load_catalogue(installation.root)
    gc.freeze()  # what stays for all seeds is searched for garbage after none of them
    return catalogue


def tried(seed: int) -> Verdict:
    """Play a seed and judge it. A campaign that breaks down is a failing one."""
    catalogue, log = catalogue_of(pace_of(seed)), StringIO()
    heard = logging.StreamHandler(log)
    ours = logging.getLogger("hub")
    ours.addHandler(heard)
    ours.propagate = False
    try:
        loop = VirtualLoop()
        # What dead machines were at is dropped as it stands: nothing of it may run, not even to be cancelled.
        loop.set_exception_handler(lambda _loop, _context: None)
        simulation = loop.run_until_complete(simulated(catalogue, seed))
        verdict = Verdict(seed, judge(simulation, log.getvalue()), simulation.totals, loop.time())
        del simulation
        gc.collect()
        loop.close()
        return verdict
    except Exception:
        return Verdict(seed, [Broken("broke down", traceback.format_exc()[-700:])])
    finally:
        ours.removeHandler(heard)
        ours.propagate = True


def tried_all(seeds: Iterable[int]) -> list[Verdict]:
    """Try seeds in turn, without a pause of the collector within one."""
    warnings.filterwarnings("ignore", message="coroutine .* was never awaited")  # what dead machines were at
    gc.disable()
    try:
        return [tried(seed) for seed in seeds]
    finally:
        gc.enable()


def main() -> int:
    """Try the seeds that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m tests.delivery.simulate")
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--until", default="", help="stop at the first seed that breaks this promise")
    parser.add_argument("--hub", type=Path, default=Path.cwd(), help="the folder that the hub must have been read from")
    asked = parser.parse_args()
    if not Path(hub.__file__).resolve().is_relative_to(asked.hub.resolve()):
        parser.error(f"this is the hub of {hub.__file__}")
    seeds = range(asked.first, asked.first + asked.seeds)
    parts = [seeds[start : start + PART] for start in range(0, len(seeds), PART)]
    started, played = time.monotonic(), list[Verdict]()
    with _workers(asked.jobs) as each_of:
        for verdicts in each_of(tried_all, parts):
            played += verdicts
            broken = {each.name for verdict in verdicts for each in verdict.broken}
            _tell(verdicts)
            if asked.until in broken:
                break
    print(json.dumps(_summary(played, seconds=time.monotonic() - started)), flush=True)
    return 1 if any(verdict.broken for verdict in played) else 0


@contextmanager
def _workers(jobs: int) -> Iterator[Any]:
    """A way to do work part by part, in so many processes."""
    if jobs == 1:
        yield map
        return
    with get_context("spawn").Pool(jobs) as pool:
        yield pool.imap_unordered


def _tell(verdicts: Iterable[Verdict]) -> None:
    for verdict in verdicts:
        if verdict.broken:
            print(f"seed {verdict.seed} broke", *(str(each) for each in verdict.broken), sep="\n  ")
            print(f"  again: python -m tests.delivery.simulate --first {verdict.seed} --seeds 1 --jobs 1", flush=True)


def _summary(played: Sequence[Verdict], *, seconds: float) -> dict[str, object]:
    failing = [verdict for verdict in played if verdict.broken]
    total = sum((verdict.count for verdict in played), Counter[str]())
    return {
        "seeds": len(played),
        "failing": len(failing),
        "failing_seeds": sorted(verdict.seed for verdict in failing)[:20],
        "broken": dict(Counter(each.name for verdict in failing for each in verdict.broken)),
        "simulated_hours": round(sum(verdict.seconds for verdict in played) / 3600, 1),
        **{name.replace(" ", "_"): count for name, count in sorted(total.items())},
        "seconds": round(seconds, 1),
        "seeds_per_minute": round(60 * len(played) / seconds),
    }


if __name__ == "__main__":
    sys.exit(main())
