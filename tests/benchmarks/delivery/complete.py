"""The whole benchmark: every section in turn, each contender's runs interleaved with the others', and what came of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TypeVar

from tests.benchmarks.delivery.contender import Contender
from tests.benchmarks.delivery.ground import GROUND, ground, server_pid
from tests.benchmarks.delivery.growth import Grown, grown, ledger_of
from tests.benchmarks.delivery.hub_node import HubContender, town
from tests.benchmarks.delivery.lanes import Paced, at_pace, idle_percent, paced
from tests.benchmarks.delivery.node_red import NodeRed
from tests.benchmarks.delivery.procrastinate_baseline import Baseline
from tests.benchmarks.delivery.raw import Raw
from tests.benchmarks.delivery.shares import held_to
from tests.benchmarks.delivery.trial import Run, Stand
from tests.postgres import Postgres, start_postgres

Result = TypeVar("Result")

SHARE = 0.3
"""Of a core, for each process of the hub where they are held: two leave enough of two cores for everything else."""


@dataclass(frozen=True)
class Form:
    """How long everything is done. Sizes in messages."""

    name: str
    rounds: int
    seconds: float
    process_rounds: int
    paced_rounds: int
    paced_seconds: float
    waiting: int
    small: int
    large: int
    growth_rounds: int
    growth_seconds: float
    searches: int
    idle_seconds: float


SHORT = Form("short", 2, 1.5, 1, 1, 4.0, 1000, 0, 0, 0, 0, 0, 5.0)
LONG = Form("long", 4, 4.0, 3, 3, 15.0, 10_000, 10_000, 1_000_000, 3, 4.0, 300, 20.0)


@dataclass(frozen=True)
class Contest:
    """Runs in rounds: in each round every contender once."""

    runs: Mapping[str, Sequence[Run]]

    def middle(self, contender: str, figure: str) -> float:
        """The median over the rounds."""
        return float(median(getattr(run, figure) for run in self.runs[contender]))

    def ratio(self, contender: str, other: str, figure: str = "completed_per_s") -> float:
        """The median of the rounds' ratios: what slows a whole round down is in both."""
        pairs = zip(self.runs[contender], self.runs[other], strict=True)
        return float(median(getattr(one, figure) / getattr(two, figure) for one, two in pairs))


@dataclass(frozen=True)
class Whole:
    """All that was measured; `growth` has for each database the small and the large ledger."""

    form: Form
    contest: Contest
    processes: Contest
    processes_held: Contest | None
    paced: Paced
    paced_postgresql: Sequence[Run]
    idle_percent: float
    growth: Mapping[str, tuple[Grown, Grown]]


def measured(form: Form) -> Whole:
    """Measure everything. Takes minutes."""
    with Stand() as stand, start_postgres() as postgres:
        bench = _Bench(form, stand, postgres)
        contest, idle, paced_postgresql = _told("side by side", bench.side_by_side)
        processes, processes_held = _told("two processes", bench.processes)
        return Whole(
            form=form,
            contest=contest,
            idle_percent=idle,
            paced_postgresql=paced_postgresql,
            processes=processes,
            processes_held=processes_held,
            paced=_told("50 messages a second", bench.paced),
            growth=_told("growth", bench.growth) if form.large else {},
        )


def _told(section: str, measure: Callable[[], Result]) -> Result:
    print(f"- {section}", file=sys.stderr, flush=True)
    return measure()


@dataclass(frozen=True)
class _Bench:
    form: Form
    stand: Stand
    postgres: Postgres

    @property
    def servers(self) -> tuple[int, ...]:
        return (server_pid(self.postgres),)

    def side_by_side(self) -> tuple[Contest, float, Sequence[Run]]:
        """All contenders are up all the time; one at a time is loaded."""
        with ground() as folder, ExitStack() as stack:
            sqlite, postgresql = (
                self._hub(stack, folder / "sqlite"),
                self._hub(stack, folder / "postgresql", self._database()),
            )
            contenders: dict[str, Contender] = {
                "raw": Raw(self.stand.office_port),
                "rest": sqlite,
                "node-red": self._stopped(stack, NodeRed(folder, GROUND, office=self.stand.office_port)),
                "soap": sqlite.speaking("soap"),
                "postgresql": postgresql,
                "procrastinate": self._stopped(stack, self._baseline(folder)),
            }
            contest = self._contest(contenders, self.form.rounds, self.form.seconds)
            runs = [at_pace(self.stand, postgresql, self.form.paced_seconds) for _ in range(self.form.paced_rounds)]
            return contest, idle_percent(sqlite, self.form.idle_seconds), runs

    def processes(self) -> tuple[Contest, Contest | None]:
        """One process and two, each on its own PostgreSQL database of the same server: as they are, and held to a share of a
        core each."""
        with ground() as folder, ExitStack() as stack:
            contenders = {
                "one": self._hub(stack, folder / "one", self._database()),
                "two": self._hub(stack, folder / "two", self._database(), processes=2),
            }
            rounds, seconds = self.form.process_rounds, self.form.seconds
            free = self._contest(contenders, rounds, seconds)
            pids = [pid for hub in contenders.values() for pid in hub.nodes()]
            with held_to(SHARE, pids) as held:
                return free, self._contest(contenders, rounds, seconds) if held else None

    def paced(self) -> Paced:
        """At 50 messages a second."""
        form = self.form
        with ground() as folder:
            return paced(self.stand, folder, rounds=form.paced_rounds, seconds=form.paced_seconds, waiting=form.waiting)

    def growth(self) -> dict[str, tuple[Grown, Grown]]:
        """The small and the large ledger, on SQLite and then on PostgreSQL."""
        return {"SQLite": self._grown(()), "PostgreSQL": self._grown(self.servers)}

    def _grown(self, servers: tuple[int, ...]) -> tuple[Grown, Grown]:
        form = self.form
        with ground() as folder, ExitStack() as stack:
            small, large = (
                stack.enter_context(
                    ledger_of(
                        self.stand,
                        folder / str(size),
                        size,
                        database=self._database() if servers else "",
                        servers=servers,
                    )
                )
                for size in (form.small, form.large)
            )
            return grown(
                self.stand,
                small,
                large,
                rounds=form.growth_rounds,
                seconds=form.growth_seconds,
                searches=form.searches,
            )

    def _contest(self, contenders: Mapping[str, Contender], rounds: int, seconds: float) -> Contest:
        """Each is warmed up; then every other round goes the other way round."""
        for contender in contenders.values():
            self.stand.trial(contender, seconds=min(2.0, seconds))
        runs: dict[str, list[Run]] = {name: [] for name in contenders}
        for turn in range(rounds):
            for name in list(contenders)[:: 1 if turn % 2 == 0 else -1]:
                runs[name].append(self.stand.trial(contenders[name], seconds=seconds))
        return Contest(runs)

    def _hub(self, stack: ExitStack, folder: Path, database: str = "", *, processes: int = 1) -> HubContender:
        made = town(folder, office=self.stand.office_port, database=database)
        return self._stopped(stack, HubContender(made, servers=self.servers if database else (), processes=processes))

    def _baseline(self, folder: Path) -> Baseline:
        return Baseline(folder, office=self.stand.office_port, database=self._database(), servers=self.servers)

    def _database(self) -> str:
        return self.postgres.new_database()

    @staticmethod
    def _stopped(stack: ExitStack, contender: Stopping) -> Stopping:
        stack.callback(contender.stop)
        return contender


Stopping = TypeVar("Stopping", bound=Contender)
