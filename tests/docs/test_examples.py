"""The YAML that the pages show is YAML that the hub takes."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from hub.specs.connector import Connector
from hub.specs.layout import Layout
from hub.specs.load import load
from hub.specs.mapping import Examples, Mapping
from hub.specs.sample import Sample
from hub.specs.schedule import Schedule
from tests.docs.pages import PAGES, blocks, name

KINDS = {
    "connector": Connector,
    "exchange": Mapping,
    "layout": Layout,
    "schedule": Schedule,
    "operation": Sample,
    "examples": Examples,
}
OF_CONNECTOR = ("authentication", "answers", "instances")
CONNECTOR = "connector: shown\ntitle: Shown\nprotocol: rest\ncontract: shown.yaml\noperations: {}\n"
PART = "exchange: shown\ntitle: Shown\nsector: social\nkey: id\n"
REST = {"between": "between: {}\n", "fields": "fields: {}\n", "expects": ""}
"""What a page leaves out that shows the rows, or the sides, of a mapping only."""
SHOWN = [
    pytest.param(text, id=f"{name(page)}-{number}") for page in PAGES for number, text in enumerate(blocks(page, "yaml"))
]


@pytest.mark.parametrize("text", SHOWN)
def test_a_file_that_is_shown_fits_its_spec(text: str, tmp_path: Path) -> None:
    first = next(iter(yaml.load(text, yaml.BaseLoader)))
    if first in REST:
        first, text = "exchange", PART + text + "".join(line for key, line in REST.items() if key != first)
    if first in OF_CONNECTOR:
        given = yaml.load(text, yaml.BaseLoader)
        first, text = "connector", CONNECTOR + text + ("" if "instances" in given else "instances: {}\n")
    file = tmp_path / "shown.yaml"
    file.write_text(text, encoding="utf-8")

    assert first in KINDS, f"a block that begins with {first} is none of: {', '.join(KINDS)}"
    load(file, KINDS[first], shown="shown.yaml")
