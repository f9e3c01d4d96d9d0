"""The command line: the whole benchmark (see `complete`), or one contender alone while one works on it."""

from __future__ import annotations

import argparse
import json
import time
from contextlib import ExitStack
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.delivery.complete import LONG, SHORT, measured
from tests.benchmarks.delivery.contender import Contender
from tests.benchmarks.delivery.ground import GROUND, ground, server_pid
from tests.benchmarks.delivery.hub_node import HubContender, town
from tests.benchmarks.delivery.node_red import NodeRed
from tests.benchmarks.delivery.procrastinate_baseline import Baseline
from tests.benchmarks.delivery.raw import Raw
from tests.benchmarks.delivery.report import Figures, figures, page
from tests.benchmarks.delivery.trial import Run, Stand
from tests.installation import REPOSITORY
from tests.postgres import start_postgres

PAGE = REPOSITORY / "docs" / "reference" / "performance.md"
ONLY = ("rest", "soap", "postgresql", "postgresql-soap", "raw", "node-red", "procrastinate")


def main() -> None:
    """Measure what was asked for; the last line is one JSON object."""
    asked = _arguments()
    found = _alone(asked) if asked.only else _whole(asked)
    print(json.dumps(found))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.delivery", description=__doc__)
    parser.add_argument("--short", action="store_true", help="two minutes, without the growing ledger")
    parser.add_argument("--millions", type=float, default=1.0, help="how many million messages the large ledger has")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page to write")
    parser.add_argument(
        "--python", type=_other_python, default="", help="the Python that was chosen for .venv, for the page"
    )
    parser.add_argument("--only", choices=ONLY, help="one contender; what follows is for it")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long requests are sent")
    parser.add_argument("--rate", type=float, default=0.0, help="requests a second; 0: as fast as they are answered")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--patience", type=float, default=120.0, help="seconds until what is not delivered is a failure")
    parser.add_argument("--profile", type=Path, help="a folder for cProfile's tables, one a thread; all is slower")
    return parser.parse_args()


def _other_python(name: str) -> str:
    return "" if name == "python3" else name


def _whole(asked: argparse.Namespace) -> Figures:
    """Everything, written as a page."""
    began, start = datetime.now(UTC), time.monotonic()
    form = SHORT if asked.short else replace(LONG, large=int(asked.millions * 1_000_000))
    command = "make benchmark" + (f" PYTHON={asked.python}" if asked.python else "") + (" SHORT=1" if asked.short else "")
    whole = measured(form)
    text = page(whole, began=began, command=command, seconds=time.monotonic() - start)
    asked.page.write_text(text, encoding="utf-8")
    print(text)
    return figures(whole)


def _alone(asked: argparse.Namespace) -> Figures:
    """One contender."""
    with ExitStack() as stack:
        stand = stack.enter_context(Stand())
        contender = started(asked.only, stand, stack, profile=asked.profile)
        how = {"seconds": asked.seconds, "rate": asked.rate, "patience": asked.patience}
        for _ in range(asked.repeat):
            run = stand.trial(contender, connections=asked.connections, **how)
            print(shown(run), flush=True)
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in asdict(run).items()}


def started(only: str, stand: Stand, stack: ExitStack, *, profile: Path | None = None) -> Contender:
    """The contender of that name, running; it ends with the stack."""
    if only == "raw":
        return Raw(stand.office_port)
    folder = stack.enter_context(ground())
    if only == "node-red":
        red = NodeRed(folder, GROUND, office=stand.office_port)
        stack.callback(red.stop)
        return red
    database, servers = "", tuple[int, ...]()
    if only.startswith(("postgresql", "procrastinate")):
        postgres = stack.enter_context(start_postgres())
        database, servers = postgres.new_database(), (server_pid(postgres),)
    if only == "procrastinate":
        baseline = Baseline(folder, office=stand.office_port, database=database, servers=servers)
        stack.callback(baseline.stop)
        return baseline
    if profile:
        profile.mkdir(parents=True, exist_ok=True)
    made = town(folder, office=stand.office_port, database=database)
    way = "soap" if only.endswith("soap") else "rest"
    hub = HubContender(made, way=way, name=f"hub, {only}", servers=servers, profile=profile and profile.absolute())
    stack.callback(hub.stop)
    return hub


def shown(run: Run) -> str:
    """A run on one line."""
    return (
        f"{run.name}: accepted {run.accepted_per_s:.0f}/s, completed {run.completed_per_s:.0f}/s "
        f"({run.accepted} accepted, answers {run.statuses}, {run.done} done, {run.doubled} doubled); "
        f"accept p50 {run.accept_p50_ms:.1f} p99 {run.accept_p99_ms:.1f} ms, "
        f"end to end p50 {run.end_to_end_p50_ms:.1f} p99 {run.end_to_end_p99_ms:.1f} ms, "
        f"pick-up p50 {run.pickup_p50_ms:.1f} p99 {run.pickup_p99_ms:.1f} ms; "
        f"CPU {run.cpu_us:.0f} us a message (database server {run.server_cpu_us:.0f}, load {run.load_cpu_us:.0f}, "
        f"back office {run.office_cpu_us:.0f}); peak {run.peak_mb:.0f} MB"
    )
