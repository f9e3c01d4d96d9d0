"""The targets by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.fuzz.intake import json_intake, xml_intake
from tests.fuzz.mapping_engine import mapping_engine
from tests.fuzz.signatures import signatures
from tests.fuzz.soap_answers import soap_answers
from tests.fuzz.target import Take
from tests.fuzz.yaml_files import yaml_files

TARGETS: Mapping[str, Callable[[], Take]] = {
    "xml": xml_intake,
    "json": json_intake,
    "soap": soap_answers,
    "mapping": mapping_engine,
    "yaml": yaml_files,
    "signatures": signatures,
}
