"""What the laws always try, whatever the seed: empty, longest and accented values, every code, no line and one line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hub.contract import Kind, Shape
from hub.translation.generator import generator_for
from hub.translation.scene import ABSENT
from tests.translation.bins import bin_replacement
from tests.translation.one_row import one_row

SEEDS = (1, 2, 3)


def tried(row: str, seed: int) -> list[Any]:
    """Every value of a row in the records that check_laws makes; of a row of a group, in all its lines."""
    records = generator_for(bin_replacement(), seed=seed).records(40)
    group, _, name = row.rpartition(".")
    lines = [line for record in records for line in record[group]] if group else records
    return [line.get(name, ABSENT) for line in lines]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("row", ["comment", "family_name", "complaint", "photos.name"])
def test_a_text_is_tried_accented(row: str, seed: int) -> None:
    assert any(isinstance(value, str) and not value.isascii() for value in tried(row, seed))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("row", "longest"), [("request_number", 20), ("family_name", 40), ("photos.name", 80), ("comment", 300)]
)
def test_a_text_is_tried_at_its_longest(row: str, longest: int, seed: int) -> None:
    lengths = {len(value) for value in tried(row, seed) if isinstance(value, str)}

    assert max(lengths) == longest


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("row", ["comment", "motive", "filed_on", "fee", "urgent", "bins.litres"])
def test_what_may_be_missing_is_tried_empty_and_not_carried(row: str, seed: int) -> None:
    found = tried(row, seed)

    assert None in found
    assert any(value is ABSENT for value in found)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_both_contracts_want_if_only_empty_is_tried_empty_and_is_always_carried(seed: int) -> None:
    wanted = Shape("V", Kind.TEXT, required=True, nullable=True)

    def found(b: Shape) -> list[Any]:
        records = generator_for(one_row("", a=wanted, b=b), seed=seed).records(40)
        return [record.get("value", ABSENT) for record in records]

    assert None in found(wanted)
    assert not any(value is ABSENT for value in found(wanted))
    assert any(value is ABSENT for value in found(replace(wanted, required=False)))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_code_both_truths_and_both_bounds_are_tried(seed: int) -> None:
    assert {"vol", "disparition", "casse"} <= set(tried("motive", seed))
    assert {"om", "tri", "verre"} == set(tried("bins.stream", seed))
    assert {True, False} <= set(tried("urgent", seed))
    assert {1, 20} <= set(tried("residents", seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_group_is_tried_with_no_line_one_and_more(seed: int) -> None:
    for group in ("bins", "photos"):
        lengths = {len(lines) for lines in tried(group, seed)}

        assert {0, 1, 3} <= lengths


@pytest.mark.parametrize("seed", SEEDS)
def test_a_date_is_tried_on_both_sides_of_both_clock_changes(seed: int) -> None:
    moments = [value for value in tried("filed_on", seed) if isinstance(value, str)]

    assert {value[-6:] for value in moments} == {"+01:00", "+02:00"}
    assert {"2026-03-29", "2026-10-25"} <= {value[:10] for value in moments}
