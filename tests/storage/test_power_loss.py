"""A power cut at any moment loses nothing that was acknowledged, whatever the disk made of what was not yet synced."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.storage.crash_points import why_not
from tests.storage.power_loss import Step, cuts, recorded

CUTS = int(os.environ.get("HUB_CUTS", "120"))


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> list[Step]:
    if reason := why_not():
        pytest.skip(reason)
    return recorded(tmp_path_factory.mktemp("recorded"))


def test_a_power_cut_at_any_moment_loses_nothing_that_was_acknowledged(story: list[Step], tmp_path: Path) -> None:
    came = cuts(story, CUTS, tmp_path)

    assert len(came) == CUTS
    assert [wrong for wrong in came if wrong] == []


def test_the_log_is_written_back_into_the_book_under_way_so_that_cuts_fall_into_that_too(story: list[Step]) -> None:
    last_said = max(place for place, step in enumerate(story) if step.what == "said")
    kinds = {(step.what, step.file) for step in story[:last_said]}

    assert {("write", "hub.db"), ("sync", "hub.db"), ("write", "hub.db-wal"), ("sync", "hub.db-wal"), ("sync", ".")} <= kinds


def test_on_a_disk_that_only_says_that_it_has_synced_the_same_cuts_do_lose(story: list[Step], tmp_path: Path) -> None:
    came = cuts(story, 30, tmp_path, honest=False)

    assert sum(bool(wrong) for wrong in came) >= 20
