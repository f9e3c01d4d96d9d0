"""The delivery benchmark runs end to end with the hub, and has its figures. How fast the hub is, `make benchmark` says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.benchmarks.delivery.complete import SHORT, Contest, Whole
from tests.benchmarks.delivery.filling import fill
from tests.benchmarks.delivery.growth import Grown, Ledger, search
from tests.benchmarks.delivery.hub_node import HubContender, town
from tests.benchmarks.delivery.lanes import Paced
from tests.benchmarks.delivery.raw import Raw
from tests.benchmarks.delivery.report import figures
from tests.benchmarks.delivery.request import BODY, body_of, number_in
from tests.benchmarks.delivery.trial import Run, Stand

pytestmark = pytest.mark.long

CONTENDERS = ("raw", "rest", "soap", "postgresql", "node-red", "procrastinate")


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    with Stand() as made:
        yield made


@pytest.fixture(scope="module")
def hub(stand: Stand, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubContender]:
    made = HubContender(town(tmp_path_factory.mktemp("hub"), office=stand.office_port))
    yield made
    made.stop()


def test_requests_differ_by_their_reference_alone() -> None:
    one, other = body_of(7), body_of(1234567890)

    assert len(one) == len(other) == len(BODY)
    assert (number_in(one), number_in(other)) == (7, 1234567890)


def test_a_trial_delivers_every_message_once_and_counts_what_it_cost(stand: Stand, hub: HubContender) -> None:
    rest = stand.trial(hub, count=40, connections=8)
    soap = stand.trial(hub.speaking("soap"), count=40, connections=8)

    for run in (rest, soap):
        assert (run.accepted, run.refused, run.done, run.doubled) == (40, 0, 40, 0)
        assert run.completed_per_s > 0
        assert run.accept_p99_ms >= run.accept_p50_ms > 0
        assert run.cpu_us > 0
        assert run.peak_mb > 10


def test_an_open_loop_keeps_its_pace(stand: Stand) -> None:
    run = stand.trial(Raw(stand.office_port), count=40, rate=100, connections=4)

    assert run.done == 40
    assert run.accepted_per_s < 110, "a closed loop does thousands"


def test_a_filled_ledger_is_searched_and_goes_on(stand: Stand, hub: HubContender) -> None:
    hub.stop()
    first = stand.numbers()
    added = fill(f"sqlite:///{hub.installation.root / 'hub.db'}", to=800, first=first)
    hub.start()

    assert added >= 600
    assert len(search(Ledger(hub, first, added, 0.0), 10)) == 10
    assert stand.trial(hub, count=10, connections=2).done == 10


def test_every_figure_has_its_name() -> None:
    runs = [_run(completed_per_s=speed) for speed in (100.0, 300.0, 200.0)]
    twice = [_run(completed_per_s=2 * run.completed_per_s) for run in runs]
    one_less = replace(runs[0], refused=1, statuses={"202": 9, "503": 1})
    contest = Contest({name: twice if name == "rest" else runs for name in CONTENDERS} | {"raw": [one_less]})
    small, large = (Grown("SQLite", messages, 1.0, runs, [1.0, 2.0]) for messages in (10, 1000))
    whole = Whole(
        form=replace(SHORT, large=1000),
        contest=contest,
        processes=Contest({"one": runs, "two": runs}),
        processes_held=Contest({"one": runs, "two": twice}),
        paced=Paced(runs, runs, 10_000),
        paced_postgresql=runs,
        idle_percent=0.5,
        growth={"SQLite": (small, large), "PostgreSQL": (small, large)},
    )

    found = figures(whole)

    assert found["delivered_per_s"] == 400
    assert found["to_node_red"] == found["to_procrastinate"] == found["two_processes"] == 2
    assert found["postgresql_to_sqlite"] == found["soap_to_rest"] == 0.5
    assert found["growth_1m"] == found["growth_1m_postgresql"] == found["dead_lane_p99_ratio"] == 1
    assert found["search_p99_ms"] == 2
    assert (found["refused"], found["refused_by"]) == (1, "one: 503")
    assert None not in found.values()


def _run(*, completed_per_s: float) -> Run:
    times = dict.fromkeys(("accept", "end_to_end", "pickup"), 5.0)
    percentiles = {f"{name}_p{of}_ms": value for name, value in times.items() for of in (50, 99)}
    costs = {"cpu_us": 500.0, "server_cpu_us": 0.0, "load_cpu_us": 10.0, "office_cpu_us": 10.0, "peak_mb": 100.0}
    counts = {"accepted": 10, "refused": 0, "done": 10, "doubled": 0, "statuses": {"202": 10}}
    return Run(name="one", accepted_per_s=1000.0, completed_per_s=completed_per_s, **counts, **percentiles, **costs)
