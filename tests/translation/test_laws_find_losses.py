"""`check_laws`: a good mapping keeps every law; each seeded loss is found: row, side, value, and what it became."""

from __future__ import annotations

import time
from typing import Any

import pytest

from hub.translation.laws import LawReport, check_laws
from hub.translation.tables import Table
from tests.translation.bins import MAPPING, MOTIVES, STREAMS, bin_replacement, source_of, tables

LAWS = (
    "comes back whole",
    "same again",
    "sender untouched",
    "private data stays with its line",
    "twice is once",
)


def proven(written: str = MAPPING, **given: Any) -> LawReport:
    return check_laws(bin_replacement(written, **given), source_of(written))


@pytest.mark.parametrize("seed", range(8))
def test_a_good_mapping_keeps_every_law_on_every_seed(seed: int) -> None:
    report = check_laws(bin_replacement(), source_of(), seed=seed)

    assert [finding.text.en for finding in report.findings] == []
    assert tuple(report.tried) == LAWS
    assert all(count >= 30 for count in report.tried.values())
    assert report.records >= 40


@pytest.mark.parametrize(
    ("right", "wrong", "row", "became"),
    [
        (", loses: {waste: what exceeds 60 characters}", "", "comment", "… (300)” on waste came back as “"),
        (", loses: {waste: the time of day}", "", "filed_on", "on waste came back as “2026-"),
        (", loses: {waste: disparition is vol}", "", "motive", "“disparition” on waste came back as “vol”"),
        (
            "portal: nom, waste: Nom",
            "portal: nom, waste: Nom, max: {waste: 12}, loses: {waste: x}",
            "photos.name",
            "two lines",
        ),
        ('    split: {family_name: "[\\\\p{Lu}\' -]+", given_name: "\\\\p{Lu}\\\\p{Ll}.*"}\n', "", "holder", "nothing"),
    ],
)
def test_a_value_that_does_not_come_back_is_found(right: str, wrong: str, row: str, became: str) -> None:
    assert right in MAPPING

    findings = proven(MAPPING.replace(right, wrong, 1)).findings

    hits = [one for one in findings if one.row == row and became in one.text.en]
    assert hits, [(one.row, one.text.en) for one in findings]
    assert hits[0].text.en.startswith("comes back whole")
    assert hits[0].line > 1


def test_a_name_split_at_the_first_blank_is_found() -> None:
    written = MAPPING.replace("[\\\\p{Lu}' -]+", "[^ ]+").replace("\\\\p{Lu}\\\\p{Ll}.*", ".*")

    said = [one.text.en for one in proven(written).findings]

    assert "comes back whole: “DE LA TOUR” on waste came back as “DE”" in said


def test_lines_paired_by_a_row_that_is_not_unique_on_a_side_are_found() -> None:
    streams = Table.parse(STREAMS.replace("verre;VERRE;3", "verre;VERRE;1"), "waste-streams")

    rows = {one.row for one in proven(tables=tables() | {"waste-streams": streams}).findings}

    assert "bins.stream" in rows


def test_a_status_that_is_not_read_back_is_found() -> None:
    motives = Table.parse(MOTIVES.replace("casse,CASSE,P2", "casse,VOL,P2"), "bin-motives")

    findings = proven(tables=tables() | {"bin-motives": motives}).findings

    said = [one.text.en for one in findings if one.row == "motive"]
    assert "comes back whole: “casse” on portal came back as “vol”" in said


def test_a_code_that_cannot_be_written_is_found() -> None:
    motives = Table.parse(MOTIVES.replace("casse,CASSE,P2", "casse,CASSE,"), "bin-motives")

    said = [one.text.en for one in proven(tables=tables() | {"bin-motives": motives}).findings]

    assert any("“casse” has no value on this side" in text for text in said)


def test_a_row_for_which_no_value_can_be_made_is_said() -> None:
    written = MAPPING.replace("OM-\\\\d{7}", "(?<=x)never")

    assert [one.text.en for one in proven(written).findings][:1] == ["no value could be made for “old_bin”"]


def test_the_same_seed_makes_the_same_records_and_takes_well_under_a_second() -> None:
    before = time.process_time()
    reports = [check_laws(bin_replacement(), source_of(), seed=3) for _ in range(2)]

    assert reports[0] == reports[1]
    assert time.process_time() - before < 2
