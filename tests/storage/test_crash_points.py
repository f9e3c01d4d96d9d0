"""A sample of the places where a process can be broken off or its disk can fail; `make crash-points` tries them all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.storage.crash_points import FAILURES, PHASES, Point, Stage, sample, summary, sweep, why_not

pytestmark = pytest.mark.timeout(400)

POINTS = 16


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    if reason := why_not():
        pytest.skip(reason)
    yield Stage(tmp_path_factory.mktemp("crash-points"))


def of(stage: Stage, phase: str, failure: str, call: str) -> list[Point]:
    return [each for each in stage.points([phase]) if (each.failure, each.call) == (failure, call)]


def test_a_sample_of_all_points_leaves_a_whole_book_with_all_that_was_acknowledged(stage: Stage) -> None:
    points = sample(stage.points(), POINTS)

    tried = sweep(stage, points)

    assert len(tried) >= POINTS - 4, "n is counted on a run that batched otherwise: some points are not met"
    assert [each for each in tried if each.wrong] == []
    assert {each.phase for each in points} == set(PHASES) and {each.failure for each in points} == set(FAILURES)


def test_a_kill_before_the_commit_of_an_intake_keeps_nothing_and_said_again_it_is_one_message(stage: Stage) -> None:
    tried = sweep(stage, of(stage, "intake", "signal=KILL", "pwrite64")[30:32])

    assert [each.wrong for each in tried] == [(), ()]
    assert all(each.undone for each in tried)


def test_a_kill_between_the_commit_and_the_answer_keeps_the_message_and_said_again_it_has_the_first_receipt(
    stage: Stage,
) -> None:
    tried = sweep(stage, of(stage, "intake", "signal=KILL", "write")[-1:])

    assert [each.wrong for each in tried] == [()]
    assert tried[0].kept == 1


def test_a_kill_after_the_call_and_before_its_settlement_leaves_it_in_doubt_and_never_to_be_sent_blindly(
    stage: Stage,
) -> None:
    tried = sweep(stage, of(stage, "settle", "signal=KILL", "fdatasync")[1:4])

    assert [each.wrong for each in tried] == [(), (), ()]


def test_a_sync_that_fails_is_reported_as_a_failure_and_the_process_ends(stage: Stage) -> None:
    tried = sweep(stage, of(stage, "intake", "error=EIO", "fdatasync"))

    assert tried and all(not each.wrong for each in tried)
    assert summary(tried)["passed"] == len(tried)
