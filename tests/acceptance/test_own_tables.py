"""An authority's own code list stands in for the one of all: for that authority, in both directions, and checked alike."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hub.catalogue import inspect, load_catalogue, prove
from tests.installation import Installation, install

TABLE = "mappings/tables/bin-motives.csv"
OWN = "mappings/tables/ville-b/bin-motives.csv"


@pytest.fixture
def two_towns(tmp_path: Path) -> Installation:
    """What ships, with a second instance of the waste application, which has motive codes of its own."""
    installation = install(tmp_path)
    installation.replace(
        "connectors/waste/connector.yaml", "instances:\n", 'instances:\n  ville-b: {address: "${WASTE_URL}"}\n'
    )
    (installation.root / OWN).parent.mkdir()
    shutil.copyfile(installation.root / TABLE, installation.root / OWN)
    installation.replace(OWN, "lid,couvercle,CASSE", "lid,couvercle,CAPA")
    return installation


def test_each_authority_is_written_and_read_with_its_own_codes(two_towns: Installation) -> None:
    exchange = load_catalogue(two_towns.root).exchange("bin-replacement")
    example = exchange.examples[0].examples[0] if exchange.examples else None
    assert example is not None
    reading = exchange.translation.read("portal", {**example.documents["portal"]})
    record = {**reading.record, "motive": "lid"}

    theirs = exchange.of("ville-b").translation.write("waste", record, reading.files)
    ours = exchange.of("ville-a").translation.write("waste", record, reading.files)
    back = exchange.of("ville-b").translation.read("waste", theirs, direction="out").record

    assert (ours["CodeMotif"], theirs["CodeMotif"]) == ("CASSE", "CAPA")
    assert {name for name in ours if ours[name] != theirs[name]} == {"CodeMotif"}
    assert back["motive"] == "lid"


def test_its_codes_are_proven_like_the_others(two_towns: Installation) -> None:
    catalogue, report = inspect(two_towns.root)
    _, proven = prove(catalogue)
    assert [each for each in (*report.findings, *proven.findings) if each.severity == "error"] == []

    two_towns.replace(OWN, "lid,couvercle,CAPA", "lid,couvercle,CPA")
    wrong = inspect(two_towns.root)[1].findings + prove(inspect(two_towns.root)[0])[1].findings

    assert {each.file for each in wrong if each.severity == "error"} <= {OWN, "mappings/bin-replacement.yaml"}
    assert any(each.severity == "error" for each in wrong)


def test_a_folder_of_nobody_is_said(two_towns: Installation) -> None:
    (two_towns.root / OWN).parent.rename(two_towns.root / "mappings/tables/ville-c")

    [warning] = [each for each in inspect(two_towns.root)[1].findings if "ville-c" in each.file]

    assert "no connector has an instance “ville-c”" in warning.text.en
    assert warning.severity == "warning"
