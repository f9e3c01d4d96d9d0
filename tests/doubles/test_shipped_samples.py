"""Every shipped double loads, and says what is wrong with a sample that does not fit."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hub.doubles import Stage, load_double
from hub.errors import ConfigurationError

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", [folder.name for folder in sorted((ROOT / "connectors").iterdir())])
def test_every_shipped_connector_has_a_double(name):
    assert load_double(ROOT / "connectors" / name, Stage(), root=ROOT).application.name == name


def test_a_missing_sample_is_named(tmp_path):
    folder = tmp_path / "connectors" / "waste"
    shutil.copytree(ROOT / "connectors" / "waste", folder)
    (folder / "samples" / "find_order.yaml").unlink()

    with pytest.raises(ConfigurationError) as caught:
        load_double(folder, Stage())

    assert caught.value.findings[0].file == "connectors/waste/samples/find_order.yaml"


def test_a_sample_with_an_unknown_key_is_refused_with_its_line(tmp_path):
    folder = tmp_path / "connectors" / "waste"
    shutil.copytree(ROOT / "connectors" / "waste", folder)
    file = folder / "samples" / "find_order.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "remebers: {}\n", encoding="utf-8")

    with pytest.raises(ConfigurationError) as caught:
        load_double(folder, Stage())

    assert caught.value.findings[0].line > 1


async def test_a_sample_that_does_not_fit_the_contract_is_a_500_that_says_so(tmp_path, client):
    folder = tmp_path / "connectors" / "finance"
    shutil.copytree(ROOT / "connectors" / "finance", folder)
    sample = "operation: record_service_done\nanswers:\n  - answer: {codeRetour: beaucoup}\n"
    (folder / "samples" / "record_service_done.yaml").write_text(sample, encoding="utf-8")

    async with load_double(folder, Stage(credentials=False)) as finance:
        body = {"nouveauStatut": "SERVICE_FAIT", "dateServiceFait": "29/05/2026", "montantTtcCentimes": 1, "reserve": "N"}
        reply = await client.post(f"{finance.address}/factures/1/service-fait", json=body)

    assert reply.status_code == 500
    assert "sample does not fit" in finance.calls[0].reason
