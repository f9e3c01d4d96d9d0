"""A planted defect is found as what it is, and words that are not there any more are an error. `make defects` plants all
twenty."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.defects.planted import PLANTED
from tests.defects.planting import Misplanted, copy_of_the_hub, plant, proven, simulated

pytestmark = pytest.mark.timeout(400)

SAMPLE = ("the journal has a gap", "each try has a key of its own")
"""Two that few seeds find: the suite shows that planting and proving work."""


@pytest.mark.parametrize("name", SAMPLE)
def test_a_planted_defect_is_found_as_what_it_is(tmp_path: Path, name: str) -> None:
    [defect] = [each for each in PLANTED if each.name == name]
    copy = copy_of_the_hub(tmp_path)
    plant(defect, copy)

    found = proven(defect, copy)

    assert defect.breaks in found.broken


def test_the_hub_as_it_is_passes_where_a_defect_is_found(tmp_path: Path) -> None:
    assert simulated(copy_of_the_hub(tmp_path), seeds=8).broken == ()


@pytest.mark.parametrize("defect", PLANTED, ids=lambda each: each.name)
def test_every_defect_can_still_be_planted(tmp_path: Path, defect) -> None:
    plant(defect, copy_of_the_hub(tmp_path))


def test_a_defect_whose_words_are_gone_is_an_error(tmp_path: Path) -> None:
    gone = replace(PLANTED[0], old="words that nobody wrote")

    with pytest.raises(Misplanted):
        plant(gone, copy_of_the_hub(tmp_path))


def test_there_are_twenty_of_them_and_each_stands_for_itself() -> None:
    assert len({defect.name for defect in PLANTED}) == len(PLANTED) == 20
