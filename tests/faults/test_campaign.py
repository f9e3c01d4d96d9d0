"""The short form of `make campaign`: real nodes under faults, whose whole evidence the judge looks through."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.campaign.command import campaign
from tests.faults.campaign.judge import Verdict
from tests.faults.campaign.plan import Plan


def unbroken(verdict: Verdict) -> None:
    """Nothing lost, doubled, out of order or untold; and there was something to lose."""
    facts = verdict.facts()
    assert facts["broken"] == [], facts["examples"]
    zeros = ("lost", "doubled", "out_of_order", "false_delivered", "audit_gaps")
    assert {name: facts[name] for name in zeros} == dict.fromkeys(zeros, 0)
    assert facts["accepted"] > 50
    assert facts["kills"] >= 3 and facts["kills_on_a_held_lease"] >= 1
    assert facts["unknown_outcomes"] > 0 and facts["repeats"] > 0


@pytest.mark.timeout(400)
def test_three_nodes_on_postgresql_under_faults_lose_double_and_disorder_nothing(tmp_path: Path) -> None:
    verdict = campaign(Plan(seconds=30, nodes=3, kill_every=3, rate=50, seed=7), tmp_path)

    unbroken(verdict)
    assert verdict.figures["pauses"] and verdict.figures["postgresql_restarts"] and verdict.figures["partitions"]


@pytest.mark.long
@pytest.mark.timeout(300)
def test_one_node_on_sqlite_killed_again_and_again_loses_doubles_and_disorders_nothing(tmp_path: Path) -> None:
    verdict = campaign(Plan(seconds=15, nodes=1, database="sqlite", kill_every=3, rate=50, seed=7), tmp_path)

    unbroken(verdict)
