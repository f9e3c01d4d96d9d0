"""A sample of the mutants of every shipped mapping is found by `hub check`; `make mutants` holds all of them against it."""

from __future__ import annotations

from pathlib import Path
from random import Random

from hub.catalogue import inspect, prove
from tests.installation import Installation, install
from tests.translation.mutations import WANTED, House, scores, total

ROOT = Path(__file__).parents[2]
SAMPLE = 200
HELD = 4


def test_more_than_95_in_100_slips_are_found() -> None:
    house = House(ROOT)
    sample = Random(7).sample(list(house.mutants()), SAMPLE)

    found = total(scores(house, iter(sample)))

    assert sum(found.counts.values()) == SAMPLE
    assert found.counts["equivalent"] < SAMPLE / 4
    assert found.killed > WANTED, "\n".join(found.away)


def test_what_ships_is_no_mutant() -> None:
    house = House(ROOT)

    assert house.findings_of(house.drafts, house.tables, set(house.drafts)) == ()


def test_the_verdict_is_that_of_hub_check(tmp_path: Path) -> None:
    installation = install(tmp_path)
    house = House(installation.root)

    for _, mutant in Random(11).sample(list(house.mutants()), HELD):
        verdict = house.verdict(mutant)

        assert (verdict == "killed") == _is_refused(installation, mutant.file, mutant.text), f"{mutant.file}: {mutant.what}"


def _is_refused(installation: Installation, file: str, text: str) -> bool:
    path = installation.root / file
    good = path.read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    catalogue, read = inspect(installation.root)
    _, proven = prove(catalogue)
    path.write_text(good, encoding="utf-8")
    return bool(read.errors or proven.errors)
